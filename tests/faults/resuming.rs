//! Where a run that resumes is struck again: at something that it surely comes by.

use crate::{
    breaker::Seen,
    route::{Stage, Stop},
    spot::{Moment, Spot, asks},
    wire::Way,
};

/// A run that was struck once.
pub struct Resuming<'a> {
    /// What had come by.
    pub seen: &'a [Seen],
    /// Every statement there is.
    pub statements: &'a [String],
    /// How many packets a client sends that finds nothing to do.
    pub idle: usize,
}

impl Resuming<'_> {
    /// How many statements it does not need to ask for again. An open transaction is gone with
    /// its session; a statement that was asked for outside of one may be in the database.
    fn behind(&self) -> usize {
        let (mut asked, mut behind, mut open) = (0, 0, false);
        for packet in self.seen.iter().filter(|seen| seen.way == Way::ToServer) {
            while let Some(statement) = self.statements.get(asked)
                && asks(&packet.text, statement)
            {
                asked += 1;
            }
            // Settings and the record may share a packet with them.
            if packet.text.ends_with("COMMIT") || packet.text == "ROLLBACK" {
                open = false;
            } else if packet.text.starts_with("BEGIN") {
                open = true;
            }
            if !open {
                behind = asked;
            }
        }
        behind
    }

    /// The `nth` choice: three of four times at a statement that is still ahead, before and after
    /// the packet that asks for it and before the answer; else at one of its first packets,
    /// while it logs in, looks what there is and decides.
    pub fn again(&self, nth: usize) -> Stop {
        let behind = self.behind();
        let ahead = self.statements.len() - behind;
        // Neighbours in the order of the cases are to be far apart here.
        let spread = nth * 37 + nth / 5;
        let moment = if nth.is_multiple_of(2) {
            Moment::Before
        } else {
            Moment::After
        };
        if ahead == 0 || nth % 4 == 3 {
            // With something to do it also decides, and asks for what is ahead in a packet at least.
            let certain = self.idle + ahead.min(1);
            return Stop {
                spot: Spot::Turn(spread % certain, moment),
                stage: Stage::Resuming,
            };
        }
        let index = behind + spread % ahead;
        let statement = self.statements[index].clone();
        Stop {
            stage: Stage::of(index + 1, &statement),
            spot: match nth % 3 {
                0 => Spot::Answer(statement),
                _ => Spot::Asking(statement, moment),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(texts: &[&str]) -> usize {
        let packet = |(packet, text): (usize, &&str)| Seen {
            connection: 0,
            way: Way::ToServer,
            packet,
            text: (*text).to_owned(),
        };
        let seen: Vec<_> = texts.iter().enumerate().map(packet).collect();
        let statements = ["A", "B", "C"].map(str::to_owned);
        let resuming = Resuming {
            seen: &seen,
            statements: &statements,
            idle: 9,
        };
        for nth in 0..99 {
            if let Stage::Statement(number, _) = resuming.again(nth).stage {
                assert!(number > resuming.behind());
            }
        }
        resuming.behind()
    }

    #[test]
    fn what_was_asked_for_in_a_transaction_is_behind_once_it_was_committed() {
        assert_eq!(behind(&["login", "BEGIN", "A", "B"]), 0);
        assert_eq!(behind(&["login", "BEGIN", "A", "B", "COMMIT"]), 2);
        assert_eq!(behind(&["BEGIN; SET", "A", "B", "INSERT; COMMIT"]), 2);
        assert_eq!(behind(&["BEGIN; SET", "A", "B"]), 0);
        assert_eq!(behind(&["START TRANSACTION\n;A\n;COMMIT", "UPDATE\n;B"]), 2);
        assert_eq!(behind(&["A", "B", "C", "quit"]), 3);
    }
}
