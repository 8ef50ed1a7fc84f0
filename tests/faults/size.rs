//! How much of the full size is run, and in which order.

use crate::{
    attack::Kind,
    route::{Stop, sample},
};

/// The full size goes over the way so many times, each time at other points of it, so that one
/// that is ended early has been everywhere too.
const ROUNDS: usize = 8;

/// How much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// So many points for each kind that kills or cuts, half of it for those that delay or drop.
    Sample(usize),
    /// Every point, or each `of`th from `part` on.
    Full { part: usize, of: usize },
}

/// The stops of one round, by kind.
pub type Round = Vec<(Kind, Vec<Stop>)>;

impl Size {
    /// `SGMP_DB_FAULTS`: a number of points, `full`, or `full 2/4` for the second of four parts.
    pub fn from_environment(default: usize) -> Size {
        let value = std::env::var("SGMP_DB_FAULTS").unwrap_or_default();
        if value.is_empty() {
            return Size::Sample(default);
        }
        Size::parse(&value).expect("SGMP_DB_FAULTS is `full`, `full N/M` or a number")
    }

    fn parse(value: &str) -> Option<Size> {
        let Some(rest) = value.strip_prefix("full") else {
            return value.parse().ok().map(Size::Sample);
        };
        if rest.is_empty() {
            return Some(Size::Full { part: 1, of: 1 });
        }
        let (part, of) = rest.trim().split_once('/')?;
        let (part, of) = (part.parse().ok()?, of.parse().ok()?);
        (1..=of).contains(&part).then_some(Size::Full { part, of })
    }

    /// Which stops are struck, round by round.
    pub fn rounds(self, stops: &[Stop]) -> Vec<Round> {
        match self {
            Size::Sample(points) => vec![
                Kind::ALL
                    .into_iter()
                    .enumerate()
                    .map(|(index, kind)| {
                        let points = if kind.every() == 1 {
                            points
                        } else {
                            points / 2
                        };
                        (kind, sample(stops, points, index * 3 + 1))
                    })
                    .collect(),
            ],
            Size::Full { part, of } => {
                let part: Vec<_> = stops.iter().skip(part - 1).step_by(of).collect();
                (0..ROUNDS).map(|round| full(&part, round)).collect()
            }
        }
    }
}

fn full(stops: &[&Stop], round: usize) -> Round {
    let struck = |kind: Kind, index: usize| {
        index % ROUNDS == round && index % kind.every() == kind as usize % kind.every()
    };
    let of_kind = |kind| {
        let each = stops.iter().enumerate();
        let each = each.filter(|(index, _)| struck(kind, *index));
        (kind, each.map(|(_, stop)| (*stop).clone()).collect())
    };
    Kind::ALL.map(of_kind).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        route::Stage,
        spot::{Moment, Spot},
    };

    #[test]
    fn all_rounds_of_all_parts_strike_every_point_once_by_every_kind_that_takes_all() {
        let stops: Vec<Stop> = (0..203)
            .map(|number| Stop {
                spot: Spot::Turn(number, Moment::Before),
                stage: Stage::Before,
            })
            .collect();
        let mut struck = Kind::ALL.map(|_| [0; 203]);
        for part in 1..=3 {
            for (kind, stops) in (Size::Full { part, of: 3 }).rounds(&stops).concat() {
                for stop in stops {
                    if let Spot::Turn(number, _) = stop.spot {
                        struck[kind as usize][number] += 1;
                    }
                }
            }
        }
        for kind in Kind::ALL {
            let each = struck[kind as usize];
            assert!(each.iter().all(|times| *times <= 1));
            let points = each.iter().sum::<usize>();
            // One less in each part, where it does not divide.
            let fewest = if kind.every() == 1 {
                203
            } else {
                203 / kind.every() - 3
            };
            assert!(points >= fewest, "{kind}: {points}");
        }
    }

    #[test]
    fn a_size_is_a_number_or_full_or_a_part_of_it() {
        assert_eq!(Size::parse("110"), Some(Size::Sample(110)));
        assert_eq!(Size::parse("full"), Some(Size::Full { part: 1, of: 1 }));
        assert_eq!(Size::parse("full 2/4"), Some(Size::Full { part: 2, of: 4 }));
        for wrong in ["full 5/4", "full 0/4", "fully", "all"] {
            assert_eq!(Size::parse(wrong), None, "{wrong}");
        }
    }
}
