//! What `--to` means: a version for one database, or one for each.

use crate::{
    outcome::{Failure, quoted},
    target::Target,
};
use std::collections::BTreeMap;

/// The version for each database that `to` names, as typed behind `verb`.
///
/// # Errors
/// Exit 2: a bare number for two databases, a name twice, something that is no number.
pub fn goals(verb: &str, to: &str, targets: &[Target]) -> Result<BTreeMap<Target, i32>, Failure> {
    let mut goals = BTreeMap::new();
    let number = |text: &str| {
        text.trim()
            .trim_start_matches(['V', 'v'])
            .parse::<i32>()
            .map_err(|_| {
                Failure::usage(format!("`{text}` is not a version")).remedy(format!(
                    "name a number, as in: sgmp-db {verb} --only mysql --to 7"
                ))
            })
    };
    if !to.contains('=') {
        let [target] = targets else {
            let to = quoted(to);
            return Err(Failure::usage("--to with one number, and two databases that count by themselves")
                .remedy(format!("sgmp-db {verb} --only mysql --to {to}, or name both: sgmp-db {verb} --to mysql={to},timescale=1")));
        };
        goals.insert(*target, number(to)?);
        return Ok(goals);
    }
    for part in to.split(',') {
        let (name, version) = part.split_once('=').unwrap_or((part, ""));
        let target = Target::from_name(name.trim()).filter(|target| targets.contains(target));
        let Some(target) = target else {
            return Err(Failure::usage(format!(
                "--to names `{name}`, which is no database of this run"
            ))
            .remedy(format!("sgmp-db {verb} --to mysql=7,timescale=1")));
        };
        if goals.insert(target, number(version)?).is_some() {
            return Err(Failure::usage(format!("--to names {target} twice")));
        }
    }
    Ok(goals)
}
