//! Recording in PostgreSQL what another tool made.

use super::{Timescale, record::FLAVOUR, session, texts};
use crate::{
    engine::{Adopted, Adoption, LedgerRow},
    outcome::Failure,
    target::Target,
};
use anyhow::{Context, Result};

/// Writes history rows and ledger entries in one transaction.
pub async fn write(timescale: &mut Timescale, adoption: &Adoption<'_>) -> Result<()> {
    let last = adoption.migrations.last().map(|last| last.version);
    let rows = adoption.migrations.iter().flat_map(|migration| {
        let history = (!migration.in_history).then(|| history_row(migration, &adoption.now));
        let is_last = Some(migration.version) == last;
        let entry = (!migration.in_ledger).then(|| entry(migration, adoption, is_last));
        history.into_iter().chain(entry.into_iter().flatten())
    });
    let statements = ["BEGIN".to_owned()]
        .into_iter()
        .chain(rows)
        .chain(["COMMIT".to_owned()]);
    timescale
        .batches(statements)
        .await
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

fn entry<'a>(
    migration: &'a Adopted<'_>,
    adoption: &'a Adoption<'_>,
    is_last: bool,
) -> impl Iterator<Item = String> + 'a {
    let row = LedgerRow::adopted(&FLAVOUR, migration, adoption, is_last);
    let snapshot = Some(adoption.snapshot).filter(|_| is_last);
    let snapshot =
        snapshot.map(|snapshot| texts::inserts(texts::NEWEST, texts::SNAPSHOT, &snapshot.text));
    std::iter::once(texts::with_script(&row.insert(), migration.text, None))
        .chain(texts::rest_of_script(migration.text))
        .chain(snapshot.into_iter().flatten())
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
