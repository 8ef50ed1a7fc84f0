//! Plans for graphs that nobody thought of, run on a model of a server that refuses what a real one does.

use super::{Dependencies, Key, Planner, Repair, Step};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers in a row that a seed decides (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).expect("31 bits") % sides
    }

    fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for place in (1..count).rev() {
            order.swap(place, self.roll(place + 1));
        }
        order
    }
}

fn key(number: usize) -> Key {
    Key::new("node", number.to_string())
}

/// What becomes of an object that is on both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Same,
    Altered,
    Disturbed,
    Replaced,
}

/// Two schemas, and what differs.
#[derive(Debug)]
struct Pair {
    expected: Dependencies,
    actual: Dependencies,
    fates: BTreeMap<Key, Fate>,
}

fn pair(dice: &mut Dice) -> Pair {
    let count = 2 + dice.roll(12);
    let (before, after) = (dice.order(count), dice.order(count));
    let mut pair = Pair {
        expected: Dependencies::new(),
        actual: Dependencies::new(),
        fates: BTreeMap::new(),
    };
    let sides: Vec<usize> = (0..count).map(|_| dice.roll(5)).collect();
    let (is_actual, is_expected) = (|side: usize| side != 0, |side: usize| side != 1);
    for number in 0..count {
        let mut below = |rank: &[usize], there: &dyn Fn(usize) -> bool| -> BTreeSet<Key> {
            (0..count)
                .filter(|other| {
                    rank[*other] < rank[number] && there(sides[*other]) && dice.roll(4) == 0
                })
                .map(key)
                .collect()
        };
        let found = below(&before, &is_actual);
        let wanted = below(&after, &is_expected);
        let both = |keys: &BTreeSet<Key>| -> BTreeSet<Key> {
            let allowed = |one: &&Key| {
                (0..count).any(|other| {
                    key(other) == **one
                        && before[other] < before[number]
                        && after[other] < after[number]
                        && sides[other] > 1
                })
            };
            keys.iter().filter(allowed).cloned().collect()
        };
        let (found, wanted, fate) = match (sides[number] > 1, dice.roll(4)) {
            (true, 0) => (found, wanted, Some(Fate::Replaced)),
            (true, 1) => (both(&found), both(&found), Some(Fate::Same)),
            (true, 2) => {
                let kept = both(&found);
                (found, kept, Some(Fate::Altered))
            }
            (true, _) => {
                let kept = both(&wanted);
                (kept, wanted, Some(Fate::Disturbed))
            }
            (false, _) => (found, wanted, None),
        };
        if is_actual(sides[number]) {
            pair.actual.insert(key(number), found);
        }
        if is_expected(sides[number]) {
            pair.expected.insert(key(number), wanted);
        }
        if let Some(fate) = fate {
            pair.fates.insert(key(number), fate);
        }
    }
    pair
}

impl Pair {
    /// The plan, each statement losing something with that chance in a hundred.
    fn plan(&self, losing: usize, dice: &mut Dice) -> Vec<Repair> {
        let mut planner = Planner::new(&self.expected, &self.actual);
        let mut dear = |step: Step| match dice.roll(100) < losing {
            true => step.losing("its rows"),
            false => step,
        };
        let keys: BTreeSet<&Key> = self.expected.keys().chain(self.actual.keys()).collect();
        let drop = |key: &Key| Step::drop(key, format!("drop {}", key.name));
        let create = |key: &Key| Step::create(key, format!("create {}", key.name));
        for key in keys {
            let steps = match self.fates.get(key) {
                Some(Fate::Same) => vec![],
                Some(Fate::Altered) => vec![Step::alter(key, format!("alter {}", key.name))],
                Some(Fate::Disturbed) => {
                    vec![Step::about(key, format!("disturb {}", key.name)).disturbing(key)]
                }
                Some(Fate::Replaced) => vec![drop(key), create(key)],
                None if self.actual.contains_key(key) => vec![drop(key)],
                None => vec![create(key)],
            };
            steps.into_iter().for_each(|step| planner.add(dear(step)));
        }
        planner.detour(|key, _| match self.expected.contains_key(key) {
            true => vec![drop(key), create(key)],
            false => vec![drop(key)],
        });
        planner.finish()
    }

    /// Runs statements on a model of a server; what is left.
    fn run<'r>(&self, plan: impl Iterator<Item = &'r Repair>) -> Result<Dependencies, String> {
        let mut there = self.actual.clone();
        let uses =
            |there: &Dependencies, key: &Key| there.values().any(|below| below.contains(key));
        for repair in plan {
            let (verb, number) = repair.sql.split_once(' ').expect("two words");
            let key = Key::new("node", number);
            let wanted = self.expected.get(&key).cloned().unwrap_or_default();
            let refused = match verb {
                "drop" => uses(&there, &key) || there.remove(&key).is_none(),
                "create" => {
                    let lacking = wanted.iter().any(|one| !there.contains_key(one));
                    lacking || there.insert(key.clone(), wanted).is_some()
                }
                _ => {
                    let hindered = verb == "disturb" && uses(&there, &key);
                    let lacking = wanted.iter().any(|one| !there.contains_key(one));
                    lacking || hindered || there.insert(key.clone(), wanted).is_none()
                }
            };
            if refused {
                return Err(format!("{} is refused", repair.sql));
            }
        }
        Ok(there)
    }
}

#[test]
fn any_schema_becomes_any_other() {
    for seed in 0..1000 {
        let mut dice = Dice(seed);
        let pair = pair(&mut dice);
        let plan = pair.plan(0, &mut dice);
        let left = pair.run(plan.iter());
        let wanted = pair.expected.clone();
        assert_eq!(left, Ok(wanted), "seed {seed}: {pair:#?} {plan:#?}");
        assert_eq!(plan, pair.plan(0, &mut dice), "seed {seed}");
    }
}

/// What is left of a plan without what loses something is a plan that works too.
#[test]
fn what_is_withheld_is_withheld_whole() {
    let mut partly = 0;
    for seed in 0..1000 {
        let mut dice = Dice(seed);
        let pair = pair(&mut dice);
        let plan = pair.plan(15, &mut dice);
        let harmless: Vec<&Repair> = plan
            .iter()
            .filter(|one| one.destructive.is_none())
            .collect();
        partly += usize::from(!harmless.is_empty() && harmless.len() < plan.len());
        let left = pair.run(harmless.into_iter());
        let left = left.unwrap_or_else(|told| panic!("seed {seed}: {told}: {pair:#?} {plan:#?}"));
        // Nothing that is expected and was there is gone.
        let lost = pair.fates.keys().find(|key| !left.contains_key(*key));
        assert_eq!(lost, None, "seed {seed}: {pair:#?} {plan:#?}");
    }
    assert!(partly > 200, "{partly}");
}

#[test]
fn a_detour_of_two_goes_only_where_both_are_withheld() {
    let (view, table) = (Key::new("view", "v"), Key::new("table", "t"));
    let columns = [Key::new("column", "t.a"), Key::new("column", "t.b")];
    let reads: Dependencies = [(view.clone(), columns.iter().cloned().collect())].into();
    let plan = |lossy: usize| {
        let mut planner = Planner::new(&reads, &reads);
        for (place, column) in columns.iter().enumerate() {
            let step = Step::alter(&table, format!("retype {}", column.name)).disturbing(column);
            planner.add(match place < lossy {
                true => step.losing("rounded"),
                false => step,
            });
        }
        planner.detour(|key, _| vec![Step::drop(key, "drop v"), Step::create(key, "create v")]);
        let withheld = |one: Repair| (one.sql, one.destructive.is_some());
        planner
            .finish()
            .into_iter()
            .map(withheld)
            .collect::<Vec<_>>()
    };
    let of = |flags: [bool; 4]| {
        let sql = ["drop v", "retype t.a", "retype t.b", "create v"];
        sql.map(str::to_owned)
            .into_iter()
            .zip(flags)
            .collect::<Vec<_>>()
    };
    assert_eq!(plan(0), of([false; 4]));
    assert_eq!(plan(1), of([false, true, false, false]));
    assert_eq!(plan(2), of([true; 4]));
}

#[test]
fn a_cycle_is_broken_by_a_stub_and_otherwise_by_the_first_step() {
    let (view, function) = (Key::new("view", "v"), Key::new("function", "f()"));
    let expected: Dependencies = [
        (view.clone(), [function.clone()].into()),
        (function.clone(), [view.clone()].into()),
    ]
    .into();
    let none = Dependencies::new();
    let plan = |stub: bool| {
        let mut planner = Planner::new(&expected, &none);
        planner.add(Step::create(&function, "create f"));
        let step = Step::create(&view, "create v");
        planner.add(if stub {
            step.or_stub("stub v", "replace v")
        } else {
            step
        });
        let plan = planner.finish().into_iter();
        plan.map(|one| one.sql).collect::<Vec<_>>()
    };
    assert_eq!(plan(true), ["stub v", "create f", "replace v"]);
    assert_eq!(plan(false), ["create f", "create v"]);
}

#[test]
fn a_hint_gives_way_and_alterations_keep_their_order() {
    let (a, b) = (Key::new("function", "a()"), Key::new("function", "b()"));
    let none = Dependencies::new();
    let mut planner = Planner::new(&none, &none);
    planner.add(Step::create(&a, "create a").hinting(&b));
    planner.add(Step::create(&b, "create b").needing(&a));
    let table = Key::new("table", "t");
    planner.add(Step::alter(&table, "alter 1").needing(&b));
    planner.add(Step::alter(&table, "alter 2"));
    let sql: Vec<String> = planner.finish().into_iter().map(|one| one.sql).collect();
    assert_eq!(sql, ["create a", "create b", "alter 1", "alter 2"]);
}
