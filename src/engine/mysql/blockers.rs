//! Who holds the tables that a statement waited for?
//!
//! Source: MySQL 8.0 Reference Manual, 29.12.13.3 The metadata_locks Table.

use super::session;
use crate::engine::one_line;
use crate::sql::{Dialect, TokenKind, tokens};
use mysql_async::{Conn, Row};
use std::collections::BTreeSet;

/// In words, to stand behind a lock timeout's message. Every transaction that touched a table holds
/// its metadata lock, so this names those that hold rows too.
pub async fn blockers(conn: &mut Conn, statement: &str) -> String {
    let names: BTreeSet<String> = tokens(Dialect::Mysql, statement)
        .iter()
        .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted))
        .map(|token| session::text(&token.name(Dialect::Mysql)))
        .take(200)
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    let query = format!(
        "SELECT t.PROCESSLIST_ID, COALESCE(t.PROCESSLIST_USER, ''), COALESCE(t.PROCESSLIST_HOST, ''), \
         COALESCE(t.PROCESSLIST_TIME, 0), COALESCE(LEFT(MAX(s.SQL_TEXT), 120), '') \
         FROM performance_schema.metadata_locks m \
         JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID \
         LEFT JOIN performance_schema.events_statements_current s ON s.THREAD_ID = t.THREAD_ID \
         WHERE m.OBJECT_TYPE = 'TABLE' AND m.OBJECT_SCHEMA = DATABASE() AND m.LOCK_STATUS = 'GRANTED' \
         AND m.OBJECT_NAME IN ({}) AND t.PROCESSLIST_ID <> CONNECTION_ID() \
         GROUP BY t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, t.PROCESSLIST_TIME \
         ORDER BY t.PROCESSLIST_TIME DESC, t.PROCESSLIST_ID LIMIT 5",
        names.join(", ")
    );
    match session::packet(conn, &[&query]).await {
        Ok(sets) => named(&sets[0]),
        Err(failed) => format!(
            "who holds it cannot be seen: {}",
            session::words(&failed.error)
        ),
    }
}

fn named(rows: &[Row]) -> String {
    let holders: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let (id, user, host, seconds, last): (u64, String, String, i64, String) =
                mysql_async::from_row_opt(row.clone()).ok()?;
            let last = one_line(&last);
            Some(format!(
                "connection {id} ({user} from {host}, {seconds} s in its present state, last statement: {last})"
            ))
        })
        .collect();
    match holders.as_slice() {
        [] => "whoever held it has let go".to_owned(),
        holders => format!("held by {}", holders.join("; ")),
    }
}
