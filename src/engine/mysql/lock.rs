//! The session lock: known on the working session, so that a statement that outlives its client keeps it.
//!
//! Source: MySQL 8.0 Reference Manual, 14.14 Locking Functions: names are server-global, at most
//! 64 characters and case-insensitive; the lock ends with its session.

use super::{Mysql, proxy, session, survey};
use crate::{
    engine::{LockRequest, Progress, one_line},
    outcome::{Exit, Failure},
    target::Target,
};
use anyhow::Result;
use mysql_async::Row;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// How often a known lock is asked for again.
const POLL: Duration = Duration::from_millis(250);

/// How long a session that holds the lock may be idle, beside its wait for the other lock.
const IDLE: Duration = Duration::from_secs(600);

/// The most seconds that `wait_timeout` takes.
const MOST: u64 = 31_536_000;

/// The lock's name for a database: its own where that is short and lower case, else a hash of it,
/// because two environments on one server must not block each other.
pub fn name(database: &str) -> String {
    let plain = database.len() <= 48
        && database
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain {
        return format!("sgmp-db:{database}");
    }
    let hash = Sha256::digest(database.as_bytes());
    let hex: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sgmp-db:#{hex}")
}

/// Takes the lock, or says who has it.
pub async fn take(mysql: &mut Mysql, request: &LockRequest<'_>) -> Result<()> {
    let name = session::text(&name(&mysql.endpoint.database));
    let get = format!("SELECT GET_LOCK({name}, 0)");
    let owner =
        format!("SELECT CONNECTION_ID(), IS_USED_LOCK({name}), @@SESSION.transaction_read_only");
    // The view of the same name in information_schema fails (3854) while anybody runs a statement
    // with a character of four bytes.
    let holder = format!(
        "SELECT ID, USER, HOST, TIME, COALESCE(LEFT(INFO, 120), '') FROM performance_schema.processlist WHERE ID = IS_USED_LOCK({name})"
    );
    let limits = limits(request.wait);
    refuse_proxies(mysql).await?;
    let begun = Instant::now();
    let mut told = false;
    loop {
        let sets = mysql.packet(&[&limits, &get, &owner]).await?;
        if number(&sets[2], 2) == Some(1) {
            return Err(survey::read_only_by_default(&mysql.endpoint.user).into());
        }
        if number(&sets[1], 0) == Some(1) {
            return prove(mysql, &sets[2]);
        }
        // Whoever may not see others' sessions still has the number.
        let seen = mysql.packet(&[&holder]).await;
        let rows = seen.ok().and_then(|sets| sets.into_iter().next());
        let who = describe(&sets[2], &rows.unwrap_or_default());
        if begun.elapsed() >= request.wait || request.stop.soon() {
            return Err(not_free(&who, begun.elapsed()));
        }
        if !told {
            (request.progress)(Progress::Waiting(&who));
            told = true;
        }
        tokio::time::sleep(POLL.min(request.wait.saturating_sub(begun.elapsed()))).await;
    }
}

/// How long the server keeps a silent session, which may be one whose client is gone. MySQL cannot
/// be told to probe its clients (its keepalives are the kernel's, two hours by default), and by its
/// own default keeps an idle session for eight. Ours is idle while it waits for the other database's
/// lock, so that is added. A statement that runs is not idle.
/// Source: MySQL 8.0 Reference Manual, 7.1.8: `wait_timeout`, `net_read_timeout`, `net_write_timeout`,
/// all in seconds.
fn limits(lock_wait: Duration) -> String {
    let idle = lock_wait.saturating_add(IDLE).as_secs().min(MOST);
    format!(
        "SET SESSION wait_timeout = {idle}, SESSION net_read_timeout = 60, SESSION net_write_timeout = 60"
    )
}

/// Before anything is known or set. The first packet finds a proxy.
async fn refuse_proxies(mysql: &mut Mysql) -> Result<()> {
    if mysql.session().await?.is_fresh() {
        mysql.packet(&["DO 0"]).await?;
    }
    match proxy::refusal(mysql) {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

/// A pooler may run the next statement on another session; then the lock protects nothing.
fn prove(mysql: &Mysql, owner: &[Row]) -> Result<()> {
    let (connection, holder) = (number(owner, 0), number(owner, 1));
    let handshake = mysql.conn.as_ref().map(|conn| i64::from(conn.id()));
    if connection.is_some() && connection == holder && connection == handshake {
        return Ok(());
    }
    Err(Failure::failed(
        "the lock was granted to another session: a connection pooler or proxy stands between here and the server",
    )
    .on(Target::Mysql)
    .remedy("connect to the server itself: --mysql-host and --mysql-port of the instance, not of the proxy")
    .into())
}

fn number(rows: &[Row], column: usize) -> Option<i64> {
    rows.first()?.get_opt::<Option<i64>, _>(column)?.ok()?
}

fn describe(owner: &[Row], holder: &[Row]) -> String {
    match holder
        .first()
        .map(|row| mysql_async::from_row_opt(row.clone()))
    {
        Some(Ok((id, user, host, seconds, info))) => {
            let (id, user, host, seconds, info): (u64, String, String, i64, String) =
                (id, user, host, seconds, info);
            let info = one_line(&info);
            let doing = if info.is_empty() {
                String::new()
            } else {
                format!(", running: {info}")
            };
            format!("connection {id} ({user} from {host}, {seconds} s in its present state{doing})")
        }
        _ => match number(owner, 1) {
            Some(id) => format!("connection {id} (its details need the PROCESS privilege)"),
            None => "a session that has just ended".to_owned(),
        },
    }
}

fn not_free(who: &str, waited: Duration) -> anyhow::Error {
    Failure::new(
        Exit::Lock,
        format!(
            "the lock was not free within {} s: held by {who}; nothing was changed",
            waited.as_secs()
        ),
    )
    .on(Target::Mysql)
    .remedy("see how far the other run is: sgmp-db status --only mysql; wait for its end and type the same command again, or give it longer: --lock-wait 10m")
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_names_differ_by_database_and_fit_the_server_limit() {
        assert_eq!(name("sgmp"), "sgmp-db:sgmp");
        assert_ne!(name("SGMP"), name("sgmp"));
        assert_ne!(name("SGMP").to_lowercase(), name("Sgmp").to_lowercase());
        assert!(name(&"x".repeat(64)).len() <= 64);
    }
}
