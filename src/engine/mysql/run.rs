//! Running one script on MySQL, where every DDL statement commits by itself.
//!
//! Each statement that commits by itself goes in a packet of its own together with its journal row: a
//! killed client's packet runs to its end on the server, so a packet must never hold two of them.
//! Neighbouring data statements share a packet and a transaction (`group`), so that all are in or none.
//! What the next statement's evidence needs is asked at the end of the packet before, and the
//! record is closed at the end of the last one, which also begins the script that follows: as many
//! turns as statements.

use super::{
    Mysql,
    effect::effect,
    guard,
    journal::{self, InFlight, Position},
    known::Known,
    lock, next,
    packet::{Answer, FailedPart, Packet, Part},
    preamble::{is_plain, leaves_session, seconds, sets_session, variables},
    session::{self, PacketError},
    texts,
};
use crate::{
    engine::{Done, Planner, Progress, StepFailure, Weight, Work, fingerprint},
    sql::{Commits, Verb},
};
use std::{ops::Range, time::Instant};

/// A script under way.
pub struct Run<'a> {
    pub work: &'a Work<'a>,
    /// The lock's name as a literal.
    pub lock: String,
    /// The journal row, once it is committed.
    pub entry: Option<i64>,
    pub begun: Instant,
    /// The server's, as comments write it: 80404 is 8.4.4.
    pub version: u32,
    pub done: usize,
    pub finished: bool,
    /// Session variables that files before this one have set.
    pub touched: Vec<String>,
    /// Is the session as a script is to find it?
    pub is_pinned: bool,
    /// The table names in use.
    pub known: Known,
    /// What the statement with that index finds, asked at the end of the packet before it.
    pub probed: Option<(usize, Option<String>)>,
    /// Did the packet that recorded the script before open the row, with the first statement in flight?
    pub opened: bool,
    /// The script that follows, as far as this one's end may begin it.
    pub next: Option<&'a Work<'a>>,
    /// Index of a data statement that the guard stopped, and whether no transaction covers it.
    pub guarded: Option<(usize, bool)>,
    pub planner: Planner,
    /// A failure in a group, told once those in front of the statement are in the database again.
    pub postponed: Option<Broken>,
}

/// Where in a run something failed.
pub struct Broken {
    pub failed: Box<PacketError>,
    pub part: Part,
    pub index: usize,
    /// The statements that share its transaction, where the connection was lost with them under way.
    pub group: Option<Range<usize>>,
}

impl Broken {
    /// Was it the guard, which found that no transaction may cover the statement?
    pub fn is_guards(&self) -> bool {
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
    let pinned = mysql.pinned.take();
    let mut run = Run {
        work,
        lock: session::text(&lock::name(&mysql.endpoint.database)),
        entry,
        begun: Instant::now(),
        version: mysql.conn.as_ref().map_or(0, |conn| session::version(conn)),
        done: work.from,
        finished: false,
        touched: mysql.touched.iter().cloned().collect(),
        is_pinned: pinned == Some(seconds(work)) && work.settings.is_empty(),
        known: std::mem::take(&mut mysql.known),
        probed: ahead.and_then(|begun| begun.found).map(|found| (0, found)),
        opened: entry.is_some(),
        // What the next script finds is asked in this session, which must be as it was pinned.
        next: work.next.filter(|_| !sets_session(work)),
        guarded: None,
        planner: Planner::new(mysql.packet_limit),
        postponed: None,
    };
    mysql.touched.extend(variables);
    let ran = statements(&mut run, mysql, progress).await;
    mysql.pinned = (ran.is_ok() && leaves_session(work)).then(|| seconds(work));
    mysql.known = run.known;
    if ran.is_err() {
        mysql.known.forget_ahead();
    }
    ran
}

/// All that are left, and the record.
async fn statements(
    run: &mut Run<'_>,
    mysql: &mut Mysql,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Done, StepFailure> {
    if let Err(broken) = run.store_long_script(mysql).await {
        return Err(run.failed(mysql, broken).await);
    }
    while run.done < run.work.statements.len() {
        if run.work.stop.now() {
            return Err(run.stopped(mysql).await);
        }
        if let Err(broken) = run.step(mysql).await {
            return Err(run.failed(mysql, broken).await);
        }
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

impl Run<'_> {
    /// The next statement, or the next group of them.
    async fn step(&mut self, mysql: &mut Mysql) -> Result<(), Broken> {
        let statements = self.work.statements;
        let weight = |index: usize| Weight::of(&statements[index]);
        let step = self.planner.step(self.done, statements.len(), weight);
        if let Some(broken) = self.postponed.take_if(|broken| broken.index == step.start) {
            return Err(broken);
        }
        if step.len() > 1 {
            return self.group(mysql, step).await;
        }
        self.statement(mysql, step.start).await?;
        self.done = step.end;
        Ok(())
    }

    /// One statement with its journal row, in one packet.
    async fn statement(&mut self, mysql: &mut Mysql, index: usize) -> Result<(), Broken> {
        let statement = &self.work.statements[index];
        let (text, facts) = (statement.on_server(self.version), &statement.facts);
        let known = self.known(index);
        self.known.note(facts, &effect(statement));
        let last = index + 1 == self.work.statements.len();
        // A procedure answers with any number of results, so nothing may stand behind it.
        let alone = facts.verb == Verb::Call;
        let uncovered = self.guarded == Some((index, true));
        let mut packet = Packet::at(index);
        self.preamble(&mut packet);
        match facts.commits {
            Commits::Transactional if !uncovered => self.data(&mut packet, index..index + 1),
            Commits::Session => {
                if self.entry.is_none() {
                    self.journal_alone(&mut packet, index, None);
                }
                packet.add(Part::Statement, text);
            }
            commits => {
                self.announce(mysql, &mut packet, index, known).await?;
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
            self.close(&mut packet, is_plain(statement) && !sets_session(self.work));
        }
        if !alone {
            self.probe_behind(&mut packet, index + 1);
        }
        let answer = match self.send(mysql, &packet).await {
            Err(broken) if broken.is_guards() => {
                self.guarded = Some((index, self.is_uncovered(mysql, index).await?));
                return Box::pin(self.statement(mysql, index)).await;
            }
            sent => sent?,
        };
        if !alone {
            self.answered(mysql, &answer, index + 1);
        }
        Ok(())
    }

    /// The journal row of a statement that commits by itself, with what the statement finds; the
    /// proof of the lock where the packet before has opened the row so.
    async fn announce(
        &mut self,
        mysql: &mut Mysql,
        packet: &mut Packet<'_>,
        index: usize,
        known: Option<String>,
    ) -> Result<(), Broken> {
        if index == 0 && self.opened {
            packet.add(Part::Journal, journal::proof(&self.lock));
            return Ok(());
        }
        let evidence = match known {
            Some(known) => Some(known),
            None => self.evidence(mysql, index).await?,
        };
        let flight = InFlight {
            number: index + 1,
            sha256: fingerprint(self.work.statements[index].text()),
            evidence: None,
        };
        self.journal_alone(packet, index, Some((flight, evidence)));
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
            group: None,
        })
    }

    /// Opens the journal row, with the script that it is about, or moves it on.
    pub fn journal(&self, packet: &mut Packet<'_>, position: &Position) {
        match self.entry {
            Some(id) => packet.add(Part::Journal, journal::advance(id, &self.lock, position)),
            None => {
                packet.add(
                    Part::Journal,
                    journal::open(self.work, &self.lock, position),
                );
                packet.add(Part::Entry, "SELECT LAST_INSERT_ID()");
                for insert in next::script("LAST_INSERT_ID()", self.work) {
                    packet.add(Part::Journal, insert);
                }
            }
        }
    }

    /// The same outside of a transaction of the file's, with what the statement in flight finds.
    fn journal_alone(
        &self,
        packet: &mut Packet<'_>,
        done: usize,
        flight: Option<(InFlight, Option<String>)>,
    ) {
        let (in_flight, evidence) =
            flight.map_or((None, None), |(flight, evidence)| (Some(flight), evidence));
        let mut position = Position { done, in_flight };
        let entry = self
            .entry
            .map_or_else(|| "LAST_INSERT_ID()".to_owned(), |id| id.to_string());
        let mut stored = Vec::new();
        if let (Some(flight), Some(evidence)) = (&mut position.in_flight, evidence) {
            let (row, elsewhere) = texts::evidence(&entry, flight.number, &evidence);
            flight.evidence = Some(row);
            stored = elsewhere;
        }
        let together = self.entry.is_none() || !stored.is_empty();
        if together {
            packet.add(Part::Journal, "START TRANSACTION");
        }
        self.journal(packet, &position);
        for statement in stored {
            packet.add(Part::Journal, statement);
        }
        if together {
            packet.add(Part::Journal, "COMMIT");
        }
    }

    pub async fn send(&mut self, mysql: &mut Mysql, packet: &Packet<'_>) -> Result<Answer, Broken> {
        let limit = mysql.packet_limit;
        let sent = match mysql.conn.as_mut() {
            Some(conn) => packet.send(conn, limit).await,
            None => {
                let closed = mysql_async::DriverError::ConnectionClosed;
                Err(FailedPart {
                    failed: Box::new(PacketError::unsent(closed)),
                    part: Part::Journal,
                    at: packet.at,
                })
            }
        };
        match sent {
            Ok(answer) => {
                self.entry = self.entry.or(answer.entry);
                Ok(answer)
            }
            Err(FailedPart { failed, part, at }) => {
                if let Some(entry) = packet.entry(&failed.sets) {
                    self.entry = self.entry.or(Some(entry));
                }
                Err(Broken {
                    failed,
                    part,
                    index: at,
                    group: None,
                })
            }
        }
    }
}
