//! Is the schema really the one that the version stands for? Asked before a row is written.

use super::recognise::Maker;
use crate::{
    drift::{self, Committed, Drift},
    outcome::{Finding, Kind},
    schema::{Reading, Snapshot},
    target::Target,
};
use anyhow::Result;
use std::collections::BTreeSet;

/// What the schema says.
#[derive(Debug)]
pub enum Proof {
    /// It is what is expected at that version.
    Proven(Box<Snapshot>),
    /// What differs, or why nobody can say; and notes.
    Refused(Vec<Finding>, Vec<Finding>),
}

/// Compares what is there with what is expected of the maker's version.
pub fn prove(committed: &Committed, maker: &Maker, reading: &Reading) -> Result<Proof> {
    let version = match maker {
        Maker::Flask { version, .. } | Maker::Refinery { version } => *version,
        _ => return by_schema_alone(committed, reading),
    };
    let target = committed.target;
    let Some(expected) = committed.at(version)? else {
        let message =
            format!("what V{version} leaves is not written down: nothing to compare with");
        let finding = Finding::new(Kind::Unknown, target, message)
            .remedy("write it down from the migrations: sgmp-db snapshot");
        return Ok(Proof::Refused(vec![finding], Vec::new()));
    };
    let drift = against(committed, expected.clone(), reading);
    if drift.is_clean() {
        return Ok(Proof::Proven(Box::new(expected)));
    }
    let (findings, mut notes) = refused(target, &drift);
    let message = format!(
        "the database was {}: it was compared with V{version}",
        maker.words()
    );
    notes.push(Finding::new(Kind::History, target, message));
    Ok(Proof::Refused(findings, notes))
}

/// Nobody wrote down a version: it is the one that leaves exactly this.
fn by_schema_alone(committed: &Committed, reading: &Reading) -> Result<Proof> {
    let target = committed.target;
    let mut looks: Vec<(Snapshot, Drift)> = Vec::new();
    if let Some(steps) = committed.steps()? {
        for (version, schema) in steps.states() {
            let snapshot = Snapshot {
                target,
                server_major: steps.server_major.clone(),
                version,
                schema,
            };
            let drift = against(committed, snapshot.clone(), reading);
            looks.push((snapshot, drift));
        }
    }
    let clean: Vec<&Snapshot> = looks
        .iter()
        .filter(|(_, drift)| drift.is_clean())
        .map(|(snapshot, _)| snapshot)
        .collect();
    if let [only] = clean.as_slice() {
        return Ok(Proof::Proven(Box::new((*only).clone())));
    }
    if !clean.is_empty() {
        let versions: Vec<String> = clean
            .iter()
            .map(|one| format!("V{}", one.version))
            .collect();
        let message = format!(
            "the schema is that of {}, which differ in data only: it does not say which of them were applied",
            versions.join(" and ")
        );
        let finding = Finding::new(Kind::Unknown, target, message);
        return Ok(Proof::Refused(vec![finding], Vec::new()));
    }
    let nearest = looks.iter().min_by_key(|(_, drift)| {
        let parts = |drift: &Drift| {
            drift
                .differences
                .iter()
                .map(|one| one.paths.len().max(1))
                .sum()
        };
        let count: usize = parts(drift);
        count
    });
    let Some((snapshot, drift)) = nearest else {
        let message = "what the migrations leave is not written down: nothing to compare with";
        let finding = Finding::new(Kind::Unknown, target, message)
            .remedy("write it down from the migrations: sgmp-db snapshot");
        return Ok(Proof::Refused(vec![finding], Vec::new()));
    };
    let (findings, mut notes) = refused(target, drift);
    let message = format!(
        "no version leaves this schema; V{} is the nearest, and what differs from it is shown",
        snapshot.version
    );
    notes.push(Finding::new(Kind::History, target, message));
    Ok(Proof::Refused(findings, notes))
}

fn against(committed: &Committed, expected: Snapshot, reading: &Reading) -> Drift {
    drift::against(
        expected,
        reading.clone(),
        &committed.ignore,
        &BTreeSet::new(),
    )
}

fn refused(target: Target, drift: &Drift) -> (Vec<Finding>, Vec<Finding>) {
    let (mut findings, notes) = drift::told(target, drift);
    for finding in &mut findings {
        if finding.kind == Kind::Drift {
            finding.remedy = Some(format!(
                "make it so by hand, or let drift-ignore.yaml say why it may differ, then: sgmp-db adopt --only {target}"
            ));
        }
    }
    (findings, notes)
}
