//! What does PostgreSQL say that the session which holds the lock is doing?
//!
//! Sources: PostgreSQL documentation, 27.2.3 pg_stat_activity (wait events), 27.4 Progress Reporting (the views that
//! are read here exist from 13 on, with these columns), 9.27.1 pg_blocking_pids.

use super::{lock, session};
use crate::{
    config::Endpoint,
    connect::{self, ConnectOptions, PgClient as Client},
    engine::{Activity, Watcher, one_line},
    outcome::Failure,
    target::Target,
};
use anyhow::Result;
use async_trait::async_trait;
use tokio_postgres::SimpleQueryRow;

/// Asks PostgreSQL.
pub struct TimescaleWatcher {
    endpoint: Endpoint,
    options: ConnectOptions,
}

impl TimescaleWatcher {
    /// For the session that holds this database's lock.
    pub fn new(endpoint: &Endpoint, options: &ConnectOptions) -> TimescaleWatcher {
        let mut options = options.clone();
        options.wait = None;
        TimescaleWatcher {
            endpoint: endpoint.clone(),
            options,
        }
    }
}

#[async_trait(?Send)]
impl Watcher for TimescaleWatcher {
    async fn look(&self, _: Option<&str>) -> Result<Activity> {
        let session = connect::timescale(&self.endpoint, &self.options).await?;
        let seen = look(&session.client).await;
        session.close().await?;
        seen
    }
}

/// One answer: the state, who is in the way, and how far a command is that counts its work.
fn query() -> String {
    let progress = |view: &str, done: &str, total: &str| {
        format!(
            "SELECT format('%s, %s of %s blocks', phase, {done}, {total}) FROM pg_catalog.{view} WHERE pid = h.pid"
        )
    };
    let progresses = [
        progress(
            "pg_stat_progress_create_index",
            "blocks_done",
            "blocks_total",
        ),
        progress(
            "pg_stat_progress_cluster",
            "heap_blks_scanned",
            "heap_blks_total",
        ),
        progress(
            "pg_stat_progress_vacuum",
            "heap_blks_scanned",
            "heap_blks_total",
        ),
        progress(
            "pg_stat_progress_analyze",
            "sample_blks_scanned",
            "sample_blks_total",
        ),
    ];
    format!(
        "SELECT a.state, a.wait_event_type, a.wait_event, \
         floor(extract(epoch FROM pg_catalog.clock_timestamp() - a.query_start))::int, \
         (SELECT string_agg(format('backend %s (%s from %s, %s: %s)', b.pid, b.usename, \
          COALESCE(host(b.client_addr), 'local'), b.state, left(b.query, 80)), '; ') \
          FROM pg_catalog.pg_stat_activity b WHERE b.pid = ANY (pg_catalog.pg_blocking_pids(h.pid))), \
         (SELECT string_agg(p.said, '; ') FROM ({}) AS p (said)) \
         FROM ({}) AS h LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid LIMIT 1",
        progresses.join(" UNION ALL "),
        lock::holder(),
    )
}

async fn look(client: &Client) -> Result<Activity> {
    let rows = session::rows(client, &query())
        .await
        .map_err(|error| Failure::failed(session::words(&error)).on(Target::Timescale))?;
    Ok(rows.first().map_or_else(Activity::gone, activity))
}

fn activity(row: &SimpleQueryRow) -> Activity {
    let column = |index| session::optional(row, index);
    let (kind, event) = (column(1).unwrap_or_default(), column(2).unwrap_or_default());
    let waits = match (kind, event) {
        ("", _) => "it works and waits for nothing".to_owned(),
        ("Lock", event) => format!("it waits for a lock ({event})"),
        (kind, event) => format!("it waits for {kind} {event}"),
    };
    let seconds = column(3).unwrap_or("0");
    let progress = column(5).map(|said| format!(", {}", one_line(said)));
    Activity {
        doing: format!("{waits} (for {seconds} s{})", progress.unwrap_or_default()),
        blockers: column(4).map(|who| format!("held by {}", one_line(who))),
        stopped: (event == "SyncRep").then_some(
            "a synchronous standby does not confirm: look at the standbys, or at synchronous_standby_names",
        ),
    }
}
