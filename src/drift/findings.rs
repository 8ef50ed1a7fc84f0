//! A look at the schema as findings: one for each part that is not as expected.

use super::Drift;
use crate::{
    outcome::{Finding, Kind},
    schema::{Change, ObjectDifference, PathDifference, Repair},
    target::Target,
};
use serde_json::Value;

/// Longest value in a message; the finding holds the whole one.
const SHORT: usize = 60;

/// Findings and notes.
pub fn told(target: Target, drift: &Drift) -> (Vec<Finding>, Vec<Finding>) {
    let note = |text: &String| Finding::new(Kind::Drift, target, text.clone());
    let mut findings = Vec::new();
    if let Some(why) = &drift.unknown {
        let message = format!("the schema cannot be judged: {why}");
        findings.push(Finding::new(Kind::Unknown, target, message).remedy(
            "write what the migrations leave beside them: sgmp-db snapshot; the next upgrade records it too: sgmp-db upgrade",
        ));
    }
    for unseen in &drift.unseen {
        let kinds = unseen.kinds.join(", ");
        let message = format!(
            "{kinds}: this login may not see all of them; it lacks {}",
            unseen.grant
        );
        let finding = Finding::new(Kind::Unknown, target, message);
        findings.push(finding.about(kinds).remedy(unseen.remedy.clone()));
    }
    for difference in &drift.differences {
        if !is_part_of_another(difference, &drift.differences) {
            findings.extend(of_object(target, difference));
        }
    }
    (findings, drift.notes.iter().map(note).collect())
}

/// A note that a run could not record what is expected from now on.
pub fn nothing_recorded(target: Target) -> Finding {
    let message = "what the schema is expected to be was not recorded: nobody knows what it was expected to be before";
    Finding::new(Kind::Unknown, target, message)
        .remedy("write what the migrations leave beside them: sgmp-db snapshot")
}

/// The differences that no statement is for.
pub fn without_repair<'d>(
    differences: &'d [ObjectDifference],
    repairs: &[Repair],
) -> Vec<&'d ObjectDifference> {
    let is_repaired = |one: &ObjectDifference| {
        let is_of = |repair: &Repair| repair.key == one.key || repair.touches.contains(&one.key);
        repairs.iter().any(is_of)
    };
    differences
        .iter()
        .filter(|one| !is_repaired(one) && !is_part_of_another(one, differences))
        .collect()
}

/// What belongs to a table that is wholly missing or unexpected goes with it.
fn is_part_of_another(one: &ObjectDifference, all: &[ObjectDifference]) -> bool {
    one.change() != Change::Changed
        && all.iter().any(|owner| {
            owner.change() == one.change()
                && one
                    .key
                    .name
                    .strip_prefix(owner.key.name.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
        })
}

fn of_object(target: Target, difference: &ObjectDifference) -> Vec<Finding> {
    let object = difference.key.to_string();
    let finding = |change: Change, message: String| {
        Finding::new(Kind::Drift, target, message)
            .about(object.clone())
            .change(change)
            .remedy(format!("sgmp-db diff --only {target}"))
    };
    match difference.change() {
        Change::Missing => vec![finding(Change::Missing, format!("{object} is missing"))],
        Change::Unexpected => {
            vec![finding(
                Change::Unexpected,
                format!("{object} is not expected"),
            )]
        }
        Change::Changed => difference
            .paths
            .iter()
            .map(|path| {
                finding(path.change, format!("{object}: {}", in_words(path)))
                    .path(path.path.clone())
                    .values(path.expected.clone(), path.actual.clone())
            })
            .collect(),
    }
}

fn in_words(difference: &PathDifference) -> String {
    let path = &difference.path;
    let (expected, actual) = (short(&difference.expected), short(&difference.actual));
    match difference.change {
        Change::Missing => format!("{path} is missing (expected {expected})"),
        Change::Unexpected => format!("{path} is not expected (it is {actual})"),
        Change::Changed => format!("{path} is {actual}, expected {expected}"),
    }
}

fn short(value: &Option<Value>) -> String {
    let text = match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => format!("{text:?}"),
        Some(value) => value.to_string(),
    };
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
