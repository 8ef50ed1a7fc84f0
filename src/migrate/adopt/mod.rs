//! Taking over databases that another tool made: recognise, prove, and only then record.

mod prove;
mod recognise;

use super::{
    look::look,
    upgrade::{Options, Side, lock},
};
use crate::{
    engine::{Adopted, Adoption, StopFlag, StoredSnapshot},
    outcome::{Document, Failure, Finding, Kind},
    schema::{Snapshot, fingerprint},
};
use anyhow::{Context, Result};
use futures_util::future::join_all;
use prove::{Proof, prove};
use recognise::{Maker, maker, nothing};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What one look at one side came to.
enum Case {
    /// Nothing to take over.
    Nothing,
    /// Something stands in the way; it was told.
    Refused,
    Proven(Maker, Box<Snapshot>),
}

/// Adopts every side, or none where one refuses. Returns what was, or would be, recorded.
pub async fn adopt(
    sides: &mut [Side<'_>],
    options: &Options<'_>,
    document: &mut Document,
) -> Result<Vec<Value>> {
    let mut cases = Vec::new();
    for case in join_all(sides.iter_mut().map(judge)).await {
        let (case, part) = case?;
        document.targets.extend(part.targets.clone());
        document.absorb(part);
        cases.push(case);
    }
    if cases.iter().any(|case| matches!(case, Case::Refused)) {
        let message = "nothing was recorded in any database";
        document
            .notes
            .push(Finding::new(Kind::History, None, message));
        return Ok(Vec::new());
    }
    let mut done = Vec::new();
    for (side, case) in sides.iter_mut().zip(cases) {
        let Case::Proven(maker, snapshot) = case else {
            continue;
        };
        if !options.dry_run && !record(side, (&maker, &snapshot), options, document).await? {
            return Ok(done);
        }
        let version = snapshot.version;
        done.push(json!({
            "target": side.set.target,
            "version": version,
            "made_by": maker.words(),
        }));
        document.notes.push(told(side, &maker, version, options));
    }
    Ok(done)
}

fn told(side: &Side<'_>, maker: &Maker, version: i32, options: &Options<'_>) -> Finding {
    let target = side.set.target;
    let verb = match options.dry_run {
        true => "would be recorded",
        false => "is recorded",
    };
    let message = format!(
        "{}; its schema is exactly that of V{version}, and V1 to V{version} {verb} as adopted",
        maker.words()
    );
    let next = match options.dry_run {
        true => format!("sgmp-db adopt --only {target}"),
        false => "sgmp-db upgrade".to_owned(),
    };
    Finding::new(Kind::History, target, message).remedy(next)
}

/// Looks at one side, and writes nothing.
async fn judge(side: &mut Side<'_>) -> Result<(Case, Document)> {
    let target = side.set.target;
    let mut part = Document::new("adopt");
    let look = look(&mut *side.engine, side.set).await?;
    part.targets.insert(target, look.plan.report.clone());
    part.notes.extend(look.plan.notes.iter().cloned());
    let maker = maker(&mut *side.engine, side.set, &look.survey).await?;
    // A schema without a history is what this command is for; any other disagreement is not.
    let mut blocking = look.plan.findings.clone();
    if look.survey.record.history.is_empty() {
        blocking.retain(|finding| finding.kind != Kind::History);
    }
    if let Some(holder) = &look.survey.busy {
        let message = format!("the lock is held by {holder}");
        blocking.push(
            Finding::new(Kind::Lock, target, message)
                .remedy("wait until it has ended, then: sgmp-db adopt"),
        );
    }
    if let Maker::Unclear(finding) = &maker {
        blocking.push(finding.as_ref().clone());
    }
    if !blocking.is_empty() {
        part.findings = blocking;
        return Ok((Case::Refused, part));
    }
    if matches!(maker, Maker::Nobody | Maker::Ourselves) {
        part.notes.push(nothing(target, &maker));
        return Ok((Case::Nothing, part));
    }
    let obstacles: Vec<Failure> = obstacles(side, &look.survey);
    if !obstacles.is_empty() {
        obstacles
            .into_iter()
            .for_each(|failure| part.fail(&failure.into()));
        return Ok((Case::Refused, part));
    }
    let reading = side.engine.schema().await?;
    match prove(side.committed, &maker, &reading)? {
        Proof::Proven(snapshot) => Ok((Case::Proven(maker, snapshot), part)),
        Proof::Refused(findings, notes) => {
            part.findings.extend(findings);
            part.notes.extend(notes);
            Ok((Case::Refused, part))
        }
    }
}

fn obstacles(side: &Side<'_>, survey: &crate::engine::Survey) -> Vec<Failure> {
    let target = side.set.target;
    let read_only = survey.read_only.iter().map(|why| {
        Failure::failed(format!("the server takes no writes: {why}"))
            .on(target)
            .remedy(format!("point --{target}-host at the primary"))
    });
    read_only
        .chain(survey.obstacles.iter().cloned())
        .chain(crate::migrate::preflight::extension_failures(
            side.set, survey,
        ))
        .collect()
}

/// Proves it once more under the lock, and records it; false where it is not so any more.
async fn record(
    side: &mut Side<'_>,
    (maker, snapshot): (&Maker, &Snapshot),
    options: &Options<'_>,
    document: &mut Document,
) -> Result<bool> {
    lock(side, options, &StopFlag::default()).await?;
    let survey = side.engine.survey().await?;
    let reading = side.engine.schema().await?;
    if let Proof::Refused(findings, _) = prove(side.committed, maker, &reading)? {
        document.findings.extend(findings);
        return Ok(false);
    }
    side.engine.prepare_record().await?;
    let record = &survey.record;
    let migrations = side
        .set
        .migrations
        .iter()
        .filter(|migration| migration.version <= snapshot.version)
        .map(|migration| Adopted {
            version: migration.version,
            name: &migration.name,
            text: migration.up.text(),
            checksum: migration.up.checksum(),
            refinery_checksum: migration.refinery_checksum(),
            in_history: record
                .history
                .iter()
                .any(|row| row.version == migration.version),
            in_ledger: record.latest_entry(migration.version).is_some(),
        })
        .collect();
    let stored = StoredSnapshot {
        text: snapshot.render(),
        fingerprint: fingerprint(&snapshot.schema),
    };
    let details = maker.words();
    let now = OffsetDateTime::now_utc()
        .format(&Rfc3339)
        .context("writing the time")?;
    side.engine
        .adopt(&Adoption {
            migrations,
            snapshot: &stored,
            details: &details,
            now,
            identity: options.identity,
        })
        .await?;
    let look = look(&mut *side.engine, side.set).await?;
    document
        .targets
        .insert(side.set.target, look.plan.report.clone());
    Ok(true)
}
