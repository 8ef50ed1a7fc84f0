//! Running one script on MySQL, where every DDL statement commits by itself.
//!
//! Each statement goes in a packet of its own together with its journal row: a killed client's
//! packet runs to its end on the server, so a packet must never hold two statements of a script.
//! What the next statement's evidence needs is asked at the end of the packet before, and the
//! record is closed at the end of the last one, which also begins the script that follows: as many
//! turns as statements.

use super::{
    Mysql,
    effect::{Effect, effect},
    evidence, guard,
    journal::{self, InFlight, Position},
    lock,
    packet::{Answer, Packet, Part},
    session::{self, PacketError},
};
use crate::{
    connect,
    engine::{Done, Progress, StepFailure, Work, fingerprint},
    sql::{Commits, SessionUse, Verb},
};
use std::time::Instant;

/// What every script finds, whatever the server's or the login's settings are.
/// Source of the sql_mode: the defaults of MySQL 8.0, 5.1.11 Server SQL Modes.
pub const PINNED: &str = "SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,\
     NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', \
     autocommit = 1, foreign_key_checks = 1, unique_checks = 1, sql_safe_updates = 0, \
     sql_quote_show_create = 1, explicit_defaults_for_timestamp = 1, \
     default_storage_engine = 'InnoDB', transaction_isolation = 'REPEATABLE-READ'";

/// A script under way.
pub struct Run<'a> {
    pub work: &'a Work<'a>,
    /// The lock's name as a literal.
    pub lock: String,
    /// The journal row, once it is committed.
    pub entry: Option<i64>,
    pub begun: Instant,
    pub done: usize,
    pub finished: bool,
    /// Session variables that files before this one have set.
    touched: Vec<String>,
    /// What the statement with that index finds, asked at the end of the packet before it.
    probed: Option<(usize, Option<String>)>,
    /// Did the packet that recorded the script before open the row, with the first statement in flight?
    opened: bool,
    /// The script that follows, as far as this one's end may begin it.
    pub next: Option<&'a Work<'a>>,
    /// Index of a data statement that the guard stopped, and whether no transaction covers it.
    pub guarded: Option<(usize, bool)>,
}

/// Where in a run something failed.
pub struct Broken {
    pub failed: Box<PacketError>,
    pub part: Part,
    pub index: usize,
}

impl Broken {
    /// Was it the guard, which found that no transaction may cover the statement?
    fn is_guards(&self) -> bool {
        self.part == Part::Guard && session::code(&self.failed.error) == Some(1242)
    }
}

/// Runs the script from `work.from` on and records every step.
pub async fn run(
    mysql: &mut Mysql,
    work: &Work<'_>,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Done, StepFailure> {
    let ahead = mysql
        .begun
        .take()
        .filter(|begun| begun.version == work.version && work.from == 0);
    let entry = ahead.as_ref().and_then(|begun| begun.entry);
    let variables = variables(work);
    let mut run = Run {
        work,
        lock: session::text(&lock::name(&mysql.endpoint.database)),
        entry,
        begun: Instant::now(),
        done: work.from,
        finished: false,
        touched: mysql.touched.iter().cloned().collect(),
        probed: ahead.and_then(|begun| begun.found).map(|found| (0, found)),
        opened: entry.is_some(),
        // What the next script finds is asked in this session, which must be as it was pinned.
        next: work.next.filter(|_| !sets_session(work)),
        guarded: None,
    };
    mysql.touched.extend(variables);
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

fn sets_session(work: &Work<'_>) -> bool {
    work.statements
        .iter()
        .any(|statement| statement.facts.commits == Commits::Session)
}

/// The session variables that a script sets, apart from those that are pinned by other statements.
fn variables(work: &Work<'_>) -> Vec<String> {
    let pinned_otherwise = ["names", "character", "charset", "transaction", "autocommit"];
    work.statements
        .iter()
        .flat_map(|statement| &statement.facts.session)
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
        let statement = &self.work.statements[index];
        let (text, facts) = (statement.text(), &statement.facts);
        let last = index + 1 == self.work.statements.len();
        // A procedure answers with any number of results, so nothing may stand behind it.
        let alone = facts.verb == Verb::Call;
        let uncovered = self.guarded == Some((index, true));
        let mut packet = Packet::default();
        self.preamble(&mut packet);
        match facts.commits {
            Commits::Transactional if !uncovered => self.data(&mut packet, index, last),
            Commits::Session => {
                if self.entry.is_none() {
                    self.journal(&mut packet, index, None);
                }
                packet.add(Part::Statement, text);
            }
            commits => {
                self.announce(mysql, &mut packet, index).await?;
                if commits == Commits::Transactional {
                    // Nothing commits it along the way where the file has set autocommit off.
                    packet.add(Part::Journal, "COMMIT");
                }
                packet.add(Part::Statement, text);
                if commits == Commits::Transactional && !last {
                    // No evidence would tell it after a kill in the next statement's transaction.
                    packet.add(Part::Finish, journal::settled(&self.id(), index + 1));
                }
            }
        }
        if last && !alone && (facts.commits != Commits::Transactional || uncovered) {
            self.close(&mut packet);
        }
        match (alone, last) {
            (true, _) => {}
            (false, true) => self.probe_next(&mut packet),
            (false, false) => drop(self.probe(&mut packet, index + 1)),
        }
        let answer = match self.send(mysql, &packet, index).await {
            Err(broken) if broken.is_guards() => {
                self.guarded = Some((index, self.is_uncovered(mysql, index).await?));
                return Box::pin(self.statement(mysql, index)).await;
            }
            sent => sent?,
        };
        match (alone, last) {
            (true, _) => {}
            (false, true) => self.ended(mysql, &answer),
            (false, false) => self.keep(&answer, index + 1),
        }
        Ok(())
    }

    /// A data statement: the journal row and the data commit together or not at all.
    fn data(&self, packet: &mut Packet, index: usize, last: bool) {
        let statement = &self.work.statements[index];
        if self.guarded.is_none_or(|(guarded, _)| guarded != index)
            && let Some(guard) = guard::guard(statement)
        {
            packet.add(Part::Guard, guard);
        }
        packet.add(Part::Journal, "START TRANSACTION");
        self.journal(packet, index + 1, None);
        packet.add(Part::Statement, statement.text());
        if last {
            self.record(packet, Part::Statement);
            self.open_next(packet, Part::Statement);
        }
        packet.add(Part::Statement, "COMMIT");
    }

    /// The journal row of a statement that commits by itself, with what the statement finds; the
    /// proof of the lock where the packet before has opened the row so.
    async fn announce(
        &mut self,
        mysql: &mut Mysql,
        packet: &mut Packet,
        index: usize,
    ) -> Result<(), Broken> {
        if index == 0 && self.opened {
            packet.add(Part::Journal, journal::proof(&self.lock));
            return Ok(());
        }
        let evidence = self.evidence(mysql, index).await?;
        let flight = InFlight {
            number: index + 1,
            sha256: fingerprint(self.work.statements[index].text()),
            evidence: evidence.as_deref().map(session::text),
        };
        self.journal(packet, index, Some(flight));
        Ok(())
    }

    /// Is it so that no transaction covers the statement? Asked when the guard stopped it.
    async fn is_uncovered(&self, mysql: &mut Mysql, index: usize) -> Result<bool, Broken> {
        let statement = self.work.statements.get(index);
        let (Some(conn), Some(statement)) = (mysql.conn.as_mut(), statement) else {
            return Ok(true);
        };
        let confirmed = guard::confirmed(conn, statement).await;
        confirmed.map_err(|failed| Broken {
            failed,
            part: Part::Guard,
            index,
        })
    }

    /// What the session is set to before the first statement, in the first packet.
    pub fn preamble(&self, packet: &mut Packet) {
        if self.entry.is_some() && !self.opened || self.done > self.work.from {
            return;
        }
        let seconds = self.work.lock_timeout.as_secs().max(1);
        for variable in &self.touched {
            packet.add(
                Part::Journal,
                format!(
                    "SET SESSION {} = {}",
                    session::identifier(variable),
                    connect::mysql_pinned(variable).unwrap_or("DEFAULT")
                ),
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
    pub fn journal(&self, packet: &mut Packet, done: usize, in_flight: Option<InFlight>) {
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
        let statement = &self.work.statements[index];
        let commits = statement.facts.commits;
        if !matches!(commits, Commits::ImplicitCommit | Commits::Control) {
            return false;
        }
        let probes = evidence::probes(&effect(statement));
        let any = !probes.is_empty();
        for probe in probes {
            packet.add(Part::Probe, probe);
        }
        any
    }

    fn keep(&mut self, answer: &Answer, index: usize) {
        let found = match effect(&self.work.statements[index]) {
            Effect::Seen(seen) => evidence::read(&seen, &answer.probes),
            Effect::Repeatable | Effect::Hidden(_) => None,
        };
        self.probed = Some((index, found.map(|found| found.to_text())));
    }

    pub async fn send(
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
}
