//! Recording in MySQL what somebody settled by hand.

use super::{
    Mysql,
    record::FLAVOUR,
    recording, session,
    texts::{Owner, SCRIPT, inserts},
};
use crate::engine::{HistoryChange, LedgerRow, Resolution};
use anyhow::{Context, Result};

/// Writes the ledger entry and changes the history row, in one transaction.
pub async fn write(mysql: &mut Mysql, resolution: &Resolution<'_>) -> Result<()> {
    let owner = Owner {
        entry: "LAST_INSERT_ID()",
        kind: SCRIPT,
    };
    let statements = ["SET autocommit = 1", "START TRANSACTION"]
        .map(str::to_owned)
        .into_iter()
        .chain(history(resolution))
        .chain([LedgerRow::resolved(&FLAVOUR, resolution).insert()])
        .chain(inserts(owner, resolution.text))
        .chain(["COMMIT".to_owned()]);
    mysql
        .packets(statements)
        .await
        .context("recording the resolution")
}

fn history(resolution: &Resolution<'_>) -> Option<String> {
    let (version, checksum) = (resolution.version, resolution.refinery_checksum);
    match resolution.history {
        HistoryChange::Keep => None,
        HistoryChange::Add => Some(format!(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES ({version}, {}, {}, '{checksum}')",
            session::text(resolution.name),
            session::text(&recording::now()),
        )),
        HistoryChange::Remove => Some(format!(
            "DELETE FROM refinery_schema_history WHERE version = {version}"
        )),
        HistoryChange::Checksum => Some(format!(
            "UPDATE refinery_schema_history SET checksum = '{checksum}' WHERE version = {version}"
        )),
    }
}
