//! Where a run is struck.

use crate::{breaker::Seen, wire::Way};
use std::fmt;

/// On which side of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// The packet never arrives.
    Before,
    /// The packet is the last that arrives.
    After,
}

/// A place in a run: connections and packets are counted from 0, packets by direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub connection: usize,
    pub way: Way,
    pub packet: usize,
    pub moment: Moment,
}

/// Where a run is struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// A place of an undisturbed run.
    At(Point),
    /// The client's packet with that number over all connections, from 0, whatever is in it.
    Turn(usize, Moment),
    /// The packet that asks for this statement, whichever it is in a run that resumes.
    Asking(String, Moment),
    /// The first packet of the answer to it.
    Answer(String),
}

/// Does a packet ask for this statement itself? One that only quotes it, as the ledger's row
/// quotes a whole file, does not.
pub fn asks(text: &str, statement: &str) -> bool {
    text.split("\n;").any(|part| part.trim() == statement)
}

/// A spot that a run has not come to yet.
#[derive(Debug)]
pub struct Ahead {
    spot: Spot,
    /// The connection whose answer is waited for.
    asked_on: Option<usize>,
}

impl From<Spot> for Ahead {
    fn from(spot: Spot) -> Ahead {
        Ahead {
            spot,
            asked_on: None,
        }
    }
}

impl Ahead {
    /// Is it at this packet? `turn` is the packet's number among all of the client's.
    pub fn is_at(&mut self, packet: &Seen, turn: Option<usize>) -> Option<Moment> {
        match &self.spot {
            Spot::At(point) => {
                let here = (packet.connection, packet.way, packet.packet);
                ((point.connection, point.way, point.packet) == here).then_some(point.moment)
            }
            Spot::Turn(number, moment) => (turn == Some(*number)).then_some(*moment),
            Spot::Asking(statement, moment) => asks(&packet.text, statement).then_some(*moment),
            Spot::Answer(statement) => match self.asked_on {
                None if asks(&packet.text, statement) => {
                    self.asked_on = Some(packet.connection);
                    None
                }
                Some(connection)
                    if connection == packet.connection && packet.way == Way::ToClient =>
                {
                    Some(Moment::Before)
                }
                _ => None,
            },
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Moment::Before => "before",
            Moment::After => "after",
        })
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spot::At(point) => {
                let whose = match point.way {
                    Way::ToServer => "the client's",
                    Way::ToClient => "the server's",
                };
                let (packet, connection) = (point.packet + 1, point.connection + 1);
                let moment = point.moment;
                write!(
                    f,
                    "{moment} {whose} packet {packet} of connection {connection}"
                )
            }
            Spot::Turn(number, moment) => {
                write!(f, "{moment} the client's packet {} of all", number + 1)
            }
            Spot::Asking(_, moment) => write!(f, "{moment} the packet that asks for it"),
            Spot::Answer(_) => f.write_str("before the answer to it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(way: Way, connection: usize, text: &str) -> Seen {
        Seen {
            connection,
            way,
            packet: 0,
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_packet_that_only_quotes_a_statement_does_not_ask_for_it() {
        let statement = "UPDATE t SET n = n + 1";
        assert!(asks(statement, statement));
        assert!(asks(
            "START TRANSACTION\n;UPDATE t SET n = n + 1\n;COMMIT",
            statement
        ));
        assert!(!asks("UPDATE t SET n = n + 1, m = 2", statement));
        assert!(!asks(
            "INSERT INTO ledger VALUES ('UPDATE t SET n = n + 1')",
            statement
        ));
    }

    #[test]
    fn an_answer_is_waited_for_on_the_connection_that_asked() {
        let mut ahead = Ahead::from(Spot::Answer("SELECT 1".to_owned()));
        let mut at = |way, connection, text| ahead.is_at(&packet(way, connection, text), None);
        assert_eq!(at(Way::ToClient, 1, ""), None);
        assert_eq!(at(Way::ToServer, 1, "SELECT 1"), None);
        assert_eq!(at(Way::ToClient, 0, ""), None);
        assert_eq!(at(Way::ToClient, 1, ""), Some(Moment::Before));
    }
}
