//! Which of a file's statements go to the server together? Pure.
//!
//! Neighbouring data statements share a transaction with their journal row, so that a seed file costs
//! turns and commits by group. A group is small at first and grows while groups are quick: a
//! transaction is to be over in about a second, and nobody knows beforehand what an UPDATE takes.

use crate::sql::{Commits, Statement, Verb};
use std::{ops::Range, time::Duration};

/// The most bytes of statements in a group.
const BYTES: usize = 1 << 20;

/// What a group may cost at first and at most, in statements that insert given values.
const FIRST: usize = 64;
const MOST: usize = 1_024;

/// What a statement costs that may go over a whole table.
const SEARCHES: usize = 8;

/// A group that takes less lets the next one be larger, one that takes more makes it smaller.
const QUICK: Duration = Duration::from_millis(250);
const SLOW: Duration = Duration::from_millis(1_000);

/// Decides how far each step goes.
#[derive(Debug)]
pub struct Planner {
    budget: usize,
    bytes: usize,
    /// Statements before that index go one by one.
    singly: usize,
    /// A group ends in front of that index, where an earlier one failed, and the statement goes alone.
    alone: Option<usize>,
}

/// What matters here of a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    /// None where it must go alone.
    pub cost: Option<usize>,
    pub bytes: usize,
}

impl Weight {
    /// May it share a transaction? What needs something of its session goes alone, and so does
    /// everything that could do more than its words say.
    pub fn of(statement: &Statement) -> Weight {
        let facts = &statement.facts;
        let shares = facts.commits == Commits::Transactional && facts.session.is_empty();
        let cost = match facts.verb {
            Verb::Insert | Verb::Replace => 1,
            _ => SEARCHES,
        };
        let changes = matches!(
            facts.verb,
            Verb::Insert | Verb::Replace | Verb::Update | Verb::Delete
        );
        Weight {
            cost: (shares && changes).then_some(cost),
            bytes: statement.text().len(),
        }
    }
}

impl Planner {
    /// For a server that takes packets of so many bytes.
    pub fn new(packet_limit: usize) -> Planner {
        Planner {
            budget: FIRST,
            bytes: BYTES.min(packet_limit / 4),
            singly: 0,
            alone: None,
        }
    }

    /// The statements of the next step: several only where they share a transaction.
    pub fn step(
        &self,
        from: usize,
        total: usize,
        weight: impl Fn(usize) -> Weight,
    ) -> Range<usize> {
        let (mut end, mut cost, mut bytes) = (from, 0, 0);
        while end < total {
            let next = weight(end);
            let Some(more) = next
                .cost
                .filter(|_| end >= self.singly && self.alone != Some(end))
            else {
                break;
            };
            cost += more;
            bytes += next.bytes;
            if end > from && (cost > self.budget || bytes > self.bytes) {
                break;
            }
            end += 1;
        }
        from..end.max(from + 1)
    }

    /// A group is in the database.
    pub fn took(&mut self, statements: usize, time: Duration) {
        if statements < 2 {
            return;
        }
        if time < QUICK {
            self.budget = (self.budget * 4).min(MOST);
        } else if time > SLOW {
            self.budget = (self.budget / 4).max(1);
        }
    }

    /// Nothing of a group is in the database because of one of its statements: those in front of
    /// it go again, and then it by itself, as if each had gone alone from the beginning.
    pub fn without(&mut self, statement: usize) {
        self.alone = Some(statement);
    }

    /// Up to that index nothing shares a transaction.
    pub fn singly_until(&mut self, end: usize) {
        self.singly = end;
    }
}

/// Words for a group whose end nobody saw, behind what failed.
pub fn one_transaction(group: &Range<usize>) -> String {
    format!(
        "; statements {} to {} are one transaction, and the record tells whether it is in the database",
        group.start + 1,
        group.end
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(planner: &Planner, weights: &[Weight]) -> Vec<Range<usize>> {
        let (mut steps, mut at) = (Vec::new(), 0);
        while at < weights.len() {
            let step = planner.step(at, weights.len(), |index| weights[index]);
            at = step.end;
            steps.push(step);
        }
        steps
    }

    fn row(bytes: usize) -> Weight {
        let cost = Some(1);
        Weight { cost, bytes }
    }

    const DDL: Weight = Weight {
        cost: None,
        bytes: 50,
    };

    #[test]
    fn what_commits_by_itself_ends_a_group() {
        let planner = Planner::new(64 << 20);
        let file = [row(9), row(9), DDL, row(9), DDL, DDL, row(9), row(9)];
        assert_eq!(steps(&planner, &file), [0..2, 2..3, 3..4, 4..5, 5..6, 6..8]);
    }

    #[test]
    fn a_group_is_bounded_by_bytes_and_one_that_is_larger_goes_alone() {
        let planner = Planner::new(64 << 20);
        let file = [
            row(BYTES / 2),
            row(BYTES / 2),
            row(1),
            row(9 * BYTES),
            row(1),
        ];
        assert_eq!(steps(&planner, &file), [0..2, 2..3, 3..4, 4..5]);
        let small = Planner::new(4_000);
        assert_eq!(steps(&small, &[row(600); 3]), [0..1, 1..2, 2..3]);
        assert_eq!(steps(&small, &[row(500); 3]), [0..2, 2..3]);
    }

    #[test]
    fn groups_grow_while_they_are_quick_and_shrink_when_they_are_not() {
        let mut planner = Planner::new(64 << 20);
        let many = vec![row(100); 5_000];
        let length = |planner: &Planner| planner.step(0, many.len(), |index| many[index]).len();
        assert_eq!(length(&planner), FIRST);
        for _ in 0..9 {
            planner.took(FIRST, Duration::from_millis(5));
        }
        assert_eq!(length(&planner), MOST);
        for _ in 0..9 {
            planner.took(FIRST, Duration::from_secs(5));
        }
        assert_eq!(length(&planner), 1);
        let heavy = Weight {
            cost: Some(SEARCHES),
            bytes: 100,
        };
        let first = Planner::new(64 << 20).step(0, 5_000, |_| heavy);
        assert_eq!(first.len(), FIRST / SEARCHES);
    }

    #[test]
    fn after_a_failure_those_in_front_of_it_go_first_and_it_goes_alone() {
        let mut planner = Planner::new(64 << 20);
        planner.without(3);
        assert_eq!(steps(&planner, &[row(9); 6]), [0..3, 3..4, 4..6]);
        planner.singly_until(5);
        assert_eq!(
            steps(&planner, &[row(9); 7]),
            [0..1, 1..2, 2..3, 3..4, 4..5, 5..7]
        );
    }
}
