//! Recording in MySQL what somebody settled by hand.

use super::{Mysql, recording, session};
use crate::engine::{Event, HistoryChange, Resolution};
use anyhow::{Context, Result};

/// Writes the ledger entry and changes the history row, in one transaction.
pub async fn write(mysql: &mut Mysql, resolution: &Resolution<'_>) -> Result<()> {
    let history = history(resolution);
    let entry = entry(resolution);
    let mut statements = vec!["START TRANSACTION"];
    statements.extend(history.as_deref());
    statements.extend([entry.as_str(), "COMMIT"]);
    mysql
        .packet(&statements)
        .await
        .context("recording the resolution")?;
    Ok(())
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

fn entry(resolution: &Resolution<'_>) -> String {
    let total = resolution.statements_total;
    format!(
        "INSERT INTO sgmp_db_ledger (event, version, name, state, checksum, script, statements_total, \
         statements_done, continues, started_at, finished_at, os_user, os_host, database_user, \
         tool_version, details) \
         VALUES ({}, {}, {}, {}, {}, {}, {total}, {}, {}, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), {}, {}, CURRENT_USER(), {}, {})",
        session::text(Event::Resolve.name()),
        resolution.version,
        session::text(resolution.name),
        session::text(resolution.state.name()),
        session::text(&resolution.checksum),
        session::text(resolution.text),
        resolution.statements_done.min(total),
        resolution
            .continues
            .map_or_else(|| "NULL".to_owned(), |id| id.to_string()),
        session::text(&resolution.identity.os_user),
        session::text(&resolution.identity.os_host),
        session::text(resolution.identity.tool_version),
        session::text(resolution.details),
    )
}
