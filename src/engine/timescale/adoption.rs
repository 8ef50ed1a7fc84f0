//! Recording in PostgreSQL what another tool made.

use super::{Timescale, session};
use crate::{
    engine::{Adopted, Adoption, Event},
    outcome::Failure,
    target::Target,
};
use anyhow::{Context, Result};

/// Writes history rows and ledger entries in one transaction.
pub async fn write(timescale: &mut Timescale, adoption: &Adoption<'_>) -> Result<()> {
    let last = adoption.migrations.last().map(|last| last.version);
    let mut statements = vec!["BEGIN".to_owned()];
    for migration in &adoption.migrations {
        if !migration.in_history {
            statements.push(history_row(migration, &adoption.now));
        }
        if !migration.in_ledger {
            let is_last = Some(migration.version) == last;
            statements.push(entry(migration, adoption, is_last));
        }
    }
    statements.push("COMMIT".to_owned());
    timescale
        .client()
        .await?
        .batch_execute(&statements.join(";\n"))
        .await
        .map_err(|error| Failure::failed(session::words(&error)).on(Target::Timescale))
        .context("recording the adoption")
}

fn history_row(migration: &Adopted<'_>, now: &str) -> String {
    format!(
        "INSERT INTO public.refinery_schema_history (version, name, applied_on, checksum) VALUES ({}, {}, {}, '{}')",
        migration.version,
        session::text(migration.name),
        session::text(now),
        migration.refinery_checksum,
    )
}

fn entry(migration: &Adopted<'_>, adoption: &Adoption<'_>, is_last: bool) -> String {
    let snapshot = is_last.then_some(adoption.snapshot);
    format!(
        "INSERT INTO public.sgmp_db_ledger (event, version, name, state, checksum, script, statements_total, \
         statements_done, started_at, finished_at, os_user, os_host, database_user, tool_version, \
         details, snapshot, fingerprint) \
         VALUES ({}, {}, {}, 'done', {}, {}, 0, 0, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp(), \
         {}, {}, current_user, {}, {}, {}, {})",
        session::text(Event::Adopt.name()),
        migration.version,
        session::text(migration.name),
        session::text(&migration.checksum),
        session::text(migration.text),
        session::text(&adoption.identity.os_user),
        session::text(&adoption.identity.os_host),
        session::text(adoption.identity.tool_version),
        session::text(adoption.details),
        session::nullable(snapshot.map(|snapshot| snapshot.text.as_str())),
        session::nullable(snapshot.map(|snapshot| snapshot.fingerprint.as_str())),
    )
}

/// What Alembic's own table holds.
pub async fn alembic_revisions(timescale: &mut Timescale) -> Result<Vec<String>> {
    let query = "SELECT version_num FROM public.alembic_version ORDER BY version_num";
    let rows = session::rows(timescale.client().await?, query)
        .await
        .map_err(|error| Failure::failed(session::words(&error)).on(Target::Timescale))
        .context("reading alembic_version")?;
    Ok(rows
        .iter()
        .map(|row| session::column(row, 0).to_owned())
        .collect())
}
