//! Running a `no-transaction` script: statement by statement, each journalled.
//!
//! A statement that can share a transaction with its journal row does, and then needs no evidence;
//! neighbouring data statements share one. Where one of those fails, all of it is taken back, those in
//! front of the statement go again, and then it by itself: as if each had gone alone.
//! The others are journalled before, with what they find. A procedure that turns out to commit
//! inside has changed nothing when the server says so, and then runs outside.

use super::{
    decide,
    effect::effect,
    evidence, invalid,
    journal::{self, InFlight, Position},
    leftovers, lock,
    run::{Run, blame},
    session, texts,
};
use crate::{
    engine::{
        Done, EntryState, Planner, Progress, StepFailure, Verdict, Weight, fingerprint,
        one_transaction,
    },
    sql::Commits,
};
use std::{borrow::Cow, cell::Cell, ops::Range, time::Instant};
use tokio_postgres::{Error, error::SqlState};

/// Runs the script from `work.from` on and records every step.
pub async fn run(run: Run<'_>, progress: &dyn Fn(Progress<'_>)) -> Result<Done, StepFailure> {
    let from = run.work.from;
    let entry = match begin(&run).await {
        Ok(entry) => entry,
        Err(error) => return Err(run.describe(None, &error, from)),
    };
    let singly = Singly {
        run,
        entry,
        outside: Cell::new(false),
    };
    let mut groups = Groups {
        planner: Planner::new(usize::MAX),
        postponed: None,
    };
    let mut done = from;
    while done < singly.run.work.statements.len() {
        if singly.run.work.stop.now() {
            return Err(singly.stopped(done).await);
        }
        done = singly.step(&mut groups, done).await?;
        progress(Progress::Statements(done));
    }
    singly.finish().await
}

/// How the data statements go.
struct Groups {
    planner: Planner,
    /// A failure in a group, told once those in front of the statement are in the database again.
    postponed: Option<(usize, Error)>,
}

/// Sets the session and opens the ledger entry.
async fn begin(run: &Run<'_>) -> Result<i64, Error> {
    let stored = run.stored_by().await?;
    let open = run.open(EntryState::Running, stored);
    let settings = run.work.settings.join(";\n");
    let is_small = texts::is_small(run.work.text);
    let begin = if is_small { "" } else { "BEGIN; " };
    let text = format!("{};\n{settings}\n;{begin}{open}", run.pinned());
    let rows = session::rows(run.client, &text).await?;
    if !is_small {
        run.store_rest(stored).await?;
        run.send(&["COMMIT"]).await.map_err(|(_, error)| error)?;
    }
    Ok(rows
        .iter()
        .rev()
        .find_map(|row| session::column(row, 0).parse::<i64>().ok())
        .unwrap_or_default())
}

struct Singly<'a> {
    run: Run<'a>,
    entry: i64,
    /// Runs the statement under way outside of its journal row's transaction?
    outside: Cell<bool>,
}

impl Singly<'_> {
    /// The next statement, or the next group of them; returns how many are in the database then.
    async fn step(&self, groups: &mut Groups, done: usize) -> Result<usize, StepFailure> {
        let statements = self.run.work.statements;
        let weight = |index: usize| match statements[index].facts.outside_transaction {
            Some(_) => Weight::default(),
            None => Weight::of(&statements[index]),
        };
        let step = groups.planner.step(done, statements.len(), weight);
        if let Some((_, error)) = groups.postponed.take_if(|(index, _)| *index == step.start) {
            return Err(self.failed(Some(step.start), &error, done).await);
        }
        if step.len() > 1 {
            return self.group(groups, step).await;
        }
        match self.statement(step.start).await {
            Ok(()) => Ok(step.end),
            Err(error) => Err(self.failed(Some(step.start), &error, done).await),
        }
    }

    /// Sends the group, or takes it back and decides how its statements go instead.
    async fn group(&self, groups: &mut Groups, step: Range<usize>) -> Result<usize, StepFailure> {
        let (begun, done) = (Instant::now(), step.start);
        self.outside.set(false);
        let head = ["BEGIN".to_owned(), self.advance(step.end, None)].map(Cow::Owned);
        let texts = self.run.work.statements[step.clone()].iter();
        let texts = texts.map(|statement| Cow::Borrowed(statement.text()));
        let all = head
            .into_iter()
            .chain(texts)
            .chain([Cow::Borrowed("COMMIT")]);
        let Err((index, error)) = self.run.pipeline(all, |_| {}).await else {
            groups.planner.took(step.len(), begun.elapsed());
            return Ok(step.end);
        };
        if session::is_lost(&error) {
            let mut failure = self.failed(None, &error, done).await;
            failure.message.push_str(&one_transaction(&step));
            return Err(failure);
        }
        let failed = (done + index).checked_sub(2);
        let statement = failed.filter(|at| step.contains(at));
        if self.run.work.stop.now() || index < 2 {
            return Err(self.failed(statement, &error, done).await);
        }
        if let Err(error) = self.run.write_surely(&["ROLLBACK"]).await {
            return Err(self.failed(None, &error, done).await);
        }
        match statement {
            Some(at) => {
                groups.planner.without(at);
                if self.run.describe(None, &error, done).worth_retrying {
                    groups.postponed = Some((at, error));
                }
            }
            // A constraint that is checked at the end: only alone a statement tells that it breaks it.
            None => groups.planner.singly_until(step.end),
        }
        Ok(done)
    }

    async fn statement(&self, index: usize) -> Result<(), Error> {
        let statement = &self.run.work.statements[index];
        let (text, facts) = (statement.text(), &statement.facts);
        self.outside.set(false);
        if facts.commits == Commits::Session {
            return self.send(&[text]).await;
        }
        if facts.outside_transaction.is_none() {
            let journal = self.advance(index + 1, None);
            match self.send(&["BEGIN", &journal, text, "COMMIT"]).await {
                Err(error) if commits_inside(&error) => self.send(&["ROLLBACK"]).await?,
                ended => return ended,
            }
        }
        let effect = effect(statement);
        let flight = InFlight {
            number: index + 1,
            sha256: fingerprint(text),
            evidence: evidence::expression(&effect),
        };
        let journal = self.advance(index, Some(flight));
        self.outside.set(true);
        // Building an index waits for every transaction there is, and a timeout in the middle
        // would leave an invalid one behind.
        let waits = format!(
            "SET lock_timeout = {}",
            self.run.work.lock_timeout.as_millis()
        );
        let guard = invalid::guard(&effect);
        let mut packet = vec![&*journal, "SET lock_timeout = 0", text, &waits];
        packet.extend(guard.as_deref());
        self.send(&packet).await
    }

    fn advance(&self, done: usize, in_flight: Option<InFlight>) -> String {
        journal::advance(self.entry, &Position { done, in_flight })
    }

    async fn send(&self, statements: &[&str]) -> Result<(), Error> {
        self.run.send(statements).await.map_err(|(_, error)| error)
    }

    async fn finish(&self) -> Result<Done, StepFailure> {
        let total = self.run.work.statements.len();
        let close = journal::close(
            Some(self.entry),
            EntryState::Done,
            &Position {
                done: total,
                in_flight: None,
            },
            self.run.elapsed_ms(),
            None,
        );
        let proof = format!(
            "DO {}",
            session::text(&format!(
                "BEGIN IF NOT ({}) THEN RAISE 'this session no longer holds the lock'; END IF; END",
                lock::proven()
            ))
        );
        let guard = leftovers::guard(self.run.work.text);
        let history = self.run.history();
        let record = ["BEGIN", &guard, &proof, &close, &history, "COMMIT"];
        match self.send(&record).await {
            Ok(()) => Ok(Done {
                duration: self.run.begun.elapsed(),
            }),
            Err(error) => Err(self.failed(None, &error, total).await),
        }
    }

    /// Closes the entry. What a failed statement left half-made is cleared away; where nobody can
    /// say what it left, the entry keeps it in flight.
    async fn failed(&self, statement: Option<usize>, error: &Error, done: usize) -> StepFailure {
        let mut failure = self.run.describe(statement, error, done);
        failure.entry = Some(self.entry);
        failure.in_doubt = failure.connection_lost && statement.is_some();
        if failure.connection_lost {
            return failure;
        }
        let rolled_back = self.run.write_surely(&["ROLLBACK"]).await;
        blame(self.run.client, self.run.work, error, &mut failure).await;
        let outside = statement
            .map(|index| &self.run.work.statements[index])
            .filter(|_| rolled_back.is_ok() && self.outside.get());
        if let Some(statement) = outside {
            let verdict = decide::clear(self.run.client, self.entry, statement).await;
            failure.in_doubt = !matches!(verdict, Ok(Verdict::NotApplied));
        }
        let state = if failure.stopped {
            EntryState::Stopped
        } else {
            EntryState::Failed
        };
        let position = Position {
            done,
            in_flight: failure.in_doubt.then(|| InFlight {
                number: done + 1,
                sha256: String::new(),
                evidence: None,
            }),
        };
        let close = journal::close(
            Some(self.entry),
            state,
            &position,
            self.run.elapsed_ms(),
            Some(&failure.message),
        );
        if let Err(error) = self.run.write_surely(&["ROLLBACK", &close]).await {
            failure.message = format!(
                "{}; and the ledger could not be written: {}",
                failure.message,
                session::words(&error)
            );
        }
        failure
    }

    /// Somebody asked to stop between two statements.
    async fn stopped(&self, done: usize) -> StepFailure {
        let message = "stopped between two statements".to_owned();
        let close = journal::close(
            Some(self.entry),
            EntryState::Stopped,
            &Position {
                done,
                in_flight: None,
            },
            self.run.elapsed_ms(),
            Some(&message),
        );
        let closed = self.run.write_surely(&[&close]).await;
        StepFailure {
            statement: None,
            place: None,
            message,
            done,
            in_doubt: false,
            connection_lost: closed.is_err_and(|error| session::is_lost(&error)),
            stopped: true,
            worth_retrying: false,
            entry: Some(self.entry),
            duration: self.run.begun.elapsed(),
        }
    }
}

/// Does the server refuse it only because a transaction is around it? Nothing has happened then.
fn commits_inside(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        [
            &SqlState::INVALID_TRANSACTION_TERMINATION,
            &SqlState::ACTIVE_SQL_TRANSACTION,
        ]
        .contains(&code)
    })
}
