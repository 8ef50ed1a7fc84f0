//! The end of a script on MySQL: its record, in one transaction with the beginning of the script
//! that follows.

use super::{
    Mysql,
    journal::{self, End, Position},
    next,
    packet::{Answer, Packet, Part},
    run::{Broken, Run},
    session, texts,
};
use crate::engine::{Direction, EntryState};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Fails with 1568 inside a transaction, and else changes nothing.
/// Source: MySQL 8.0 Reference Manual, 15.3.7 SET TRANSACTION.
const NO_TRANSACTION: &str = "SET TRANSACTION READ WRITE";

impl Run<'_> {
    /// History row and the end of the journal row, in a transaction of their own. `is_none_open`: is it known that
    /// none of the file's is open?
    pub fn close(&self, packet: &mut Packet<'_>, is_none_open: bool) {
        if !is_none_open {
            packet.add(Part::Finish, NO_TRANSACTION);
        }
        packet.add(Part::Finish, "START TRANSACTION");
        self.record(packet, Part::Finish);
        self.open_next(packet, Part::Finish);
        packet.add(Part::Finish, "COMMIT");
    }

    /// Begins the script that follows, unless somebody has asked to stop.
    pub fn open_next(&self, packet: &mut Packet<'_>, part: Part) {
        if let Some(next) = self.next.filter(|_| !self.work.stop.soon()) {
            next::open(packet, part, next, &self.lock, &self.known);
        }
    }

    pub fn probe_next(&self, packet: &mut Packet<'_>) {
        if let Some(next) = self.next {
            next::probe(packet, next, &self.known);
        }
    }

    /// The record is closed.
    pub fn ended(&mut self, mysql: &mut Mysql, answer: &Answer) {
        self.finished = true;
        mysql.begun = self.next.map(|next| next::begun(answer, next));
        if let Some(after) = self.next.and_then(|next| next.next) {
            self.known.keep(after, &answer.ahead);
        }
    }

    pub fn record(&self, packet: &mut Packet<'_>, part: Part) {
        let total = self.work.statements.len();
        let end = End {
            state: EntryState::Done,
            position: Position {
                done: total,
                in_flight: None,
            },
            error: None,
        };
        packet.add(part, self.history());
        packet.add(part, journal::close(&self.id(), &end));
    }

    /// The journal row's number. In the packet that opens the row it is not known here yet.
    pub fn id(&self) -> String {
        self.entry.map_or_else(
            || "(SELECT * FROM (SELECT MAX(id) FROM sgmp_db_ledger) AS newest)".to_owned(),
            |id| id.to_string(),
        )
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
    pub async fn finish(&mut self, mysql: &mut Mysql) -> Result<(), Broken> {
        let mut packet = Packet::at(self.work.statements.len());
        self.preamble(&mut packet);
        if self.entry.is_none() {
            packet.add(Part::Finish, "START TRANSACTION");
            let position = Position {
                done: self.done,
                in_flight: None,
            };
            self.journal(&mut packet, &position);
            self.record(&mut packet, Part::Finish);
            packet.add(Part::Finish, "COMMIT");
        } else {
            self.close(&mut packet, false);
        }
        self.probe_next(&mut packet);
        let answer = self.send(mysql, &packet).await?;
        self.ended(mysql, &answer);
        Ok(())
    }
}

impl Run<'_> {
    /// Opens the row of a script that is stored in several pieces, in packets of its own: the packet of
    /// a statement stays small whatever the file's size is. All of it is there or nothing.
    pub async fn store_long_script(&mut self, mysql: &mut Mysql) -> Result<(), Broken> {
        let work = self.work;
        if self.entry.is_some() || texts::is_small(work.text) {
            return Ok(());
        }
        let mut first = Packet::at(work.from);
        if let Some(entry) = work.continues {
            first.add(
                Part::Probe,
                texts::stored_by(entry, &work.checksum, work.text.len()),
            );
        }
        let stored = self.send(mysql, &first).await?;
        let mut packet = Packet::at(work.from);
        self.preamble(&mut packet);
        packet.add(Part::Journal, "START TRANSACTION");
        let position = Position {
            done: work.from,
            in_flight: None,
        };
        packet.add(Part::Journal, journal::open(work, &self.lock, &position));
        packet.add(Part::Entry, "SELECT LAST_INSERT_ID()");
        match texts::number(&stored.probes) {
            Some(other) => packet.add(Part::Journal, texts::same_as("LAST_INSERT_ID()", other)),
            None => {
                for insert in next::script("LAST_INSERT_ID()", work) {
                    packet.add(Part::Journal, insert);
                    self.send(mysql, &packet).await?;
                    packet = Packet::at(work.from);
                }
            }
        }
        packet.add(Part::Journal, "COMMIT");
        self.send(mysql, &packet).await.map(drop)
    }
}

/// The time as refinery writes it.
pub fn now() -> String {
    OffsetDateTime::now_utc()
        .format(&Rfc3339)
        .unwrap_or_default()
}
