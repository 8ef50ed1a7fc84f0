//! Each step after those that it is bound to, deterministic, and what happens in a cycle.

use super::Step;
use std::collections::{BTreeMap, BTreeSet};

/// How much one step has to come before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bond {
    /// It would be better.
    Hint,
    /// It must, but the later one makes sense without the earlier.
    Order,
    /// It must, and without the earlier one the later fails.
    Hard,
}

/// For each step those that come before it.
#[derive(Debug)]
pub struct Bonds {
    pub before: Vec<BTreeMap<usize, Bond>>,
}

impl Bonds {
    /// None between so many steps.
    pub fn new(steps: usize) -> Bonds {
        Bonds {
            before: vec![BTreeMap::new(); steps],
        }
    }

    /// Every one of the first comes before every one of the second.
    pub fn all(&mut self, first: &[usize], second: &[usize], bond: Bond) {
        for one in first {
            for other in second {
                self.one(*one, *other, bond);
            }
        }
    }

    /// That step before that one; the stronger of two bonds counts.
    pub fn one(&mut self, first: usize, second: usize, bond: Bond) {
        if first != second {
            let known = self.before[second].entry(first).or_insert(bond);
            *known = bond.max(*known);
        }
    }
}

/// The indexes of the steps in order.
///
/// # Errors
/// The step of a cycle that can be made in two parts.
pub fn order(bonds: &Bonds, steps: &[Step]) -> Result<Vec<usize>, usize> {
    let mut rest: BTreeSet<usize> = (0..steps.len()).collect();
    let mut order = Vec::with_capacity(steps.len());
    while !rest.is_empty() {
        let next = next(bonds, steps, &rest)?;
        rest.remove(&next);
        order.push(next);
    }
    Ok(order)
}

fn next(bonds: &Bonds, steps: &[Step], rest: &BTreeSet<usize>) -> Result<usize, usize> {
    let held = |at: usize, weakest: Bond| {
        let mut before = bonds.before[at].iter();
        before.any(|(other, bond)| *bond >= weakest && rest.contains(other))
    };
    let first = |among: &BTreeSet<usize>, weakest: Bond| {
        let free = among.iter().copied().filter(|at| !held(*at, weakest));
        free.min_by_key(|at| rank(&steps[*at], *at))
    };
    if let Some(next) = first(rest, Bond::Hint) {
        return Ok(next);
    }
    let cycle = first_cycle(bonds, rest, Bond::Hint);
    if let Some(next) = first(&cycle, Bond::Order).or_else(|| first(&cycle, Bond::Hard)) {
        return Ok(next);
    }
    let cycle = first_cycle(bonds, rest, Bond::Hard);
    if let Some(stub) = cycle.iter().find(|at| steps[**at].stub.is_some()) {
        return Err(*stub);
    }
    let next = cycle.into_iter().min_by_key(|at| rank(&steps[*at], *at));
    // Where something holds every step back there is a cycle, so the rest's first is never asked for.
    Ok(next.or(rest.first().copied()).unwrap_or_default())
}

/// What nothing orders: drops first, then as it was added.
fn rank(step: &Step, at: usize) -> (bool, usize) {
    let is_drop = !step.drops.is_empty() && step.creates.is_empty();
    (!is_drop, at)
}

/// The members of a cycle that waits for nothing but itself, by bonds of at least that strength.
fn first_cycle(bonds: &Bonds, rest: &BTreeSet<usize>, weakest: Bond) -> BTreeSet<usize> {
    let ancestors = |at: usize| {
        let mut found = BTreeSet::new();
        let mut open = vec![at];
        while let Some(one) = open.pop() {
            for (other, bond) in &bonds.before[one] {
                if *bond >= weakest && rest.contains(other) && found.insert(*other) {
                    open.push(*other);
                }
            }
        }
        found
    };
    let Some(mut at) = rest.iter().copied().find(|at| ancestors(*at).contains(at)) else {
        return BTreeSet::new();
    };
    let mut above = ancestors(at);
    // Upwards, from one cycle to another above it, until there is none.
    while let Some(higher) = above.iter().copied().find(|one| {
        let above = ancestors(*one);
        above.contains(one) && !above.contains(&at)
    }) {
        at = higher;
        above = ancestors(at);
    }
    above.retain(|one| ancestors(*one).contains(&at));
    above
}
