//! What does MySQL say that the session which holds the lock is doing?
//!
//! Sources: MySQL 8.0 Reference Manual, 10.14.3 General Thread States; B.3.4.3 How MySQL Handles a Full Disk (a write
//! waits for room, and the error log is told every ten minutes); 29.12.5 Stage Event Tables; 29.12.13.1 data_locks.

use super::{blockers, lock, session};
use crate::{
    config::Endpoint,
    connect::{self, ConnectOptions},
    engine::{Activity, Watcher, one_line},
    outcome::Failure,
    target::Target,
};
use anyhow::{Context, Result};
use async_trait::async_trait;
use mysql_async::{Conn, Row};

/// Asks MySQL.
pub struct MysqlWatcher {
    endpoint: Endpoint,
    options: ConnectOptions,
}

impl MysqlWatcher {
    /// For the session that holds this database's lock.
    pub fn new(endpoint: &Endpoint, options: &ConnectOptions) -> MysqlWatcher {
        let mut options = options.clone();
        options.wait = None;
        MysqlWatcher {
            endpoint: endpoint.clone(),
            options,
        }
    }
}

/// A commit that waits this long, in seconds, waits for something that does not come by itself.
const SLOW_COMMIT: i64 = 20;

#[async_trait(?Send)]
impl Watcher for MysqlWatcher {
    async fn look(&self, statement: Option<&str>) -> Result<Activity> {
        let mut conn = connect::mysql(&self.endpoint, &self.options).await?;
        let seen = match session::settled(&mut conn, &[]).await {
            Ok(_) => look(&mut conn, &self.endpoint.database, statement).await,
            Err(failed) => Err(session::failure(&failed.error).into()),
        };
        conn.disconnect()
            .await
            .context("ending the second MySQL session")?;
        seen
    }
}

async fn look(conn: &mut Conn, database: &str, statement: Option<&str>) -> Result<Activity> {
    let name = session::text(&lock::name(database));
    // Needs no privilege for a thread of the same account.
    let process = format!(
        "SELECT ID, COALESCE(STATE, ''), COALESCE(TIME, 0) FROM performance_schema.processlist \
         WHERE ID = IS_USED_LOCK({name})"
    );
    let rows = session::packet(conn, &[&process])
        .await
        .map_err(|failed| Failure::failed(session::words(&failed.error)).on(Target::Mysql))?;
    let Some((id, state, seconds)) = rows[0].first().and_then(process_of) else {
        return Ok(Activity::gone());
    };
    let mut activity = Activity {
        doing: doing(&state, seconds),
        blockers: None,
        stopped: stopped(&state, seconds),
    };
    if let Some(stage) = more(conn, &stage(id)).await {
        activity.doing.push_str(&format!(" ({stage})"));
    }
    activity.blockers = match (state.starts_with("Waiting for"), statement) {
        (true, Some(statement)) => Some(blockers::blockers(conn, statement).await),
        _ => more(conn, &row_lock_holders(id))
            .await
            .map(|holders| format!("rows are locked by {holders}")),
    };
    Ok(activity)
}

fn process_of(row: &Row) -> Option<(u64, String, i64)> {
    mysql_async::from_row_opt(row.clone()).ok()
}

fn doing(state: &str, seconds: i64) -> String {
    match state {
        "" => format!("no state (for {seconds} s)"),
        state => format!("`{}` (for {seconds} s)", one_line(state)),
    }
}

/// States in which the server itself has stopped.
fn stopped(state: &str, seconds: i64) -> Option<&'static str> {
    let state = state.to_ascii_lowercase();
    let commits = [
        "waiting for handler commit",
        "waiting for binlog",
        "starting",
    ];
    if state.contains("space") {
        return Some("its disk is full: make room on the server, and it goes on by itself");
    }
    if state.contains("semi-sync") || state.contains("ack from replica") {
        return Some(
            "it waits for a replica to confirm: look at the replicas, or switch semi-synchronous replication off",
        );
    }
    let slow = seconds >= SLOW_COMMIT && commits.iter().any(|one| state.starts_with(one));
    slow.then_some(
        "the server does not get its commit onto the disk: look for a full or broken disk there (its error log says which); it goes on by itself when there is room",
    )
}

/// Work done and estimated of the stage under way, where the server counts it (by default it does for ALTER TABLE
/// only, and only while the consumer `events_stages_current` is on).
fn stage(id: u64) -> String {
    format!(
        "SELECT CONCAT(SUBSTRING_INDEX(s.EVENT_NAME, '/', -1), ' ', \
         ROUND(100 * s.WORK_COMPLETED / NULLIF(s.WORK_ESTIMATED, 0)), ' %') \
         FROM performance_schema.events_stages_current s \
         JOIN performance_schema.threads t ON t.THREAD_ID = s.THREAD_ID WHERE t.PROCESSLIST_ID = {id}"
    )
}

fn row_lock_holders(id: u64) -> String {
    format!(
        "SELECT GROUP_CONCAT(DISTINCT CONCAT('connection ', b.PROCESSLIST_ID, ' (', COALESCE(b.PROCESSLIST_USER, ''), \
         ' from ', COALESCE(b.PROCESSLIST_HOST, ''), ')') SEPARATOR ', ') \
         FROM performance_schema.data_lock_waits w \
         JOIN performance_schema.threads r ON r.THREAD_ID = w.REQUESTING_THREAD_ID \
         JOIN performance_schema.threads b ON b.THREAD_ID = w.BLOCKING_THREAD_ID WHERE r.PROCESSLIST_ID = {id}"
    )
}

/// One text more, where this login may read it: what it may not is only less to tell.
async fn more(conn: &mut Conn, query: &str) -> Option<String> {
    let sets = session::packet(conn, &[query]).await.ok()?;
    let text = sets[0].first()?.get_opt::<Option<String>, _>(0)?.ok()??;
    Some(one_line(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_has_stopped_is_told_from_one_that_works() {
        assert!(stopped("waiting for handler commit", 25).is_some());
        assert_eq!(stopped("waiting for handler commit", 2), None);
        assert_eq!(stopped("altering table", 4000), None);
        assert!(stopped("Waiting for semi-sync ACK from replica", 1).is_some());
    }
}
