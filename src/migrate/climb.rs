//! From nothing to the latest version on servers that nobody needs: what stands there after each
//! file, and whether every way back leads back.

use super::{
    settle,
    upgrade::{Options, Side, upgrade},
};
use crate::{
    engine::Direction,
    outcome::{Document, Failure},
    schema::Reading,
    target::Target,
};
use anyhow::Result;
use std::collections::BTreeMap;

/// What stood there after each file.
#[derive(Debug, Clone, Default)]
pub struct States {
    /// Before the first file.
    pub empty: Reading,
    /// From version 1 on.
    pub after: Vec<(i32, Reading)>,
}

impl States {
    /// After that version; before the first where there is none.
    pub fn at(&self, version: i32) -> &Reading {
        self.after
            .iter()
            .find(|(other, _)| *other == version)
            .map_or(&self.empty, |(_, reading)| reading)
    }
}

/// Applies file after file, the way a user does, and reads the schema after each. None where
/// something stood in the way, which is then told in the document.
pub async fn climb(
    sides: &mut [Side<'_>],
    options: &Options<'_>,
    document: &mut Document,
) -> Result<Option<BTreeMap<Target, States>>> {
    let mut states: BTreeMap<Target, States> = BTreeMap::new();
    for side in sides.iter_mut() {
        if !side.engine.survey().await?.database_exists {
            side.engine.create_database().await?;
        }
        let empty = side.engine.schema().await?;
        let states = states.entry(side.set.target).or_default();
        states.empty = empty;
    }
    let highest = sides.iter().filter_map(|side| latest(side)).max();
    for version in 1..=highest.unwrap_or(0) {
        if !step(sides, version, options, document).await? {
            return Ok(None);
        }
        for side in sides.iter_mut() {
            if latest(side).is_some_and(|latest| version <= latest)
                && let Some(states) = states.get_mut(&side.set.target)
            {
                states.after.push((version, side.engine.schema().await?));
            }
        }
    }
    Ok(Some(states))
}

/// Upgrades to that version; false where it did not get there.
async fn step(
    sides: &mut [Side<'_>],
    version: i32,
    options: &Options<'_>,
    document: &mut Document,
) -> Result<bool> {
    for side in sides.iter_mut() {
        side.goal = latest(side).map(|latest| version.min(latest));
    }
    let mut part = Document::new("upgrade");
    upgrade(sides, options, &mut part).await?;
    document.targets = part.targets.clone();
    document.ran.append(&mut part.ran);
    let is_blocked = !part.failures().is_empty() || !part.findings.is_empty();
    if is_blocked {
        document.absorb(part);
    }
    Ok(!is_blocked)
}

fn latest(side: &Side<'_>) -> Option<i32> {
    side.set
        .migrations
        .last()
        .map(|migration| migration.version)
}

/// What a second run would still do, in words: nothing, if all is well.
pub async fn second_run(side: &mut Side<'_>, options: &Options<'_>) -> Result<Vec<String>> {
    side.goal = None;
    let mut part = Document::new("upgrade");
    upgrade(std::slice::from_mut(side), options, &mut part).await?;
    let ran = part
        .ran
        .iter()
        .map(|ran| format!("applied V{}", ran.version));
    let failed = part
        .failures()
        .iter()
        .map(|failure| failure.message.clone());
    let found = part.findings.iter().map(|finding| finding.message.clone());
    let mut words: Vec<String> = ran.chain(failed).chain(found).collect();
    let look = super::look(&mut *side.engine, side.set).await?;
    words.extend(settle::look(side, &look, options).await?.todo);
    Ok(words)
}

/// Goes up to that version from the one below it.
pub async fn up(side: &mut Side<'_>, version: i32, options: &Options<'_>) -> Result<Reading> {
    let mut part = Document::new("upgrade");
    step(std::slice::from_mut(side), version, options, &mut part).await?;
    if let Some(failure) = part.failures().first() {
        return Err(failure.clone().into());
    }
    side.engine.schema().await
}

/// Goes back from that version to the one below it, the way a user does; none where it has no way back.
pub async fn down(
    side: &mut Side<'_>,
    version: i32,
    options: &Options<'_>,
) -> Result<Option<Reading>> {
    if side.set.way_back(Some(version)).is_none() {
        return Ok(None);
    }
    (side.direction, side.goal) = (Direction::Revert, Some(version - 1));
    let mut part = Document::new("downgrade");
    let ended = upgrade(std::slice::from_mut(side), options, &mut part).await;
    side.direction = Direction::Apply;
    ended?;
    if let Some(failure) = part.failures().first() {
        let failure = failure.clone();
        return Err(failure
            .remedy("correct the way back, then: sgmp-db check --fix")
            .into());
    }
    // What is different afterwards is for whoever compares; what kept it from running is not.
    if let Some(finding) = part.findings.first().filter(|_| part.ran.is_empty()) {
        return Err(Failure::failed(finding.message.clone())
            .on(side.set.target)
            .into());
    }
    Ok(Some(side.engine.schema().await?))
}
