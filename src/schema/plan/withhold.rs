//! Which statements make no sense without one that loses something?

use super::{
    Key, Step,
    order::{Bond, Bonds},
};
use std::collections::BTreeMap;

/// Those that are withheld unless losses are allowed, with the reason: what loses something itself, and
/// whatever would fail, or be half of something, without it.
pub fn withheld(steps: &[Step], bonds: &Bonds) -> BTreeMap<usize, String> {
    let mut reasons: BTreeMap<usize, (Key, String)> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        if let Some(reason) = &step.loses {
            reasons.insert(at, (step.key.clone(), reason.clone()));
        }
    }
    loop {
        let groups = groups(steps, &reasons);
        let found: Vec<(usize, (Key, String))> = (0..steps.len())
            .filter(|at| !reasons.contains_key(at))
            .filter_map(|at| Some((at, reason(at, steps, (bonds, &reasons, &groups))?)))
            .collect();
        if found.is_empty() {
            break;
        }
        reasons.extend(found);
    }
    let told = |(at, (key, reason))| {
        (
            at,
            format!("it belongs to what is done for {key}: {reason}"),
        )
    };
    reasons.into_iter().map(told).collect()
}

type Reasons = BTreeMap<usize, (Key, String)>;

/// Groups of which a member is withheld. An object that is dropped and made again is a group.
fn groups(steps: &[Step], reasons: &Reasons) -> BTreeMap<Key, (Key, String)> {
    let mut groups = BTreeMap::new();
    for (at, reason) in reasons {
        for group in groups_of(&steps[*at]) {
            groups
                .entry(group.clone())
                .or_insert_with(|| reason.clone());
        }
    }
    groups
}

fn groups_of(step: &Step) -> impl Iterator<Item = &Key> {
    let own = &step.key;
    let replaced = step.drops.contains(own) || step.creates.contains(own);
    step.groups.iter().chain(Some(own).filter(|_| replaced))
}

fn reason(
    at: usize,
    steps: &[Step],
    (bonds, reasons, groups): (&Bonds, &Reasons, &BTreeMap<Key, (Key, String)>),
) -> Option<(Key, String)> {
    let step = &steps[at];
    let before = bonds.before[at].iter();
    let hard = before.filter(|(_, bond)| **bond == Bond::Hard);
    let missing = hard.filter_map(|(other, _)| reasons.get(other)).next();
    let group = || groups_of(step).find_map(|group| groups.get(group));
    let idle = || {
        let first = step.because.first()?;
        let all = step.because.iter().all(|other| reasons.contains_key(other));
        reasons.get(first).filter(|_| all)
    };
    missing.or_else(group).or_else(idle).cloned()
}
