//! Who holds the tables that a statement waited for?

use super::session;
use crate::connect::PgClient as Client;
use crate::engine::one_line;
use crate::sql::{Dialect, TokenKind, tokens};
use std::collections::BTreeSet;

/// In words, to stand behind a lock timeout's message. Asked after the rollback.
pub async fn blockers(client: &Client, statement: &str) -> String {
    let names: BTreeSet<String> = tokens(Dialect::Postgres, statement)
        .iter()
        .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted))
        .map(|token| session::text(&token.name(Dialect::Postgres)))
        .take(200)
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    let query = format!(
        "SELECT DISTINCT a.pid, a.usename, COALESCE(host(a.client_addr), 'local'), a.state, \
         a.xact_start::timestamp(0)::text, left(a.query, 120) \
         FROM pg_catalog.pg_locks l \
         JOIN pg_catalog.pg_class c ON c.oid = l.relation \
         JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_catalog.pg_backend_pid() \
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
         AND c.relname = ANY (ARRAY[{}]) \
         ORDER BY 5, 1 LIMIT 5",
        names.join(", ")
    );
    let rows = match session::rows(client, &query).await {
        Ok(rows) => rows,
        Err(error) => return format!("who holds it cannot be seen: {}", session::words(&error)),
    };
    let holders: Vec<String> = rows
        .iter()
        .map(|row| {
            let column = |index| session::column(row, index);
            format!(
                "backend {} ({} from {}, {}, in a transaction since {}, last statement: {})",
                column(0),
                column(1),
                column(2),
                column(3),
                column(4),
                one_line(column(5))
            )
        })
        .collect();
    match holders.as_slice() {
        [] => "whoever held it has let go".to_owned(),
        holders => format!("held by {}", holders.join("; ")),
    }
}
