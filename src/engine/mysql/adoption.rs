//! Recording in MySQL what another tool made.

use super::{Mysql, session};
use crate::engine::{Adopted, Adoption, Event};
use anyhow::{Context, Result};

/// Writes history rows and ledger entries in one transaction.
pub async fn write(mysql: &mut Mysql, adoption: &Adoption<'_>) -> Result<()> {
    let last = adoption.migrations.last().map(|last| last.version);
    let mut statements = vec!["START TRANSACTION".to_owned()];
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
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    mysql
        .packet(&statements)
        .await
        .context("recording the adoption")?;
    Ok(())
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

fn entry(migration: &Adopted<'_>, adoption: &Adoption<'_>, is_last: bool) -> String {
    let snapshot = is_last.then_some(adoption.snapshot);
    format!(
        "INSERT INTO sgmp_db_ledger (event, version, name, state, checksum, script, statements_total, \
         statements_done, started_at, finished_at, os_user, os_host, database_user, tool_version, \
         details, snapshot, fingerprint) \
         VALUES ({}, {}, {}, 'done', {}, {}, 0, 0, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), {}, {}, CURRENT_USER(), {}, {}, {}, {})",
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
