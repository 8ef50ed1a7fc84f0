//! Which schema should a database have at the version that its history names?

use super::Committed;
use crate::{
    engine::{Engine, Record, snapshot_of_today},
    schema::Snapshot,
};
use anyhow::Result;

/// What a database is compared with.
#[derive(Debug, Clone)]
pub enum Expected {
    /// No migration is applied: there is nothing to compare with yet.
    Nothing,
    Known(Box<Snapshot>),
    /// Why nobody can say.
    Unknown(String),
}

/// At the latest version what is committed; at an earlier one what the ledger stored after the last
/// file that this database was given, else what is committed of that version.
pub async fn expected(
    engine: &mut dyn Engine,
    committed: &Committed,
    record: &Record,
) -> Result<Expected> {
    let Some(version) = record.version() else {
        return Ok(Expected::Nothing);
    };
    if Some(version) == committed.latest
        && let Some(snapshot) = &committed.snapshot
    {
        return Ok(Expected::Known(Box::new(snapshot.clone())));
    }
    if let Some(entry) = record.schema_entry(version)
        && let Some(text) = engine.stored_snapshot(entry.id).await?
    {
        let place = format!("the ledger's entry {}", entry.id);
        let snapshot = Snapshot::parse(&text, &place)?;
        return Ok(Expected::Known(Box::new(snapshot_of_today(snapshot))));
    }
    if let Some(snapshot) = committed.at(version)? {
        return Ok(Expected::Known(Box::new(snapshot)));
    }
    Ok(Expected::Unknown(why(record, version)))
}

fn why(record: &Record, version: i32) -> String {
    let nothing = "there is no schema.snapshot for this version, and";
    match record.latest_entry(version) {
        None => format!("{nothing} another tool applied V{version}, so that none was recorded"),
        Some(_) => {
            format!("{nothing} the run that applied V{version} ended before it recorded one")
        }
    }
}
