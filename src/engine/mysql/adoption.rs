//! Recording in MySQL what another tool made.

use super::{
    Mysql,
    record::FLAVOUR,
    session,
    texts::{Owner, SCRIPT, SNAPSHOT, inserts},
};
use crate::engine::{Adopted, Adoption, LedgerRow};
use anyhow::{Context, Result};

/// Writes history rows and ledger entries in one transaction.
pub async fn write(mysql: &mut Mysql, adoption: &Adoption<'_>) -> Result<()> {
    let last = adoption.migrations.last().map(|last| last.version);
    let begin = ["SET autocommit = 1", "START TRANSACTION"].map(str::to_owned);
    let rows = adoption.migrations.iter().flat_map(|migration| {
        let history = (!migration.in_history).then(|| history_row(migration, &adoption.now));
        let is_last = Some(migration.version) == last;
        let entry = (!migration.in_ledger).then(|| entry(migration, adoption, is_last));
        history.into_iter().chain(entry.into_iter().flatten())
    });
    let statements = begin.into_iter().chain(rows).chain(["COMMIT".to_owned()]);
    mysql
        .packets(statements)
        .await
        .context("recording the adoption")
}

fn history_row(migration: &Adopted<'_>, now: &str) -> String {
    format!(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES ({}, {}, {}, '{}')",
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
    let entry = "LAST_INSERT_ID()";
    let kind = SNAPSHOT;
    let snapshot = snapshot.map(|snapshot| inserts(Owner { entry, kind }, &snapshot.text));
    let kind = SCRIPT;
    std::iter::once(row.insert())
        .chain(inserts(Owner { entry, kind }, migration.text))
        .chain(snapshot.into_iter().flatten())
}

/// What Alembic's own table holds.
pub async fn alembic_revisions(mysql: &mut Mysql) -> Result<Vec<String>> {
    let query = "SELECT version_num FROM alembic_version ORDER BY version_num";
    let sets = mysql
        .packet(&[query])
        .await
        .context("reading alembic_version")?;
    Ok(sets[0]
        .iter()
        .filter_map(|row| row.get_opt::<String, _>(0)?.ok())
        .collect())
}
