//! One packet of a run: what belongs to the runner, which statements are the file's, and what the
//! answer says.

use super::session::{self, PacketError};
use mysql_async::{Conn, Row};
use std::borrow::Cow;

/// The most bytes that are put together, where the server takes more. What is longer by itself goes
/// by itself, and is not copied.
const TOGETHER: usize = 2 << 20;

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
    /// What the script behind the next one will find.
    Ahead,
}

impl Part {
    /// Does anybody read its rows? A statement of the file may have any number of them.
    fn answers(self) -> bool {
        matches!(
            self,
            Part::Entry | Part::NextEntry | Part::Probe | Part::Ahead
        )
    }
}

/// Statements that go out together.
#[derive(Debug, Default)]
pub struct Packet<'t> {
    pieces: Vec<Piece<'t>>,
    /// Index of the file's statement that what is added now belongs to.
    pub at: usize,
}

#[derive(Debug)]
struct Piece<'t> {
    part: Part,
    at: usize,
    text: Cow<'t, str>,
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
    /// The same of what was asked further ahead.
    pub ahead: Vec<Vec<Row>>,
}

/// What failed.
#[derive(Debug)]
pub struct FailedPart {
    pub failed: Box<PacketError>,
    pub part: Part,
    /// Index of the file's statement that it belongs to.
    pub at: usize,
}

impl<'t> Packet<'t> {
    /// For the file's statement with that index.
    pub fn at(at: usize) -> Packet<'t> {
        Packet {
            pieces: Vec::new(),
            at,
        }
    }

    /// Adds a statement at the end.
    pub fn add(&mut self, part: Part, statement: impl Into<Cow<'t, str>>) {
        self.pieces.push(Piece {
            part,
            at: self.at,
            text: statement.into(),
        });
    }

    /// Sends it, in parts where it is larger than `limit`, which the server takes at once. A probe
    /// that fails (there is no such table) is an answer too: everything before it has run.
    pub async fn send(&self, conn: &mut Conn, limit: usize) -> Result<Answer, FailedPart> {
        let mut sets = Vec::with_capacity(self.pieces.len());
        for pieces in self.sendings(limit.min(TOGETHER)) {
            let texts: Vec<&str> = pieces.iter().map(|piece| &*piece.text).collect();
            let keep = |index: usize| pieces.get(index).is_some_and(|piece| piece.part.answers());
            match session::packet_keeping(conn, &texts, keep).await {
                Ok(answered) => sets.extend(answered),
                Err(mut failed) => {
                    let before = sets.len();
                    sets.append(&mut failed.sets);
                    failed.index += before;
                    failed.sets = sets;
                    return self.failed(failed);
                }
            }
        }
        Ok(self.answer(sets))
    }

    /// The statements of each sending.
    fn sendings(&self, limit: usize) -> Vec<&[Piece<'t>]> {
        let (mut sendings, mut start, mut length) = (Vec::new(), 0, 0);
        for (index, piece) in self.pieces.iter().enumerate() {
            let more = piece.text.len() + session::BETWEEN.len();
            if index > start && length + more > limit {
                sendings.push(&self.pieces[start..index]);
                (start, length) = (index, 0);
            }
            length += more;
        }
        if start < self.pieces.len() {
            sendings.push(&self.pieces[start..]);
        }
        sendings
    }

    fn failed(&self, failed: Box<PacketError>) -> Result<Answer, FailedPart> {
        let lost = session::is_lost(&failed.error);
        let piece = self.pieces.get(failed.index).or(self.pieces.last());
        let (part, at) = piece.map_or((Part::Statement, self.at), |piece| (piece.part, piece.at));
        if matches!(part, Part::Probe | Part::Ahead) && !lost {
            return Ok(self.answer(failed.sets));
        }
        let part = match part {
            // A lost connection says nothing about how far the packet ran.
            _ if lost && self.holds_statement() => Part::Statement,
            Part::Entry => Part::Journal,
            Part::NextEntry => Part::Finish,
            part => part,
        };
        Err(FailedPart { failed, part, at })
    }

    /// Number of the journal row that the packet opened, from the rows that came back.
    pub fn entry(&self, sets: &[Vec<Row>]) -> Option<i64> {
        self.number(sets, Part::Entry)
    }

    fn number(&self, sets: &[Vec<Row>], asked: Part) -> Option<i64> {
        let at = self.pieces.iter().position(|piece| piece.part == asked)?;
        sets.get(at)?.first()?.get_opt::<i64, _>(0)?.ok()
    }

    fn holds_statement(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| piece.part == Part::Statement)
    }

    fn answer(&self, sets: Vec<Vec<Row>>) -> Answer {
        let entry = self.entry(&sets);
        let next_entry = self.number(&sets, Part::NextEntry);
        let mut answer = Answer {
            entry,
            next_entry,
            ..Answer::default()
        };
        for (piece, rows) in self.pieces.iter().zip(sets) {
            match piece.part {
                Part::Probe => answer.probes.push(rows),
                Part::Ahead => answer.ahead.push(rows),
                _ => {}
            }
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_sent_in_parts_that_the_server_takes_and_a_long_statement_by_itself() {
        let mut packet = Packet::default();
        for length in [10, 10, 500, 10, 80, 10] {
            packet.add(Part::Statement, "x".repeat(length));
        }
        let lengths = |limit| -> Vec<usize> {
            packet
                .sendings(limit)
                .iter()
                .map(|some| some.len())
                .collect()
        };
        assert_eq!(lengths(1_000), [6]);
        assert_eq!(lengths(100), [2, 1, 2, 1]);
        assert_eq!(lengths(1), [1, 1, 1, 1, 1, 1]);
    }
}
