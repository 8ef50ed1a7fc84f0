//! In which order do statements turn one schema into another? Pure, for every engine.
//!
//! An engine says what each statement does, as sets of keys: what it [creates](Step::creating),
//! [drops](Step::dropping), [alters](Step::altering) in place, or [disturbs](Step::disturbing): alters in a
//! way that no dependent may see. Which object depends on which is known beforehand, for the schema
//! as it is and for the schema as it should be; the order follows from both:
//!
//! - a dependent is dropped before what it depends on is dropped or disturbed;
//! - an object is made, altered or disturbed before what will depend on it is made;
//! - an object is dropped before one of the same key is made. A name that several kinds share (an
//!   index and a table of one PostgreSQL schema) is a key of its own: `Key::new("name", "public.x")`;
//! - what no rule orders comes as it was added, drops first.
//!
//! What stands in the way unchanged is asked for by [`Planner::detour`], which is told the object and
//! gives the statements that drop it and make it again. Statements that lose something take with them
//! all that makes no sense without them (`withhold.rs`).
//!
//! Keys need not be objects that are compared: a column (`column t.c`), its default, or a shared name
//! is a node too where dependencies are that fine. A cycle is broken in this order: a
//! [hint](Step::hinting) is dropped, then the order in which alterations were added, then a step with a
//! [stub](Step::or_stub) is made in two parts, and last the first step of the cycle goes ahead.
//!
//! ```
//! use sgmp_db::schema::plan::{Dependencies, Planner, Step};
//! use sgmp_db::schema::Key;
//! let (table, view) = (Key::new("table", "t"), Key::new("view", "v"));
//! let column = Key::new("column", "t.c");
//! // The view reads the column, before and after.
//! let reads: Dependencies = [(view.clone(), [table.clone(), column.clone()].into())].into();
//! let mut planner = Planner::new(&reads, &reads);
//! let retype = "ALTER TABLE t ALTER COLUMN c TYPE bigint";
//! planner.add(Step::alter(&table, retype).disturbing(&column));
//! planner.detour(|key, _because| {
//!     vec![Step::drop(key, "DROP VIEW v"), Step::create(key, "CREATE VIEW v AS SELECT c FROM t")]
//! });
//! let sql: Vec<String> = planner.finish().into_iter().map(|repair| repair.sql).collect();
//! assert_eq!(sql, ["DROP VIEW v", retype, "CREATE VIEW v AS SELECT c FROM t"]);
//! ```

mod order;
mod step;
#[cfg(test)]
mod tests;
mod withhold;

pub use step::Step;

use super::{Key, Repair};
use order::{Bond, Bonds};
use std::collections::{BTreeMap, BTreeSet};

/// What each object depends on. A key that is not in it depends on nothing.
pub type Dependencies = BTreeMap<Key, BTreeSet<Key>>;

/// Steps that are being collected.
#[derive(Debug)]
pub struct Planner<'a> {
    expected: &'a Dependencies,
    actual: &'a Dependencies,
    steps: Vec<Step>,
}

impl<'a> Planner<'a> {
    /// What depends on what, as it should be and as it is.
    pub fn new(expected: &'a Dependencies, actual: &'a Dependencies) -> Planner<'a> {
        Planner {
            expected,
            actual,
            steps: Vec::new(),
        }
    }

    /// Takes a step in. One that was taken in already, for the same keys and with the same text, is not
    /// taken twice.
    pub fn add(&mut self, step: Step) {
        if !self.steps.contains(&step) {
            self.steps.push(step);
        }
    }

    /// The steps so far, as they were added.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Asks for the steps around everything that stands in the way of a drop or a disturbance and that
    /// no step drops yet: `around` is given the object in the way and the step that it hinders. No
    /// steps: it does not stand in the way of that one.
    pub fn detour(&mut self, mut around: impl FnMut(&Key, &Step) -> Vec<Step>) {
        let mut dependents: BTreeMap<&Key, BTreeSet<&Key>> = BTreeMap::new();
        for (key, below) in self.actual {
            for one in below {
                dependents.entry(one).or_default().insert(key);
            }
        }
        let of = |steps: &[Step]| -> BTreeSet<Key> {
            steps.iter().flat_map(|one| one.drops.clone()).collect()
        };
        let mut going = of(&self.steps);
        // Steps that drop an object only because of others, by the object.
        let mut detours: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        let mut at = 0;
        while at < self.steps.len() {
            let step = self.steps[at].clone();
            let moved = step.moved();
            let hinderers: BTreeSet<&Key> = moved
                .filter_map(|key| dependents.get(key))
                .flatten()
                .copied()
                .filter(|key| !step.drops.contains(*key))
                .collect();
            for key in hinderers {
                if let Some(steps) = detours.get(key) {
                    for one in steps.clone() {
                        self.steps[one].because.insert(at);
                    }
                } else if !going.contains(key) {
                    let steps = around(key, &step);
                    going.extend(of(&steps));
                    for mut one in steps {
                        one.because.insert(at);
                        for dropped in &one.drops {
                            let places = detours.entry(dropped.clone()).or_default();
                            places.push(self.steps.len());
                        }
                        for created in &one.creates {
                            let places = detours.entry(created.clone()).or_default();
                            places.push(self.steps.len());
                        }
                        self.steps.push(one);
                    }
                }
            }
            at += 1;
        }
    }

    /// The statements in an order that works. Those that make sense only with one that loses something
    /// say so in `destructive` as well.
    pub fn finish(mut self) -> Vec<Repair> {
        let superseded = self.superseded();
        self.resolve();
        let order = loop {
            match order::order(&self.bonds(), &self.steps) {
                Ok(order) => break order,
                Err(stuck) => self.make_in_two_parts(stuck),
            }
        };
        let withheld = withhold::withheld(&self.steps, &self.bonds());
        order
            .into_iter()
            .filter(|at| !superseded.contains(at))
            .map(|at| self.steps[at].repair(withheld.get(&at)))
            .collect()
    }

    /// Alterations of what a detour makes again as expected: nothing waits for them any more, and what
    /// they lose is lost by the detour.
    fn superseded(&mut self) -> BTreeSet<usize> {
        let detours = self.steps.iter().filter(|step| !step.because.is_empty());
        let again: BTreeSet<Key> = detours.flat_map(|step| step.creates.clone()).collect();
        let is_so = |step: &Step| {
            let changed = step.changed();
            step.creates.is_empty()
                && step.drops.is_empty()
                && !changed.is_empty()
                && changed.is_subset(&again)
        };
        let found: BTreeSet<usize> = (0..self.steps.len())
            .filter(|at| is_so(&self.steps[*at]))
            .collect();
        for at in &found {
            let key = self.steps[*at].key.clone();
            let step = std::mem::replace(&mut self.steps[*at], Step::about(&key, ""));
            let mut detours = self.steps.iter_mut().filter(|one| !one.because.is_empty());
            let again = detours.find(|one| !one.creates.is_disjoint(&step.changed()));
            if let (Some(again), Some(reason)) = (again, step.loses) {
                again.loses.get_or_insert(reason);
            }
        }
        found
    }

    /// What each step needs and frees beyond what it says itself, from the dependencies.
    fn resolve(&mut self) {
        let none = BTreeSet::new();
        let (expected, actual) = (self.expected, self.actual);
        for step in &mut self.steps {
            let mut needs = BTreeSet::new();
            let mut frees = BTreeSet::new();
            for key in &step.creates {
                needs.extend(expected.get(key).unwrap_or(&none));
            }
            for key in &step.drops {
                frees.extend(actual.get(key).unwrap_or(&none));
            }
            for key in step.alters.iter().chain(&step.disturbs) {
                let after = expected.get(key).unwrap_or(&none);
                let before = actual.get(key).unwrap_or(&none);
                needs.extend(after.difference(before));
                frees.extend(before.difference(after));
            }
            step.needs.extend(needs.into_iter().cloned());
            step.frees.extend(frees.into_iter().cloned());
            let own = |keys: &BTreeSet<Key>, key: &Key| keys.contains(key);
            step.needs.retain(|key| !own(&step.creates, key));
            step.frees.retain(|key| !own(&step.drops, key));
        }
    }

    /// A step in a cycle that can be made as a stub first: what completes it comes when all is there.
    fn make_in_two_parts(&mut self, at: usize) {
        let Some(stub) = self.steps[at].stub.take() else {
            return;
        };
        let step = &mut self.steps[at];
        let mut whole = step.clone();
        whole.alters = std::mem::take(&mut whole.creates);
        whole.drops.clear();
        step.sql = stub.first;
        whole.sql = stub.completing;
        step.needs.clear();
        step.hints.clear();
        self.steps.push(whole);
    }

    fn bonds(&self) -> Bonds {
        let mut by_key: BTreeMap<&Key, Roles> = BTreeMap::new();
        for (at, step) in self.steps.iter().enumerate() {
            let sets: [(&BTreeSet<Key>, Role); 7] = [
                (&step.creates, |roles| &mut roles.creating),
                (&step.drops, |roles| &mut roles.dropping),
                (&step.alters, |roles| &mut roles.altering),
                (&step.disturbs, |roles| &mut roles.disturbing),
                (&step.needs, |roles| &mut roles.needing),
                (&step.frees, |roles| &mut roles.freeing),
                (&step.hints, |roles| &mut roles.hinting),
            ];
            for (keys, role) in sets {
                for key in keys {
                    role(by_key.entry(key).or_default()).push(at);
                }
            }
        }
        let mut bonds = Bonds::new(self.steps.len());
        let is_detour = |at: &usize| !self.steps[*at].because.is_empty();
        for roles in by_key.values() {
            roles.bind(is_detour, &mut bonds);
        }
        bonds
    }
}

type Role = fn(&mut Roles) -> &mut Vec<usize>;

/// Steps by what they do with one key.
#[derive(Debug, Default)]
struct Roles {
    creating: Vec<usize>,
    dropping: Vec<usize>,
    altering: Vec<usize>,
    disturbing: Vec<usize>,
    needing: Vec<usize>,
    freeing: Vec<usize>,
    hinting: Vec<usize>,
}

impl Roles {
    fn bind(&self, is_detour: impl Fn(&usize) -> bool, bonds: &mut Bonds) {
        bonds.all(&self.dropping, &self.creating, Bond::Hard);
        // Where what only stood in the way stays, whatever needs it has it.
        let (again, anew): (Vec<usize>, Vec<usize>) =
            self.creating.iter().copied().partition(is_detour);
        bonds.all(&again, &self.needing, Bond::Order);
        bonds.all(&anew, &self.needing, Bond::Hard);
        bonds.all(&self.freeing, &self.dropping, Bond::Hard);
        bonds.all(&self.freeing, &self.disturbing, Bond::Hard);
        bonds.all(&self.creating, &self.hinting, Bond::Hint);
        let mut changing: Vec<usize> = self.altering.clone();
        changing.extend(&self.disturbing);
        changing.sort_unstable();
        changing.dedup();
        bonds.all(&changing, &self.needing, Bond::Order);
        bonds.all(&self.freeing, &changing, Bond::Order);
        // An object that is made again is altered afterwards, one that only goes is altered before.
        bonds.all(&self.creating, &changing, Bond::Hard);
        if self.creating.is_empty() {
            bonds.all(&changing, &self.dropping, Bond::Order);
        }
        for pair in changing.windows(2) {
            bonds.one(pair[0], pair[1], Bond::Order);
        }
    }
}
