//! What does a run store, so that the next look knows what to expect?
//!
//! What was expected before the run, and exactly what its files changed. Drift that was there stays
//! drift, whatever `--allow-drift` let pass.

use super::{Committed, Drift, Expected, expected, outage};
use crate::{
    engine::{
        Engine, Entry, EntryState, Event, Identity, NewEntry, Record, StoredSnapshot,
        snapshot_of_today,
    },
    schema::{Reading, Schema, Snapshot, fingerprint, merge},
};
use anyhow::Result;

/// The schema before a run.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    expected: Schema,
    actual: Schema,
}

/// What is expected before the run that is about to begin, and what is there; none where nobody
/// knows. `seen` is this run's own look, from before it had the lock; `record` was read under it.
pub async fn baseline(
    engine: &mut dyn Engine,
    committed: &Committed,
    record: &Record,
    seen: Option<&Drift>,
) -> Result<Option<Baseline>> {
    if record.is_half_applied() {
        return before_interruption(engine, committed, record).await;
    }
    let expected = match expected(engine, committed, record).await? {
        // What a new database has by itself is what is expected of it.
        Expected::Nothing => None,
        Expected::Known(snapshot) => Some(snapshot.schema),
        Expected::Unknown(_) => return before_interruption(engine, committed, record).await,
    };
    let actual = match seen.and_then(|drift| drift.reading.clone()) {
        Some(reading) => reading.schema,
        None => engine.schema().await?.schema,
    };
    let expected = expected.unwrap_or_else(|| actual.clone());
    Ok(Some(Baseline { expected, actual }))
}

/// A run ended before it stored anything: its beginning is the last schema that was stored, and
/// where drift was let pass since, what was there then.
async fn before_interruption(
    engine: &mut dyn Engine,
    committed: &Committed,
    record: &Record,
) -> Result<Option<Baseline>> {
    let last = record.ledger.iter().rev().find(|entry| {
        entry.fingerprint.is_some() && entry.event != Event::Drift && entry.version.is_some()
    });
    let expected = match last {
        Some(entry) => read(engine, entry.id).await?,
        None => match record.version() {
            None => Some(Schema::default()),
            // Everything was applied from nothing, by us.
            Some(_) if is_all_ours(record) => Some(Schema::default()),
            Some(version) => committed.at(version)?.map(|snapshot| snapshot.schema),
        },
    };
    let Some(expected) = expected else {
        return Ok(None);
    };
    let since = last.map_or(0, |entry| entry.id);
    let drifted = record
        .ledger
        .iter()
        .find(|entry| entry.event == Event::Drift && entry.id > since);
    let actual = match drifted {
        Some(entry) => read(engine, entry.id).await?,
        None => None,
    };
    let actual = actual.unwrap_or_else(|| expected.clone());
    // With nothing stored, what a new database has by itself would look like somebody's change.
    let actual = match last {
        Some(_) => outage::before(engine, record, since, actual).await?,
        None => actual,
    };
    Ok(Some(Baseline { expected, actual }))
}

fn is_all_ours(record: &Record) -> bool {
    record
        .history
        .iter()
        .all(|row| record.latest_entry(row.version).is_some())
}

async fn read(engine: &mut dyn Engine, entry: i64) -> Result<Option<Schema>> {
    let Some(text) = engine.stored_snapshot(entry).await? else {
        return Ok(None);
    };
    let snapshot = Snapshot::parse(&text, &format!("the ledger's entry {entry}"))?;
    Ok(Some(snapshot_of_today(snapshot).schema))
}

/// Was the newest version applied by us, or declared applied, without a schema being stored with it?
pub fn is_unrecorded(record: &Record) -> bool {
    let Some(version) = record.version() else {
        return false;
    };
    let is_ours = |entry: &Entry| matches!(entry.event, Event::Apply | Event::Resolve);
    record.latest_entry(version).is_some_and(is_ours) && record.schema_entry(version).is_none()
}

/// Stores what is expected from now on with the newest version's entry. Needs the lock, and a
/// database that is not half-applied. Returns what is there now.
pub async fn store(
    engine: &mut dyn Engine,
    baseline: &Baseline,
    record: &Record,
) -> Result<Option<Reading>> {
    let newest = record
        .version()
        .and_then(|version| Some((version, record.latest_entry(version)?)));
    let Some((version, entry)) = newest else {
        return Ok(None);
    };
    let after = engine.schema().await?;
    let schema = merge(&baseline.expected, &baseline.actual, &after.schema);
    let stored = text(engine, version, &after.server_major, schema);
    engine.store_snapshot(entry.id, &stored).await?;
    Ok(Some(after))
}

/// Stores with the newest way back what is expected from now on. Needs the lock, and a database that is not
/// half-applied.
pub async fn store_back(
    engine: &mut dyn Engine,
    committed: &Committed,
    baseline: Option<&Baseline>,
    record: &Record,
) -> Result<()> {
    let is_back = |entry: &&Entry| entry.event == Event::Revert && entry.state == EntryState::Done;
    let Some(entry) = record.ledger.iter().rev().find(is_back) else {
        return Ok(());
    };
    let after = engine.schema().await?;
    let schema = match (expected(engine, committed, record).await?, baseline) {
        (Expected::Known(snapshot), _) => snapshot.schema,
        (_, Some(baseline)) => merge(&baseline.expected, &baseline.actual, &after.schema),
        (_, None) => return Ok(()),
    };
    let version = record.version().unwrap_or_default();
    let stored = text(engine, version, &after.server_major, schema);
    engine.store_snapshot(entry.id, &stored).await
}

/// Records that the run goes on although the schema is not as expected, and what is there.
pub async fn note_accepted(
    engine: &mut dyn Engine,
    drift: &Drift,
    identity: &Identity,
) -> Result<()> {
    let Some(reading) = &drift.reading else {
        return Ok(());
    };
    let objects: Vec<String> = drift
        .differences
        .iter()
        .map(|difference| difference.key.to_string())
        .collect();
    let details = format!("--allow-drift: {}", objects.join(", "));
    engine
        .log(&NewEntry {
            event: Event::Drift,
            details: &details,
            identity,
        })
        .await?;
    let record = engine.record().await?;
    let entry = record
        .ledger
        .iter()
        .rev()
        .find(|entry| entry.event == Event::Drift);
    let version = record.version();
    if let (Some(entry), Some(version)) = (entry, version) {
        let stored = text(
            engine,
            version,
            &reading.server_major,
            reading.schema.clone(),
        );
        engine.store_snapshot(entry.id, &stored).await?;
    }
    Ok(())
}

fn text(engine: &dyn Engine, version: i32, server_major: &str, schema: Schema) -> StoredSnapshot {
    let fingerprint = fingerprint(&schema);
    let snapshot = Snapshot {
        target: engine.target(),
        server_major: server_major.to_owned(),
        version,
        schema,
    };
    StoredSnapshot {
        text: snapshot.render(),
        fingerprint,
    }
}
