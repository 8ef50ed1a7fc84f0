//! What a run on MySQL that did not come to its end tells, and leaves in the ledger.

use super::{
    Mysql,
    blockers::blockers,
    guard,
    journal::{self, End, InFlight, Position},
    next,
    packet::Part,
    run::{Broken, Run},
    session::{self, PacketError},
    texts,
};
use crate::{
    engine::{EntryState, StepFailure, fingerprint, one_transaction},
    sql::Verb,
};

/// The server's number for a statement that was cancelled.
const INTERRUPTED: u16 = 1317;

/// The server's number for what no open transaction allows.
const LEFT_OPEN: u16 = 1568;

/// How often a record that a cancel struck is written again.
const RECORD_TRIES: usize = 5;

impl Run<'_> {
    /// Records the failure where that is still possible, and tells it.
    pub async fn failed(&mut self, mysql: &mut Mysql, broken: Broken) -> StepFailure {
        let Broken {
            failed,
            part,
            index,
            group,
        } = broken;
        let code = session::code(&failed.error);
        let mut lost = session::is_lost(&failed.error);
        let in_doubt = lost && part == Part::Statement && group.is_none();
        let stopped = self.work.stop.now() && code == Some(INTERRUPTED);
        let mut message = explain(&failed, part);
        if part == Part::Statement
            && let Some(statement) = self.work.statements.get(index)
        {
            message = session::quoting_only(&message, statement.text());
        }
        if let Some(group) = &group {
            message.push_str(&one_transaction(group));
        }
        if code == Some(1242) && matches!(part, Part::Journal | Part::Finish) {
            lost = true;
        }
        let total = self.work.statements.len();
        if part == Part::Finish && code != Some(LEFT_OPEN) {
            // The statement in front of the record has run.
            self.done = total.min(index + 1);
        }
        // 1205 lock wait timeout (also on metadata locks), 1213 deadlock.
        let may_work_again = matches!(code, Some(1205 | 1213));
        if code == Some(1205)
            && let (Some(conn), Some(statement)) =
                (mysql.conn.as_mut(), self.work.statements.get(index))
        {
            let held = blockers(conn, statement.text()).await;
            message = format!("{message}, {held}");
        }
        let kept = match part {
            Part::Statement if group.is_none() => self.undecided(mysql, index, code).await,
            // Of a procedure that is the last statement; what it has not committed goes.
            Part::Finish if code == Some(LEFT_OPEN) && index == total => {
                self.done = total.saturating_sub(1);
                self.in_flight(self.done)
            }
            _ => None,
        };
        if !lost {
            let end = End {
                state: if stopped {
                    EntryState::Stopped
                } else {
                    EntryState::Failed
                },
                position: Position {
                    done: self.done,
                    in_flight: kept.clone(),
                },
                error: Some(&message),
            };
            if let Err(unrecorded) = self.record_surely(mysql, &end).await {
                lost = lost || session::is_lost(&unrecorded.error);
                message = format!(
                    "{message}; and the ledger could not be written: {}",
                    session::words(&unrecorded.error)
                );
            }
        }
        StepFailure {
            statement: match &kept {
                Some(flight) => flight.number.checked_sub(1),
                None => (part == Part::Statement && group.is_none()).then_some(index),
            },
            place: (part == Part::Statement)
                .then(|| session::place(&failed.error))
                .flatten(),
            message,
            done: self.done,
            in_doubt: in_doubt || kept.is_some(),
            connection_lost: lost,
            stopped,
            // A part of it that stays would be there twice.
            worth_retrying: may_work_again && kept.is_none(),
            entry: self.entry,
            duration: self.begun.elapsed(),
        }
    }

    /// A failed statement has changed nothing, unless it is one that may commit on its way or that
    /// no transaction covers.
    async fn undecided(
        &self,
        mysql: &mut Mysql,
        index: usize,
        code: Option<u16>,
    ) -> Option<InFlight> {
        let statement = self.work.statements.get(index)?;
        let in_parts = match (self.guarded == Some((index, true)), mysql.conn.as_mut()) {
            (true, Some(conn)) => !guard::untouched(conn, statement, code).await,
            _ => statement.facts.verb == Verb::Call,
        };
        self.in_flight(index).filter(|_| in_parts)
    }

    /// The statement with that index, of which nothing that could be seen tells how it ended.
    fn in_flight(&self, index: usize) -> Option<InFlight> {
        let statement = self.work.statements.get(index)?;
        Some(InFlight {
            number: index + 1,
            sha256: fingerprint(statement.text()),
            evidence: None,
        })
    }

    /// Somebody asked to stop between two statements.
    pub async fn stopped(&mut self, mysql: &mut Mysql) -> StepFailure {
        let message = "stopped between two statements".to_owned();
        let end = End {
            state: EntryState::Stopped,
            position: Position {
                done: self.done,
                in_flight: None,
            },
            error: Some(&message),
        };
        let closed = if self.entry.is_some() {
            self.record_surely(mysql, &end).await
        } else {
            Ok(())
        };
        StepFailure {
            statement: None,
            place: None,
            message,
            done: self.done,
            in_doubt: false,
            connection_lost: closed.is_err_and(|failed| session::is_lost(&failed.error)),
            stopped: true,
            worth_retrying: false,
            entry: self.entry,
            duration: self.begun.elapsed(),
        }
    }

    /// A cancel is repeated until the session is idle, and may so strike the record of it.
    async fn record_surely(
        &mut self,
        mysql: &mut Mysql,
        end: &End<'_>,
    ) -> Result<(), Box<PacketError>> {
        for _ in 0..RECORD_TRIES {
            match self.record_end(mysql, end).await {
                Err(failed) if session::code(&failed.error) == Some(INTERRUPTED) => {}
                ended => return ended,
            }
        }
        self.record_end(mysql, end).await
    }

    /// Ends an open transaction and the journal row, or writes one that says how it ended.
    async fn record_end(
        &mut self,
        mysql: &mut Mysql,
        end: &End<'_>,
    ) -> Result<(), Box<PacketError>> {
        let Some(conn) = mysql.conn.as_mut() else {
            return Err(Box::new(PacketError::unsent(
                mysql_async::DriverError::ConnectionClosed,
            )));
        };
        if let Some(id) = self.entry {
            let close = journal::close(&id.to_string(), end);
            let check = format!("SELECT COUNT(*) FROM sgmp_db_ledger WHERE id = {id}");
            let sets =
                session::packet(conn, &["ROLLBACK", "UNLOCK TABLES", &close, &check]).await?;
            let found = sets[3].first().and_then(|row| row.get_opt::<i64, _>(0));
            if matches!(found, Some(Ok(1))) {
                return Ok(());
            }
        }
        // The row was opened in the transaction that is rolled back now.
        let closed = journal::closed(self.work, end);
        let mut statements = [
            "ROLLBACK",
            "UNLOCK TABLES",
            "START TRANSACTION",
            &closed,
            "SELECT LAST_INSERT_ID()",
        ]
        .map(str::to_owned)
        .to_vec();
        if texts::is_small(self.work.text) {
            statements.extend(next::script("LAST_INSERT_ID()", self.work));
        }
        statements.push("COMMIT".to_owned());
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let sets = session::packet(conn, &statements).await?;
        self.entry = texts::number(&sets[4..]);
        Ok(())
    }
}

/// The server's words, or what they mean where the runner's own statement met them.
fn explain(failed: &PacketError, part: Part) -> String {
    match (session::code(&failed.error), part) {
        (Some(1242), Part::Journal | Part::Finish) => {
            "this session no longer holds the lock: the file gave it back with RELEASE_ALL_LOCKS(), or a connection pooler or proxy stands between here and the server".to_owned()
        }
        (Some(1100), Part::Journal | Part::Finish) => {
            "the file leaves table locks behind: end it with UNLOCK TABLES".to_owned()
        }
        (Some(LEFT_OPEN), Part::Finish) => {
            "the file leaves an open transaction behind, which is rolled back now".to_owned()
        }
        _ => without_ours(session::words(&failed.error)),
    }
}

/// The server quotes what stands behind an error of syntax; what the runner sent there is cut off.
fn without_ours(mut message: String) -> String {
    if let Some(start) = message.find("\n;")
        && let Some(length) = message[start..].find("' at line")
    {
        message.replace_range(start..start + length, "");
    }
    message
}
