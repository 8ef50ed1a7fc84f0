//! The session lock: taken on the working session, so that a statement that outlives its client keeps it.
//!
//! Advisory locks are per database in PostgreSQL (documentation, 13.3.5), so one key serves all.
//! The lock is polled: a session that blocks in `pg_advisory_lock` holds a snapshot, and CREATE
//! INDEX CONCURRENTLY of the holder would wait for it: a deadlock.

use super::{Timescale, pooler, session, survey};
use crate::{
    connect::PgClient,
    engine::{LockRequest, Progress, one_line},
    outcome::{Exit, Failure},
    target::Target,
};
use anyhow::Result;
use std::time::{Duration, Instant};
use tokio_postgres::SimpleQueryRow;

/// How often a taken lock is asked for again.
const POLL: Duration = Duration::from_millis(250);

/// `sgmp-db` as a number, in the two halves that pg_locks shows (classid, objid).
const KEY: (u32, u32) = (0x7367_6d70, 0x0000_6462);

/// The key as the one bigint that the lock functions take.
pub fn key() -> i64 {
    (i64::from(KEY.0) << 32) | i64::from(KEY.1)
}

/// Does this session hold the lock? A boolean expression.
pub fn held() -> String {
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted \
         AND classid = {} AND objid = {} AND objsubid = 1 AND pid = pg_catalog.pg_backend_pid() \
         AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))",
        KEY.0, KEY.1
    )
}

/// Does this session hold the lock? A boolean expression for a record, which must cost nothing next
/// to `held`, and so lets go of one of the two levels that `take` has taken and takes it again:
/// nobody else can have the lock in between, and only a session that has it may let go of it.
/// Source: PostgreSQL documentation, 9.28.10 Advisory Lock Functions.
pub fn proven() -> String {
    let key = key();
    format!(
        "CASE WHEN pg_catalog.pg_advisory_unlock({key}) \
         THEN pg_catalog.pg_try_advisory_lock({key}) ELSE false END"
    )
}

/// Who holds the lock of this database? A query; no row where nobody does.
pub fn holder() -> String {
    format!(
        "SELECT l.pid, a.usename, COALESCE(host(a.client_addr), 'local'), a.application_name, \
         a.backend_start::timestamp(0)::text, a.state, left(a.query, 120) \
         FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid) \
         WHERE l.locktype = 'advisory' AND l.granted AND l.classid = {} AND l.objid = {} AND l.objsubid = 1 \
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())",
        KEY.0, KEY.1
    )
}

/// Takes the lock, or says who has it.
pub async fn take(timescale: &mut Timescale, request: &LockRequest<'_>) -> Result<()> {
    pooler::keep(timescale).await?;
    // A login that writes nothing by default takes no lock.
    let get = format!(
        "SELECT CASE pg_catalog.current_setting('default_transaction_read_only') \
         WHEN 'off' THEN pg_catalog.pg_try_advisory_lock({}) END, {}",
        key(),
        survey::READ_ONLY_SOURCE
    );
    let begun = Instant::now();
    let mut told = false;
    loop {
        let client = timescale.client().await?;
        let got = ask(client, &get).await?;
        if let Some(source) = got.first().and_then(|row| session::optional(row, 1)) {
            return Err(survey::read_only_by_default(timescale, source).into());
        }
        if got
            .first()
            .is_some_and(|row| session::column(row, 0) == "t")
        {
            return prove(client).await;
        }
        let who = describe(&ask(client, &holder()).await?);
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

/// A pooler may run the next statement on another session; then the lock protects nothing. Takes
/// the second level for `proven`.
async fn prove(client: &PgClient) -> Result<()> {
    let twice = format!(
        "SELECT CASE WHEN {} THEN pg_catalog.pg_try_advisory_lock({}) END",
        held(),
        key()
    );
    let rows = ask(client, &twice).await?;
    if rows
        .first()
        .is_some_and(|row| session::column(row, 0) == "t")
    {
        return Ok(());
    }
    Err(Failure::failed(
        "the lock was granted to another session: a connection pooler stands between here and the server",
    )
    .on(Target::Timescale)
    .remedy("connect to the server itself: --timescale-host and --timescale-port of PostgreSQL, not of the pooler")
    .into())
}

async fn ask(client: &PgClient, sql: &str) -> Result<Vec<SimpleQueryRow>> {
    session::rows(client, sql).await.map_err(|error| {
        Failure::failed(session::words(&error))
            .on(Target::Timescale)
            .into()
    })
}

fn describe(holder: &[SimpleQueryRow]) -> String {
    let Some(row) = holder.first() else {
        return "a session that has just ended".to_owned();
    };
    let column = |index| session::column(row, index);
    if column(1).is_empty() {
        return format!("backend {} (its details need pg_read_all_stats)", column(0));
    }
    format!(
        "backend {} ({} from {}, {}, since {}, {}, running: {})",
        column(0),
        column(1),
        column(2),
        column(3),
        column(4),
        column(5),
        one_line(column(6))
    )
}

fn not_free(who: &str, waited: Duration) -> anyhow::Error {
    Failure::new(
        Exit::Lock,
        format!(
            "the lock was not free within {} s: held by {who}; nothing was changed",
            waited.as_secs()
        ),
    )
    .on(Target::Timescale)
    .remedy("see how far the other run is: sgmp-db status --only timescale; wait for its end and type the same command again, or give it longer: --lock-wait 10m")
    .into()
}
