//! Running one script on MySQL, where every DDL statement commits by itself.
//!
//! Each statement goes in a packet of its own together with its journal row: a killed client's
//! packet runs to its end on the server, so a packet must never hold two statements of a script.

use super::{Mysql, lock, record, session, session::PacketError};
use crate::{
    engine::{Direction, Done, EntryState, Event, Progress, StepFailure, Work},
    sql::{Commits, Dialect, classify},
};
use std::time::{Duration, Instant};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What every script finds, whatever the server's or the login's settings are.
/// Source of the sql_mode: the defaults of MySQL 8.0, 5.1.11 Server SQL Modes.
const PINNED: &str = "SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,\
     NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', \
     autocommit = 1, foreign_key_checks = 1, unique_checks = 1, sql_safe_updates = 0, \
     sql_quote_show_create = 1, explicit_defaults_for_timestamp = 1, \
     default_storage_engine = 'InnoDB', transaction_isolation = 'REPEATABLE-READ'";

/// A script under way.
struct Run<'a> {
    work: &'a Work<'a>,
    entry: i64,
    begun: Instant,
    done: usize,
}

/// Runs the script from `work.from` on and records every step.
pub async fn run(
    mysql: &mut Mysql,
    work: &Work<'_>,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Done, StepFailure> {
    let begun = Instant::now();
    let entry = begin(mysql, work, begun).await?;
    let mut run = Run {
        work,
        entry,
        begun,
        done: work.from,
    };
    for index in work.from..work.statements.len() {
        if work.stop.now() {
            return Err(run.stopped(mysql).await);
        }
        if let Err(failed) = run.statement(mysql, index).await {
            return Err(run.failed(mysql, Some(index), failed).await);
        }
        run.done = index + 1;
        progress(Progress::Statements(run.done));
    }
    match run.finish(mysql).await {
        Ok(()) => Ok(Done {
            duration: begun.elapsed(),
        }),
        Err(failed) => Err(run.failed(mysql, None, failed).await),
    }
}

/// Pins the session and opens the ledger entry: one turn.
async fn begin(mysql: &mut Mysql, work: &Work<'_>, begun: Instant) -> Result<i64, StepFailure> {
    let lock = session::text(&lock::name(&mysql.endpoint.database));
    let event = match work.direction {
        Direction::Apply => Event::Apply,
        Direction::Revert => Event::Revert,
    };
    let seconds = work.lock_timeout.as_secs().max(1);
    let waits =
        format!("SET SESSION lock_wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}");
    let open = record::open_entry(work, event, &lock);
    let statements = [
        "SET NAMES utf8mb4",
        PINNED,
        &waits,
        &open,
        "SELECT ROW_COUNT(), LAST_INSERT_ID()",
    ];
    let failure = |message: String, connection_lost| StepFailure {
        statement: None,
        place: None,
        message,
        done: work.from,
        in_doubt: false,
        connection_lost,
        stopped: false,
        worth_retrying: false,
        duration: begun.elapsed(),
    };
    let Some(conn) = mysql.conn.as_mut() else {
        return Err(failure("there is no session".to_owned(), true));
    };
    let sets = session::packet(conn, &statements).await.map_err(|failed| {
        failure(
            session::words(&failed.error),
            session::is_lost(&failed.error),
        )
    })?;
    match sets[4]
        .first()
        .map(|row| mysql_async::from_row_opt::<(i64, i64)>(row.clone()))
    {
        Some(Ok((1, id))) => Ok(id),
        _ => Err(failure(
            "this session no longer holds the lock".to_owned(),
            true,
        )),
    }
}

impl Run<'_> {
    /// One statement with its journal row, in one packet.
    async fn statement(&self, mysql: &mut Mysql, index: usize) -> Result<(), PacketError> {
        let text = self.work.statements[index].text;
        let (id, done) = (self.entry, index);
        let before = |done: usize, in_flight: &str| {
            format!(
                "UPDATE sgmp_db_ledger SET statements_done = {done}, in_flight = {in_flight} WHERE id = {id}"
            )
        };
        match classify(Dialect::Mysql, text).commits {
            // The journal row and the data commit together or not at all.
            Commits::Transactional => {
                let after = before(done + 1, "NULL");
                self.send(mysql, &["START TRANSACTION", &after, text, "COMMIT"])
                    .await
            }
            Commits::Session => self.send(mysql, &[&before(done, "NULL"), text]).await,
            Commits::ImplicitCommit | Commits::Control => {
                let journal = before(done, &(done + 1).to_string());
                self.send(mysql, &[&journal, text]).await
            }
        }
    }

    /// History row and ledger entry in one transaction.
    async fn finish(&self, mysql: &mut Mysql) -> Result<(), PacketError> {
        let work = self.work;
        let history = match work.direction {
            Direction::Apply => format!(
                "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES ({}, {}, {}, '{}')",
                work.version,
                session::text(work.name),
                session::text(&now()),
                work.refinery_checksum
            ),
            Direction::Revert => {
                format!(
                    "DELETE FROM refinery_schema_history WHERE version = {}",
                    work.version
                )
            }
        };
        let close = record::close_entry(
            self.entry,
            EntryState::Done,
            self.done,
            self.elapsed_ms(),
            None,
        );
        self.send(mysql, &["START TRANSACTION", &history, &close, "COMMIT"])
            .await
    }

    async fn send(&self, mysql: &mut Mysql, statements: &[&str]) -> Result<(), PacketError> {
        let Some(conn) = mysql.conn.as_mut() else {
            let closed = mysql_async::DriverError::ConnectionClosed;
            return Err(PacketError {
                error: closed.into(),
            });
        };
        session::packet(conn, statements).await.map(|_| ())
    }

    /// Records the failure where that is still possible, and tells it.
    async fn failed(
        &self,
        mysql: &mut Mysql,
        statement: Option<usize>,
        failed: PacketError,
    ) -> StepFailure {
        let code = session::code(&failed.error);
        let stopped = self.work.stop.now() && code == Some(1317);
        let mut message = session::words(&failed.error);
        let mut lost = session::is_lost(&failed.error);
        if !lost {
            let state = if stopped {
                EntryState::Stopped
            } else {
                EntryState::Failed
            };
            if let Err(unrecorded) = self.close(mysql, state, &message).await {
                lost = lost || session::is_lost(&unrecorded.error);
                message = format!(
                    "{message}; and the ledger could not be written: {}",
                    session::words(&unrecorded.error)
                );
            }
        }
        StepFailure {
            statement,
            place: session::place(&failed.error),
            message,
            done: self.done,
            in_doubt: session::is_lost(&failed.error),
            connection_lost: lost,
            stopped,
            // 1205 lock wait timeout (also on metadata locks), 1213 deadlock.
            worth_retrying: matches!(code, Some(1205 | 1213)),
            duration: self.begun.elapsed(),
        }
    }

    /// Somebody asked to stop between two statements.
    async fn stopped(&self, mysql: &mut Mysql) -> StepFailure {
        let message = "stopped between two statements".to_owned();
        let closed = self.close(mysql, EntryState::Stopped, &message).await;
        StepFailure {
            statement: None,
            place: None,
            message,
            done: self.done,
            in_doubt: false,
            connection_lost: closed.is_err_and(|failed| session::is_lost(&failed.error)),
            stopped: true,
            worth_retrying: false,
            duration: self.begun.elapsed(),
        }
    }

    /// Ends an open transaction and closes the entry.
    async fn close(
        &self,
        mysql: &mut Mysql,
        state: EntryState,
        message: &str,
    ) -> Result<(), PacketError> {
        let close = record::close_entry(
            self.entry,
            state,
            self.done,
            self.elapsed_ms(),
            Some(message),
        );
        self.send(mysql, &["ROLLBACK", &close]).await
    }

    fn elapsed_ms(&self) -> u128 {
        self.begun
            .elapsed()
            .max(Duration::from_millis(1))
            .as_millis()
    }
}

/// The time as refinery writes it.
fn now() -> String {
    OffsetDateTime::now_utc()
        .format(&Rfc3339)
        .unwrap_or_default()
}
