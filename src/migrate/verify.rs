//! Do the migrations keep what they promise? On servers that nobody needs: from nothing to the latest
//! version, a second time without work, every step back and there again, and the schema is what is
//! committed at every version.

use super::{
    climb::{self, States},
    upgrade::{Options, Side},
};
use crate::{
    counted::counted,
    drift::{self, Committed, Drift},
    outcome::{Document, Finding, Kind},
    schema::{Change, Ignore, Reading, Snapshot, Steps},
    target::Target,
};
use anyhow::Result;
use std::collections::BTreeSet;

/// Kinds that a way back may leave behind: others may use them, and they hold nothing themselves.
const MAY_STAY: &str = "extension";

/// Verifies every side and tells what was done, one line for each thing. `committed` are the
/// expectations; the sides themselves must go by what they record, so that a wrong file beside the
/// migrations stops nothing half-way.
pub async fn verify(
    sides: &mut [Side<'_>],
    committed: &[Committed],
    options: &Options<'_>,
    (done, document): Told<'_>,
) -> Result<()> {
    let Some(states) = climb::climb(sides, options, document).await? else {
        return Ok(());
    };
    for (side, committed) in sides.iter_mut().zip(committed) {
        let target = side.set.target;
        let states = &states[&target];
        let count = states.after.len();
        done.push(format!(
            "{target}: {} applied from nothing",
            counted(count, "migration")
        ));
        let found = differences(committed, states)?;
        if found.is_empty() && !states.after.is_empty() {
            done.push(format!(
                "{target}: the schema is what is committed, at every version"
            ));
        }
        document.findings.extend(found);
        again(side, options, (done, document)).await?;
        back_and_there(side, states, options, (done, document)).await?;
        side.engine.close().await?;
    }
    Ok(())
}

/// What was done, in words, and what was found.
pub type Told<'t> = (&'t mut Vec<String>, &'t mut Document);

async fn again(
    side: &mut Side<'_>,
    options: &Options<'_>,
    (done, document): Told<'_>,
) -> Result<()> {
    let target = side.set.target;
    let still = climb::second_run(side, options).await?;
    if still.is_empty() {
        let policies = match side.policies {
            Some(_) => ", and the policies are as policies.yaml states them",
            None => "",
        };
        done.push(format!("{target}: a second run does nothing{policies}"));
    }
    document.findings.extend(still.into_iter().map(|what| {
        Finding::new(
            Kind::Drift,
            target,
            format!("a second run still does something: {what}"),
        )
    }));
    Ok(())
}

async fn back_and_there(
    side: &mut Side<'_>,
    states: &States,
    options: &Options<'_>,
    (done, document): Told<'_>,
) -> Result<()> {
    let target = side.set.target;
    let mut steps = 0;
    for (version, _) in states.after.iter().rev() {
        match one_step(side, (*version, states), options, document).await? {
            Step::Sound => steps += 1,
            Step::NoWayBack => {
                let message =
                    format!("V{version} has no way back: the steps below it are not tried");
                let note = Finding::new(Kind::Unknown, target, message);
                document.notes.push(note);
                break;
            }
            // Whatever stands below would be told wrong as well.
            Step::Wrong => break,
        }
    }
    done.push(format!(
        "{target}: {} back, there and back again",
        counted(steps, "step")
    ));
    Ok(())
}

enum Step {
    Sound,
    NoWayBack,
    Wrong,
}

/// One version back, there again, and back.
async fn one_step(
    side: &mut Side<'_>,
    (version, states): (i32, &States),
    options: &Options<'_>,
    document: &mut Document,
) -> Result<Step> {
    let target = side.set.target;
    let does_not = format!("the way back of V{version} does not lead back");
    let does_else = format!("V{version} does something else after its way back");
    for (is_back, what) in [(true, &does_not), (false, &does_else), (true, &does_not)] {
        let (reading, expected) = if is_back {
            let Some(reading) = climb::down(side, version, options).await? else {
                return Ok(Step::NoWayBack);
            };
            (reading, states.at(version - 1))
        } else {
            let reading = climb::up(side, version, options).await?;
            (reading, states.at(version))
        };
        let (left, wrong) = left_behind(target, expected, reading, what);
        for note in left {
            if !document
                .notes
                .iter()
                .any(|other| other.message == note.message)
            {
                document.notes.push(note);
            }
        }
        if !wrong.is_empty() {
            document.findings.extend(wrong);
            return Ok(Step::Wrong);
        }
    }
    Ok(Step::Sound)
}

/// Differences of two states: what may stay is a note, the rest is wrong.
fn left_behind(
    target: Target,
    expected: &Reading,
    actual: Reading,
    what: &str,
) -> (Vec<Finding>, Vec<Finding>) {
    let snapshot = Snapshot {
        target,
        server_major: expected.server_major.clone(),
        version: 0,
        schema: expected.schema.clone(),
    };
    let mut drift = against(snapshot, actual, &Ignore::default());
    let (stays, differences): (Vec<_>, Vec<_>) = std::mem::take(&mut drift.differences)
        .into_iter()
        .partition(|one| one.change() == Change::Unexpected && one.key.kind == MAY_STAY);
    let notes = stays
        .into_iter()
        .map(|one| {
            let message = format!("{} stays when everything is reverted", one.key);
            Finding::new(Kind::Drift, target, message)
        })
        .collect();
    drift.differences = differences;
    let mut findings = drift::told(target, &drift).0;
    for finding in &mut findings {
        finding.message = format!("{what}: {}", finding.message);
        finding.remedy = None;
    }
    (notes, findings)
}

fn against(expected: Snapshot, actual: Reading, ignore: &Ignore) -> Drift {
    drift::against(expected, actual, ignore, &BTreeSet::new())
}

/// In what the states differ from what is committed: the snapshot, and each of the steps.
pub fn differences(committed: &Committed, states: &States) -> Result<Vec<Finding>> {
    let target = committed.target;
    let Some((_, newest)) = states.after.last() else {
        return Ok(Vec::new());
    };
    let remedy = "if the migrations are right, write it anew: sgmp-db snapshot";
    let mut findings = Vec::new();
    let Some(snapshot) = &committed.snapshot else {
        let message = match committed.notes.first() {
            Some(stale) => stale.clone(),
            None => "there is no schema.snapshot: nothing says what the migrations should leave"
                .to_owned(),
        };
        findings.push(
            Finding::new(Kind::Unknown, target, message).remedy("write it: sgmp-db snapshot"),
        );
        return Ok(findings);
    };
    let mut compare = |file: &str, expected: Snapshot, actual: &Reading| {
        let version = expected.version;
        let drift = against(expected, actual.clone(), &committed.ignore);
        for mut finding in drift::told(target, &drift).0 {
            finding.message = format!("{file} is not what V{version} leaves: {}", finding.message);
            findings.push(finding.remedy(remedy));
        }
    };
    compare("schema.snapshot", snapshot.clone(), newest);
    let steps = committed.steps()?;
    let mut known = BTreeSet::new();
    for (version, schema) in steps.iter().flat_map(Steps::states) {
        known.insert(version);
        let snapshot = Snapshot {
            target,
            server_major: steps.iter().map(|one| one.server_major.as_str()).collect(),
            version,
            schema,
        };
        compare("schema.steps", snapshot, states.at(version));
    }
    let unknown: Vec<String> = states
        .after
        .iter()
        .filter(|(version, _)| !known.contains(version))
        .map(|(version, _)| format!("V{version}"))
        .collect();
    if !unknown.is_empty() {
        let message = format!("schema.steps says nothing about {}", unknown.join(", "));
        findings.push(
            Finding::new(Kind::Unknown, target, message).remedy("write it: sgmp-db snapshot"),
        );
    }
    Ok(findings)
}
