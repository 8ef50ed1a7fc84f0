//! Running one script on MySQL, where every DDL statement commits by itself.
//!
//! Each statement goes in a packet of its own together with its journal row: a killed client's
//! packet runs to its end on the server, so a packet must never hold two statements of a script.
//! What the next statement's evidence needs is asked at the end of the packet before, and the
//! record is closed at the end of the last one: as many turns as statements, and one more where
//! the first statement needs evidence that only SHOW CREATE gives.

use super::{
    Mysql,
    blockers::blockers,
    effect::{Effect, effect},
    evidence,
    journal::{self, End, InFlight, Position},
    lock,
    packet::{Answer, Packet, Part},
    session::{self, PacketError},
};
use crate::{
    engine::{Direction, Done, EntryState, Progress, StepFailure, Work, fingerprint},
    sql::{Commits, Dialect, SessionUse, Verb, classify},
};
use std::time::Instant;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What every script finds, whatever the server's or the login's settings are.
/// Source of the sql_mode: the defaults of MySQL 8.0, 5.1.11 Server SQL Modes.
pub const PINNED: &str = "SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,\
     NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', \
     autocommit = 1, foreign_key_checks = 1, unique_checks = 1, sql_safe_updates = 0, \
     sql_quote_show_create = 1, explicit_defaults_for_timestamp = 1, \
     default_storage_engine = 'InnoDB', transaction_isolation = 'REPEATABLE-READ'";

/// Fails with 1568 inside a transaction, and else changes nothing.
/// Source: MySQL 8.0 Reference Manual, 15.3.7 SET TRANSACTION.
const NO_TRANSACTION: &str = "SET TRANSACTION READ WRITE";

/// The server's number for a statement that was cancelled.
const INTERRUPTED: u16 = 1317;

/// How often a record that a cancel struck is written again.
const RECORD_TRIES: usize = 5;

/// A script under way.
struct Run<'a> {
    work: &'a Work<'a>,
    /// The lock's name as a literal.
    lock: String,
    /// The journal row, once it is committed.
    entry: Option<i64>,
    begun: Instant,
    done: usize,
    finished: bool,
    /// Session variables that files before this one have set.
    touched: Vec<String>,
    /// What the statement with that index finds, asked at the end of the packet before it.
    probed: Option<(usize, Option<String>)>,
}

/// Where in a run something failed.
struct Broken {
    failed: Box<PacketError>,
    part: Part,
    index: usize,
}

/// Runs the script from `work.from` on and records every step.
pub async fn run(
    mysql: &mut Mysql,
    work: &Work<'_>,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Done, StepFailure> {
    let mut run = Run {
        work,
        lock: session::text(&lock::name(&mysql.endpoint.database)),
        entry: None,
        begun: Instant::now(),
        done: work.from,
        finished: false,
        touched: mysql.touched.iter().cloned().collect(),
        probed: None,
    };
    mysql.touched.extend(variables(work));
    for index in work.from..work.statements.len() {
        if work.stop.now() {
            return Err(run.stopped(mysql).await);
        }
        if let Err(broken) = run.statement(mysql, index).await {
            return Err(run.failed(mysql, broken).await);
        }
        run.done = index + 1;
        progress(Progress::Statements(run.done));
    }
    if !run.finished
        && let Err(broken) = run.finish(mysql).await
    {
        return Err(run.failed(mysql, broken).await);
    }
    Ok(Done {
        duration: run.begun.elapsed(),
    })
}

/// The session variables that a script sets, apart from those that are pinned by other statements.
fn variables(work: &Work<'_>) -> Vec<String> {
    let pinned_otherwise = ["names", "character", "charset", "transaction", "autocommit"];
    work.statements
        .iter()
        .flat_map(|statement| classify(Dialect::Mysql, statement.text).session)
        .filter_map(|used| match used {
            SessionUse::SetVariable { name, .. } => Some(name.to_lowercase()),
            _ => None,
        })
        .filter(|name| !pinned_otherwise.contains(&name.as_str()))
        .collect()
}

impl Run<'_> {
    /// One statement with its journal row, in one packet.
    async fn statement(&mut self, mysql: &mut Mysql, index: usize) -> Result<(), Broken> {
        let text = self.work.statements[index].text;
        let facts = classify(Dialect::Mysql, text);
        let last = index + 1 == self.work.statements.len();
        // A procedure answers with any number of results, so nothing may stand behind it.
        let alone = facts.verb == Verb::Call;
        let mut packet = Packet::default();
        self.preamble(&mut packet);
        match facts.commits {
            // The journal row and the data commit together or not at all.
            Commits::Transactional => {
                packet.add(Part::Journal, "START TRANSACTION");
                self.journal(&mut packet, index + 1, None);
                packet.add(Part::Statement, text);
                if last {
                    self.record(&mut packet, Part::Statement);
                }
                packet.add(Part::Statement, "COMMIT");
            }
            Commits::Session => {
                if self.entry.is_none() {
                    self.journal(&mut packet, index, None);
                }
                packet.add(Part::Statement, text);
            }
            Commits::ImplicitCommit | Commits::Control => {
                let evidence = self.evidence(mysql, index).await?;
                let flight = InFlight {
                    number: index + 1,
                    sha256: fingerprint(text),
                    evidence,
                };
                self.journal(&mut packet, index, Some(flight));
                packet.add(Part::Statement, text);
            }
        }
        if last && !alone && facts.commits != Commits::Transactional {
            self.close(&mut packet);
        }
        if !last && !alone {
            self.probe(&mut packet, index + 1);
        }
        let answer = self.send(mysql, &packet, index).await?;
        self.finished = last && !alone;
        if !last && !alone {
            self.keep(&answer, index + 1);
        }
        Ok(())
    }

    /// What the session is set to before the first statement, in the first packet.
    fn preamble(&self, packet: &mut Packet) {
        if self.entry.is_some() || self.done > self.work.from {
            return;
        }
        let seconds = self.work.lock_timeout.as_secs().max(1);
        for variable in &self.touched {
            packet.add(
                Part::Journal,
                format!("SET SESSION {} = DEFAULT", session::identifier(variable)),
            );
        }
        packet.add(Part::Journal, "SET NAMES utf8mb4");
        packet.add(Part::Journal, PINNED);
        packet.add(
            Part::Journal,
            format!(
                "SET SESSION lock_wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}"
            ),
        );
        for setting in &self.work.settings {
            packet.add(Part::Journal, *setting);
        }
    }

    /// Opens the journal row or moves it on.
    fn journal(&self, packet: &mut Packet, done: usize, in_flight: Option<InFlight>) {
        let position = Position { done, in_flight };
        match self.entry {
            Some(id) => packet.add(Part::Journal, journal::advance(id, &self.lock, &position)),
            None => {
                packet.add(
                    Part::Journal,
                    journal::open(self.work, &self.lock, &position),
                );
                packet.add(Part::Entry, "SELECT LAST_INSERT_ID()");
            }
        }
    }

    /// History row and the end of the journal row, in a transaction of their own.
    fn close(&self, packet: &mut Packet) {
        packet.add(Part::Finish, NO_TRANSACTION);
        packet.add(Part::Finish, "START TRANSACTION");
        self.record(packet, Part::Finish);
        packet.add(Part::Finish, "COMMIT");
    }

    fn record(&self, packet: &mut Packet, part: Part) {
        let total = self.work.statements.len();
        // In the packet that opens the row its number is not known here yet.
        let id = self.entry.map_or_else(
            || "(SELECT * FROM (SELECT MAX(id) FROM sgmp_db_ledger) AS newest)".to_owned(),
            |id| id.to_string(),
        );
        let end = End {
            state: EntryState::Done,
            position: Position {
                done: total,
                in_flight: None,
            },
            error: None,
        };
        packet.add(part, self.history());
        packet.add(part, journal::close(&id, &end));
    }

    fn history(&self) -> String {
        let work = self.work;
        match work.direction {
            Direction::Apply => format!(
                "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES ({}, {}, {}, '{}')",
                work.version,
                session::text(work.name),
                session::text(&now()),
                work.refinery_checksum
            ),
            Direction::Revert => format!(
                "DELETE FROM refinery_schema_history WHERE version = {}",
                work.version
            ),
        }
    }

    /// Closes a run whose last packet could not.
    async fn finish(&mut self, mysql: &mut Mysql) -> Result<(), Broken> {
        let mut packet = Packet::default();
        self.preamble(&mut packet);
        if self.entry.is_none() {
            packet.add(Part::Finish, "START TRANSACTION");
            self.journal(&mut packet, self.done, None);
            self.record(&mut packet, Part::Finish);
            packet.add(Part::Finish, "COMMIT");
        } else {
            self.close(&mut packet);
        }
        let total = self.work.statements.len();
        self.send(mysql, &packet, total).await.map(|_| ())
    }

    /// What a statement finds: as asked before, else asked now in a turn of its own.
    async fn evidence(
        &mut self,
        mysql: &mut Mysql,
        index: usize,
    ) -> Result<Option<String>, Broken> {
        if let Some((_, found)) = self.probed.take().filter(|(probed, _)| *probed == index) {
            return Ok(found);
        }
        let mut packet = Packet::default();
        packet.add(Part::Journal, "SET NAMES utf8mb4");
        packet.add(Part::Journal, PINNED);
        if !self.probe(&mut packet, index) {
            return Ok(None);
        }
        let answer = self.send(mysql, &packet, index).await?;
        self.keep(&answer, index);
        Ok(self.probed.take().and_then(|(_, found)| found))
    }

    /// Asks what the statement finds; false where nothing needs to be asked.
    fn probe(&self, packet: &mut Packet, index: usize) -> bool {
        let text = self.work.statements[index].text;
        let commits = classify(Dialect::Mysql, text).commits;
        if !matches!(commits, Commits::ImplicitCommit | Commits::Control) {
            return false;
        }
        let probes = evidence::probes(&effect(text));
        let any = !probes.is_empty();
        for probe in probes {
            packet.add(Part::Probe, probe);
        }
        any
    }

    fn keep(&mut self, answer: &Answer, index: usize) {
        let found = match effect(self.work.statements[index].text) {
            Effect::Seen(seen) => evidence::read(&seen, &answer.probes),
            Effect::Repeatable | Effect::Hidden(_) => None,
        };
        self.probed = Some((index, found.map(|found| found.to_text())));
    }

    async fn send(
        &mut self,
        mysql: &mut Mysql,
        packet: &Packet,
        index: usize,
    ) -> Result<Answer, Broken> {
        let closed = || {
            Box::new(PacketError::unsent(
                mysql_async::DriverError::ConnectionClosed,
            ))
        };
        let sent = match mysql.conn.as_mut() {
            Some(conn) => packet.send(conn).await,
            None => Err((closed(), Part::Journal)),
        };
        match sent {
            Ok(answer) => {
                self.entry = self.entry.or(answer.entry);
                Ok(answer)
            }
            Err((failed, part)) => {
                if let Some(entry) = packet.entry(&failed.sets) {
                    self.entry = self.entry.or(Some(entry));
                }
                Err(Broken {
                    failed,
                    part,
                    index,
                })
            }
        }
    }

    /// Records the failure where that is still possible, and tells it.
    async fn failed(&mut self, mysql: &mut Mysql, broken: Broken) -> StepFailure {
        let Broken {
            failed,
            part,
            index,
        } = broken;
        let code = session::code(&failed.error);
        let mut lost = session::is_lost(&failed.error);
        let in_doubt = lost && part == Part::Statement;
        let stopped = self.work.stop.now() && code == Some(INTERRUPTED);
        let mut message = explain(&failed, part);
        if part == Part::Statement
            && let Some(statement) = self.work.statements.get(index)
        {
            message = session::quoting_only(&message, statement.text);
        }
        if code == Some(1242) && part == Part::Journal {
            lost = true;
        }
        if part == Part::Finish {
            self.done = index.max(self.done);
        }
        // 1205 lock wait timeout (also on metadata locks), 1213 deadlock.
        let worth_retrying = matches!(code, Some(1205 | 1213));
        if code == Some(1205)
            && let (Some(conn), Some(statement)) =
                (mysql.conn.as_mut(), self.work.statements.get(index))
        {
            let held = blockers(conn, statement.text).await;
            message = format!("{message}, {held}");
        }
        let kept = (part == Part::Statement)
            .then(|| self.undecided(index))
            .flatten();
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
            statement: (part == Part::Statement).then_some(index),
            place: (part == Part::Statement)
                .then(|| session::place(&failed.error))
                .flatten(),
            message,
            done: self.done,
            in_doubt: in_doubt || kept.is_some(),
            connection_lost: lost,
            stopped,
            worth_retrying,
            entry: self.entry,
            duration: self.begun.elapsed(),
        }
    }

    /// A failed statement has changed nothing, unless it is one that may commit on its way.
    fn undecided(&self, index: usize) -> Option<InFlight> {
        let text = self.work.statements.get(index)?.text;
        (classify(Dialect::Mysql, text).verb == Verb::Call).then(|| InFlight {
            number: index + 1,
            sha256: fingerprint(text),
            evidence: None,
        })
    }

    /// Somebody asked to stop between two statements.
    async fn stopped(&mut self, mysql: &mut Mysql) -> StepFailure {
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
        let sets = session::packet(
            conn,
            &[
                "ROLLBACK",
                "UNLOCK TABLES",
                &closed,
                "SELECT LAST_INSERT_ID()",
            ],
        )
        .await?;
        self.entry = sets[3]
            .first()
            .and_then(|row| row.get_opt::<i64, _>(0))
            .and_then(Result::ok);
        Ok(())
    }
}

/// The server's words, or what they mean where the runner's own statement met them.
fn explain(failed: &PacketError, part: Part) -> String {
    match (session::code(&failed.error), part) {
        (Some(1242), Part::Journal) => {
            "this session no longer holds the lock: a connection pooler or proxy stands between here and the server".to_owned()
        }
        (Some(1100), Part::Journal | Part::Finish) => {
            "the file leaves table locks behind: end it with UNLOCK TABLES".to_owned()
        }
        (Some(1568), Part::Finish) => {
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

/// The time as refinery writes it.
pub fn now() -> String {
    OffsetDateTime::now_utc()
        .format(&Rfc3339)
        .unwrap_or_default()
}
