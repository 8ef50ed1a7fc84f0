//! One packet of a run: what belongs to the runner, which one is the file's, and what the answer says.

use super::session::{self, PacketError};
use mysql_async::{Conn, Row};

/// What a statement of a packet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The session's settings and the journal row, before the file's statement.
    Journal,
    /// Asks for the number of the journal row just opened.
    Entry,
    /// Fails when the statement may change what no transaction covers; nothing has run then.
    Guard,
    /// The file's statement, to the end of its transaction.
    Statement,
    /// The record of the whole file, behind its last statement.
    Finish,
    /// Asks for the number of the journal row that was opened for the script that follows.
    NextEntry,
    /// What the next statement will find.
    Probe,
}

/// Statements that go out together.
#[derive(Debug, Default)]
pub struct Packet {
    parts: Vec<(Part, String)>,
}

/// What came back.
#[derive(Debug, Default)]
pub struct Answer {
    /// Number of the journal row that the packet opened.
    pub entry: Option<i64>,
    /// Number of the one that it opened for the script that follows.
    pub next_entry: Option<i64>,
    /// The rows of the probes, as far as they were answered.
    pub probes: Vec<Vec<Row>>,
}

impl Packet {
    /// Adds a statement at the end.
    pub fn add(&mut self, part: Part, statement: impl Into<String>) {
        self.parts.push((part, statement.into()));
    }

    /// Sends it. A probe that fails (there is no such table) is an answer too: everything before
    /// it has run. An error comes with what failed.
    pub async fn send(&self, conn: &mut Conn) -> Result<Answer, (Box<PacketError>, Part)> {
        let texts: Vec<&str> = self.parts.iter().map(|(_, text)| text.as_str()).collect();
        match session::packet(conn, &texts).await {
            Ok(sets) => Ok(self.answer(sets)),
            Err(failed) => {
                let part = self
                    .parts
                    .get(failed.index)
                    .map_or(Part::Statement, |(part, _)| *part);
                if part == Part::Probe && !session::is_lost(&failed.error) {
                    return Ok(self.answer(failed.sets));
                }
                let part = match part {
                    // A lost connection says nothing about how far the packet ran.
                    _ if session::is_lost(&failed.error) && self.holds_statement() => {
                        Part::Statement
                    }
                    Part::Entry => Part::Journal,
                    Part::NextEntry => Part::Finish,
                    part => part,
                };
                Err((failed, part))
            }
        }
    }

    /// Number of the journal row that the packet opened, from the rows that came back.
    pub fn entry(&self, sets: &[Vec<Row>]) -> Option<i64> {
        self.number(sets, Part::Entry)
    }

    fn number(&self, sets: &[Vec<Row>], asked: Part) -> Option<i64> {
        let at = self.parts.iter().position(|(part, _)| *part == asked)?;
        sets.get(at)?.first()?.get_opt::<i64, _>(0)?.ok()
    }

    fn holds_statement(&self) -> bool {
        self.parts.iter().any(|(part, _)| *part == Part::Statement)
    }

    fn answer(&self, sets: Vec<Vec<Row>>) -> Answer {
        let entry = self.entry(&sets);
        let next_entry = self.number(&sets, Part::NextEntry);
        let probes = self
            .parts
            .iter()
            .zip(sets)
            .filter(|((part, _), _)| *part == Part::Probe)
            .map(|(_, rows)| rows)
            .collect();
        Answer {
            entry,
            next_entry,
            probes,
        }
    }
}
