//! Running one script on PostgreSQL: in one transaction with its record, or statement by statement.
//!
//! An atomic script goes out as one pipeline of single statements, `BEGIN` to `COMMIT`: one turn,
//! and still each statement has its own answer. After a failure the server refuses the rest of
//! the pipeline, and its `COMMIT` of a failed transaction is a rollback.

use super::{
    Timescale,
    blockers::blockers,
    journal::{self, Position},
    leftovers, session, singly, texts,
};
use crate::connect::PgClient as Client;
use crate::{
    engine::{Direction, Done, EntryState, Event, LOCK_LOST, Progress, StepFailure, Work},
    sql::Commits,
};
use futures_util::{StreamExt, stream::FuturesOrdered};
use std::{
    borrow::Cow,
    collections::VecDeque,
    time::{Duration, Instant},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio_postgres::{Error, error::SqlState};

/// Session variables and their values in every script. One query sets them all: as statements of
/// their own they would cost the server more than a small script does.
const PINNED: [(&str, &str); 13] = [
    ("search_path", "public"),
    ("standard_conforming_strings", "on"),
    ("client_min_messages", "warning"),
    ("check_function_bodies", "on"),
    ("statement_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("default_tablespace", ""),
    ("row_security", "on"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("quote_all_identifiers", "off"),
    ("default_transaction_isolation", "read committed"),
];

/// How many statements are under way in one pipeline, and how many bytes of them unless one alone has
/// more; bounds what both sides keep in memory.
const PIPELINE: usize = 256;
const PIPELINE_BYTES: usize = 4 << 20;

/// How often a record that a cancel struck is written again.
const RECORD_TRIES: usize = 5;

/// A script under way.
pub struct Run<'a> {
    pub work: &'a Work<'a>,
    pub client: &'a Client,
    pub begun: Instant,
    /// May files before this one have left something in the session?
    pub is_used: bool,
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
            entry: None,
            duration: begun.elapsed(),
        });
    };
    let run = Run {
        work,
        client: &open.client,
        begun,
        is_used: timescale.is_used,
    };
    timescale.is_used |= leftovers::may_stay(work.text);
    if work.atomic {
        run.atomic(progress).await
    } else {
        singly::run(run, progress).await
    }
}

impl Run<'_> {
    /// One transaction around script, history row and ledger entry, and one turn: a statement that
    /// fails makes the server refuse everything behind it, the record and the `COMMIT` too.
    async fn atomic(&self, progress: &dyn Fn(Progress<'_>)) -> Result<Done, StepFailure> {
        let first = Cow::Owned(format!("BEGIN; {}", self.pinned()));
        let (lead, total) = (1, self.work.statements.len());
        let texts = self.work.statements.iter();
        let texts = texts.map(|statement| Cow::Borrowed(statement.text()));
        let head = std::iter::once(first).chain(texts);
        let record = self.record();
        let answered = |sent: usize| {
            if (lead..=lead + total).contains(&sent) {
                progress(Progress::Statements(sent - lead));
            }
        };
        let sent = if self.may_end_transaction() {
            match self.pipeline(head, answered).await {
                Ok(()) => {
                    let recorded = self.pipeline(record, |_| {}).await;
                    recorded.map_err(|(_, error)| (lead + total, error))
                }
                failed => failed,
            }
        } else {
            self.pipeline(head.chain(record), answered).await
        };
        match sent {
            Ok(()) => Ok(Done {
                duration: self.begun.elapsed(),
            }),
            Err((index, error)) => {
                let statement = index
                    .checked_sub(lead)
                    .filter(|index| *index < total && !lost(&error));
                Err(self.failed(statement, &error, 0).await)
            }
        }
    }

    /// The entry with the script and the history row, to the end of the transaction.
    fn record(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let guard = leftovers::guard(self.work.text);
        let mut entry = format!("{guard}{}", journal::whole(self.work, self.event()));
        let mut end = format!("{}; COMMIT", self.history());
        if texts::is_small(self.work.text) {
            end.insert_str(0, "; ");
            entry.push_str(&end);
            end.clear();
        }
        std::iter::once(entry)
            .chain(texts::rest_of_script(self.work.text))
            .chain(Some(end).filter(|end| !end.is_empty()))
            .map(Cow::Owned)
    }

    /// Could a statement make the server accept again what stands behind a failure? `check` refuses
    /// such a file where nobody allows it; then the record waits for the answers.
    fn may_end_transaction(&self) -> bool {
        self.work
            .statements
            .iter()
            .any(|statement| statement.facts.commits == Commits::Control)
    }

    /// Sends the statements one after the other without waiting in between; the first error
    /// comes with its index.
    pub async fn pipeline<'s>(
        &self,
        statements: impl Iterator<Item = Cow<'s, str>>,
        answered: impl Fn(usize),
    ) -> Result<(), (usize, Error)> {
        let mut statements = statements;
        let (mut under_way, mut lengths) = (FuturesOrdered::new(), VecDeque::new());
        let (mut index, mut failed, mut bytes) = (0, None, 0);
        loop {
            while failed.is_none() && lengths.len() < PIPELINE && bytes < PIPELINE_BYTES {
                let Some(text) = statements.next() else { break };
                bytes += text.len();
                lengths.push_back(text.len());
                under_way.push_back(async move { self.client.simple_query(&text).await });
            }
            match under_way.next().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => failed = failed.or(Some((index, error))),
                None => break,
            }
            bytes -= lengths.pop_front().unwrap_or_default();
            index += 1;
            answered(index);
        }
        failed.map_or(Ok(()), Err)
    }

    /// The same with few statements, from nothing else than their texts.
    pub async fn send(&self, statements: &[&str]) -> Result<(), (usize, Error)> {
        let statements = statements.iter().map(|text| Cow::Borrowed(*text));
        self.pipeline(statements, |_| {}).await
    }

    /// Stores the rest of the script of an entry that was just written, or says which entry has it.
    pub async fn store_rest(&self, stored: Option<i64>) -> Result<(), Error> {
        let stored = match stored {
            Some(other) => self.send(&[&texts::same_as(other)]).await,
            None => {
                let rest = texts::rest_of_script(self.work.text).map(Cow::Owned);
                self.pipeline(rest, |_| {}).await
            }
        };
        stored.map_err(|(_, error)| error)
    }

    /// The entry that has this long script already.
    pub async fn stored_by(&self) -> Result<Option<i64>, Error> {
        let work = self.work;
        let Some(continues) = work.continues.filter(|_| !texts::is_small(work.text)) else {
            return Ok(None);
        };
        let query = texts::stored_by(continues, &work.checksum, work.text.len());
        let rows = session::rows(self.client, &query).await?;
        Ok(rows
            .first()
            .and_then(|row| session::column(row, 0).parse().ok()))
    }

    /// What opens the entry's row, with its script where nobody has that yet.
    pub fn open(&self, state: EntryState, stored: Option<i64>) -> String {
        match stored {
            Some(_) => journal::open_bare(self.work, self.event(), state),
            None => journal::open(self.work, self.event(), state),
        }
    }

    /// Nothing of an atomic script is in the database: record the failure in a transaction of its own.
    async fn failed(&self, statement: Option<usize>, error: &Error, done: usize) -> StepFailure {
        let mut failure = self.describe(statement, error, done);
        if failure.connection_lost {
            return failure;
        }
        blame(self.client, self.work, error, &mut failure).await;
        let state = if failure.stopped {
            EntryState::Stopped
        } else {
            EntryState::Failed
        };
        let close = journal::close(
            None,
            state,
            &Position {
                done,
                in_flight: None,
            },
            self.elapsed_ms(),
            Some(&failure.message),
        );
        if let Err(error) = self.write_failed(state, &close).await {
            failure.message = format!(
                "{}; and the ledger could not be written: {}",
                failure.message,
                session::words(&error)
            );
        }
        failure
    }

    /// The entry of an atomic script that failed, with what ran.
    async fn write_failed(&self, state: EntryState, close: &str) -> Result<(), Error> {
        let small = texts::is_small(self.work.text);
        if small {
            let open = self.open(state, None);
            return self
                .write_surely(&["ROLLBACK", "BEGIN", &open, close, "COMMIT"])
                .await;
        }
        self.write_surely(&["ROLLBACK"]).await?;
        let stored = self.stored_by().await?;
        let open = self.open(state, stored);
        self.write_surely(&["ROLLBACK", "BEGIN", &open, close])
            .await?;
        self.store_rest(stored).await?;
        self.write_surely(&["COMMIT"]).await
    }

    /// A cancel is repeated until the session is idle, and may so strike the record of it.
    pub async fn write_surely(&self, statements: &[&str]) -> Result<(), Error> {
        for _ in 0..RECORD_TRIES {
            match self.send(statements).await {
                Err((_, error)) if error.code() == Some(&SqlState::QUERY_CANCELED) => {}
                ended => return ended.map_err(|(_, error)| error),
            }
        }
        self.send(statements).await.map_err(|(_, error)| error)
    }

    pub fn describe(&self, statement: Option<usize>, error: &Error, done: usize) -> StepFailure {
        let code = error.code();
        let retry = [
            &SqlState::LOCK_NOT_AVAILABLE,
            &SqlState::T_R_DEADLOCK_DETECTED,
        ];
        let text = statement.and_then(|index| self.work.statements.get(index));
        StepFailure {
            statement,
            place: text.and_then(|statement| session::place(error, statement.text())),
            message: words(error),
            done,
            in_doubt: false,
            connection_lost: lost(error),
            stopped: self.work.stop.now() && code == Some(&SqlState::QUERY_CANCELED),
            worth_retrying: code.is_some_and(|code| retry.contains(&code)),
            entry: None,
            duration: self.begun.elapsed(),
        }
    }

    pub fn event(&self) -> Event {
        match self.work.direction {
            Direction::Apply => Event::Apply,
            Direction::Revert => Event::Revert,
        }
    }

    pub fn history(&self) -> String {
        let work = self.work;
        match work.direction {
            Direction::Apply => format!(
                "INSERT INTO public.refinery_schema_history (version, name, applied_on, checksum) \
                 VALUES ({}, {}, {}, '{}')",
                work.version,
                session::text(work.name),
                session::text(&now()),
                work.refinery_checksum
            ),
            Direction::Revert => format!(
                "DELETE FROM public.refinery_schema_history WHERE version = {}",
                work.version
            ),
        }
    }

    /// What every script finds, whatever the server's or the login's settings are.
    pub fn pinned(&self) -> String {
        let lock_timeout = self.work.lock_timeout.as_millis().to_string();
        let set: Vec<String> = PINNED
            .into_iter()
            .chain([("lock_timeout", lock_timeout.as_str())])
            .map(|(name, value)| format!("pg_catalog.set_config('{name}', '{value}', false)"))
            .collect();
        let clean = if self.is_used {
            format!("{}{}; ", leftovers::CLEAN, self.client.again())
        } else {
            String::new()
        };
        format!("{clean}SELECT {}", set.join(", "))
    }

    pub fn elapsed_ms(&self) -> u128 {
        self.begun
            .elapsed()
            .max(Duration::from_millis(1))
            .as_millis()
    }
}

/// Names who holds the tables that a statement waited for in vain. Ends the failed transaction.
pub async fn blame(client: &Client, work: &Work<'_>, error: &Error, failure: &mut StepFailure) {
    let statement = failure
        .statement
        .and_then(|index| work.statements.get(index))
        .filter(|_| error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE));
    let Some(statement) = statement else { return };
    let held = match session::rows(client, "ROLLBACK").await {
        Ok(_) => blockers(client, statement.text()).await,
        Err(error) => session::words(&error),
    };
    failure.message = format!("{}, {held}", failure.message);
}

/// The server's words, or what they mean where the journal's own statement met them.
fn words(error: &Error) -> String {
    let words = session::words(error);
    match words.contains(LOCK_LOST) {
        true => format!("{LOCK_LOST}: a connection pooler stands between here and the server"),
        false => words,
    }
}

fn lost(error: &Error) -> bool {
    session::is_lost(error)
}

/// The time as refinery writes it.
pub fn now() -> String {
    OffsetDateTime::now_utc()
        .format(&Rfc3339)
        .unwrap_or_default()
}
