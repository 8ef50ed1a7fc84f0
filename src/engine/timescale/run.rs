//! Running one script on PostgreSQL: in one transaction with its record, or statement by statement.
//!
//! An atomic script goes out as one pipeline of single statements, `BEGIN` to `COMMIT`: one turn,
//! and still each statement has its own answer. After a failure the server refuses the rest of
//! the pipeline, and its `COMMIT` of a failed transaction is a rollback.

use super::{Timescale, lock, record, session};
use crate::engine::{Direction, Done, EntryState, Event, Progress, StepFailure, Work};
use futures_util::{StreamExt, stream::FuturesOrdered};
use std::time::{Duration, Instant};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio_postgres::{Client, Error, error::SqlState};

/// How many statements are under way in one pipeline; bounds what both sides keep in memory.
const PIPELINE: usize = 256;

/// A script under way.
struct Run<'a> {
    work: &'a Work<'a>,
    client: &'a Client,
    begun: Instant,
}

/// Runs the script from `work.from` on and records it.
pub async fn run(
    timescale: &mut Timescale,
    work: &Work<'_>,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Done, StepFailure> {
    let begun = Instant::now();
    let Some(open) = &timescale.session else {
        return Err(StepFailure {
            statement: None,
            place: None,
            message: "there is no session".to_owned(),
            done: work.from,
            in_doubt: false,
            connection_lost: true,
            stopped: false,
            worth_retrying: false,
            duration: begun.elapsed(),
        });
    };
    let run = Run {
        work,
        client: &open.client,
        begun,
    };
    if work.atomic {
        run.atomic(progress).await
    } else {
        run.singly(progress).await
    }
}

impl Run<'_> {
    /// One transaction around script, history row and ledger entry.
    async fn atomic(&self, progress: &dyn Fn(Progress<'_>)) -> Result<Done, StepFailure> {
        let pinned = self.pinned();
        let first = ["BEGIN", pinned.as_str()];
        let texts = self.work.statements.iter().map(|statement| statement.text);
        let open = record::open_entry(self.work, self.event(), EntryState::Running);
        let history = self.history();
        let head = first.into_iter().chain(texts);
        let lead = first.len();
        if let Err((index, error)) = self
            .pipeline(head, |sent| {
                progress(Progress::Statements(sent.saturating_sub(lead)));
            })
            .await
        {
            let statement = index.checked_sub(lead).filter(|_| !lost(&error));
            return Err(self.failed(statement, &error, 0, Some("ROLLBACK")).await);
        }
        // The duration is known only now, so the record is a second turn; it is the last one.
        let close = record::close_entry(
            None,
            EntryState::Done,
            self.work.statements.len(),
            self.elapsed_ms(),
            None,
        );
        let guard = format!(
            "DO $$ BEGIN IF NOT {} THEN RAISE 'this session no longer holds the lock'; END IF; END $$",
            lock::held()
        );
        let tail = [
            guard.as_str(),
            open.as_str(),
            close.as_str(),
            history.as_str(),
            "COMMIT",
        ];
        match self.pipeline(tail.into_iter(), |_| {}).await {
            Ok(()) => Ok(Done {
                duration: self.begun.elapsed(),
            }),
            Err((_, error)) => Err(self.failed(None, &error, 0, Some("ROLLBACK")).await),
        }
    }

    /// Statement by statement, each journalled before and after.
    async fn singly(&self, progress: &dyn Fn(Progress<'_>)) -> Result<Done, StepFailure> {
        let from = self.work.from;
        let pinned = self.pinned();
        let open = record::open_entry(self.work, self.event(), EntryState::Running);
        let rows = match session::rows(self.client, &format!("{pinned}; {open}")).await {
            Ok(rows) => rows,
            Err(error) => return Err(self.failed(None, &error, from, None).await),
        };
        let id = rows
            .iter()
            .rev()
            .find_map(|row| session::column(row, 0).parse::<i64>().ok());
        for (index, statement) in self.work.statements.iter().enumerate().skip(from) {
            if self.work.stop.now() {
                return Err(self.stopped(id, index).await);
            }
            let journal = format!(
                "UPDATE public.sgmp_db_ledger SET statements_done = {index}, in_flight = {} WHERE id = {}",
                index + 1,
                id.unwrap_or_default()
            );
            if let Err((_, error)) = self
                .pipeline([journal.as_str(), statement.text].into_iter(), |_| {})
                .await
            {
                let failure = self.failed_entry(id, Some(index), &error, index).await;
                return Err(failure);
            }
            progress(Progress::Statements(index + 1));
        }
        self.finish_singly(id).await
    }

    async fn finish_singly(&self, id: Option<i64>) -> Result<Done, StepFailure> {
        let total = self.work.statements.len();
        let close = record::close_entry(id, EntryState::Done, total, self.elapsed_ms(), None);
        let history = self.history();
        let tail = ["BEGIN", close.as_str(), history.as_str(), "COMMIT"];
        match self.pipeline(tail.into_iter(), |_| {}).await {
            Ok(()) => Ok(Done {
                duration: self.begun.elapsed(),
            }),
            Err((_, error)) => {
                // An open, failed transaction must not swallow the record of the failure.
                let failure = self.failed_entry(id, None, &error, total).await;
                Err(failure)
            }
        }
    }

    /// Sends the statements one after the other without waiting in between; the first error
    /// comes with its index.
    async fn pipeline<'s>(
        &self,
        statements: impl Iterator<Item = &'s str>,
        answered: impl Fn(usize),
    ) -> Result<(), (usize, Error)> {
        let mut statements = statements;
        let mut under_way = FuturesOrdered::new();
        let (mut index, mut failed) = (0, None);
        loop {
            while failed.is_none() && under_way.len() < PIPELINE {
                match statements.next() {
                    Some(text) => under_way.push_back(self.client.simple_query(text)),
                    None => break,
                }
            }
            match under_way.next().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => failed = failed.or(Some((index, error))),
                None => break,
            }
            index += 1;
            answered(index);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Nothing of an atomic script is in the database: record the failure in a transaction of its own.
    async fn failed(
        &self,
        statement: Option<usize>,
        error: &Error,
        done: usize,
        first: Option<&str>,
    ) -> StepFailure {
        let mut failure = self.describe(statement, error, done);
        if failure.connection_lost {
            return failure;
        }
        let state = if failure.stopped {
            EntryState::Stopped
        } else {
            EntryState::Failed
        };
        let open = record::open_entry(self.work, self.event(), state);
        let close =
            record::close_entry(None, state, done, self.elapsed_ms(), Some(&failure.message));
        let record = [
            first.unwrap_or("ROLLBACK"),
            "BEGIN",
            &open,
            &close,
            "COMMIT",
        ];
        if let Err((_, error)) = self.pipeline(record.into_iter(), |_| {}).await {
            failure.message = format!(
                "{}; and the ledger could not be written: {}",
                failure.message,
                session::words(&error)
            );
        }
        failure
    }

    /// A script that runs statement by statement failed: close its entry.
    async fn failed_entry(
        &self,
        id: Option<i64>,
        statement: Option<usize>,
        error: &Error,
        done: usize,
    ) -> StepFailure {
        let mut failure = self.describe(statement, error, done);
        failure.in_doubt = failure.connection_lost;
        if failure.connection_lost {
            return failure;
        }
        let state = if failure.stopped {
            EntryState::Stopped
        } else {
            EntryState::Failed
        };
        let close = record::close_entry(id, state, done, self.elapsed_ms(), Some(&failure.message));
        if let Err((_, error)) = self
            .pipeline(["ROLLBACK", &close].into_iter(), |_| {})
            .await
        {
            failure.message = format!(
                "{}; and the ledger could not be written: {}",
                failure.message,
                session::words(&error)
            );
        }
        failure
    }

    /// Somebody asked to stop between two statements.
    async fn stopped(&self, id: Option<i64>, done: usize) -> StepFailure {
        let message = "stopped between two statements".to_owned();
        let close = record::close_entry(
            id,
            EntryState::Stopped,
            done,
            self.elapsed_ms(),
            Some(&message),
        );
        let closed = self.pipeline([close.as_str()].into_iter(), |_| {}).await;
        StepFailure {
            statement: None,
            place: None,
            message,
            done,
            in_doubt: false,
            connection_lost: closed.is_err_and(|(_, error)| lost(&error)),
            stopped: true,
            worth_retrying: false,
            duration: self.begun.elapsed(),
        }
    }

    fn describe(&self, statement: Option<usize>, error: &Error, done: usize) -> StepFailure {
        let code = error.code();
        let retry = [
            &SqlState::LOCK_NOT_AVAILABLE,
            &SqlState::T_R_DEADLOCK_DETECTED,
        ];
        let text = statement.and_then(|index| self.work.statements.get(index));
        StepFailure {
            statement,
            place: text.and_then(|statement| session::place(error, statement.text)),
            message: session::words(error),
            done,
            in_doubt: false,
            connection_lost: lost(error),
            stopped: self.work.stop.now() && code == Some(&SqlState::QUERY_CANCELED),
            worth_retrying: code.is_some_and(|code| retry.contains(&code)),
            duration: self.begun.elapsed(),
        }
    }

    fn event(&self) -> Event {
        match self.work.direction {
            Direction::Apply => Event::Apply,
            Direction::Revert => Event::Revert,
        }
    }

    fn history(&self) -> String {
        let work = self.work;
        match work.direction {
            Direction::Apply => format!(
                "INSERT INTO public.refinery_schema_history (version, name, applied_on, checksum) \
                 VALUES ({}, {}, {}, '{}')",
                work.version,
                session::text(work.name),
                session::text(
                    &OffsetDateTime::now_utc()
                        .format(&Rfc3339)
                        .unwrap_or_default()
                ),
                work.refinery_checksum
            ),
            Direction::Revert => format!(
                "DELETE FROM public.refinery_schema_history WHERE version = {}",
                work.version
            ),
        }
    }

    /// What every script finds, whatever the server's or the login's settings are.
    fn pinned(&self) -> String {
        format!(
            "SET search_path = public; SET standard_conforming_strings = on; SET client_min_messages = warning; \
             SET check_function_bodies = on; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; \
             SET default_tablespace = ''; SET row_security = on; SET \"TimeZone\" = 'UTC'; \
             SET \"DateStyle\" = 'ISO, MDY'; SET \"IntervalStyle\" = 'postgres'; SET quote_all_identifiers = off; \
             SET default_transaction_isolation = 'read committed'; SET lock_timeout = {}",
            self.work.lock_timeout.as_millis()
        )
    }

    fn elapsed_ms(&self) -> u128 {
        self.begun
            .elapsed()
            .max(Duration::from_millis(1))
            .as_millis()
    }
}

fn lost(error: &Error) -> bool {
    session::is_lost(error)
}
