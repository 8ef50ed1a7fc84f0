//! Dropping old chunks where no job can: which they are, and a bounded number of them at a time.

use super::{
    catalog::{self, Storage},
    details::old,
    quoted, session, told,
};
use crate::{
    counted::counted,
    engine::{Event, Identity, NewEntry, timescale::Timescale, timescale::record},
    policy::{Chunk, OldChunks, Policies, Retention},
};
use anyhow::{Context, Result};
use std::time::Duration;
use tokio_postgres::SimpleQueryRow;

/// Chunks in one transaction: each takes some locks of the server's lock table, whose default holds
/// 64 for every connection.
const BATCH: usize = 100;

/// The chunks that the stated retention lets go, oldest first, of every table that has some.
pub async fn old_chunks(timescale: &mut Timescale, policies: &Policies) -> Result<Vec<OldChunks>> {
    let client = timescale.client().await?;
    let facts = catalog::read(client, policies)
        .await
        .map_err(told)
        .context("reading hypertables")?;
    let mut found = Vec::new();
    for (table, wishes) in &policies.tables {
        let (Some(storage), Some(retention)) = (facts.storage.get(table), wishes.retention) else {
            continue;
        };
        let Some(old) = old(storage, &retention, "INTERVAL '0'") else {
            continue;
        };
        let query = format!(
            "SELECT pg_catalog.format('%I.%I', c.chunk_schema, c.chunk_name), \
             COALESCE(c.range_start::text, c.range_start_integer::text), \
             COALESCE(c.range_end::text, c.range_end_integer::text) \
             FROM timescaledb_information.chunks c \
             WHERE pg_catalog.format('%I.%I', c.chunk_schema, c.chunk_name)::regclass \
             IN (SELECT show_chunks({}, {old})) \
             ORDER BY c.range_end, c.range_end_integer, 1",
            session::text(&quoted(table))
        );
        let rows = session::rows(client, &query)
            .await
            .map_err(told)
            .with_context(|| format!("looking for old chunks of {table}"))?;
        if !rows.is_empty() {
            found.push(OldChunks {
                table: table.clone(),
                retention,
                boundaries: boundaries(storage, &retention, &old, &rows),
                chunks: rows.iter().map(chunk).collect(),
            });
        }
    }
    Ok(found)
}

/// Drops them a bounded number at a time, each time with a ledger entry, and returns the names of
/// those that went. Needs the lock.
pub async fn drop_chunks(
    timescale: &mut Timescale,
    old: &OldChunks,
    lock_timeout: Duration,
    identity: &Identity,
) -> Result<Vec<String>> {
    let client = timescale.client().await?;
    let mut dropped = Vec::new();
    for boundary in &old.boundaries {
        let begin = format!(
            "BEGIN; SET LOCAL lock_timeout = {}; SELECT drop_chunks({}, {boundary})",
            lock_timeout.as_millis(),
            session::text(&quoted(&old.table))
        );
        let gone = match session::rows(client, &begin).await {
            Ok(rows) => rows,
            Err(error) => {
                super::run(client, "ROLLBACK").await?;
                let words = format!("dropping old chunks of {}", old.table);
                return Err(anyhow::Error::from(told(error).remedy(
                    "what was dropped before stays dropped; go on with: sgmp-db policies run-retention",
                ))
                .context(words));
            }
        };
        let names: Vec<String> = gone
            .iter()
            .map(|row| session::column(row, 0).to_owned())
            .collect();
        let words = format!(
            "run-retention of {}: dropped {} older than {}: {}",
            old.table,
            counted(names.len(), "chunk"),
            old.retention,
            names.join(", ")
        );
        let entry = NewEntry {
            event: Event::Policy,
            details: &words,
            identity,
        };
        let end = format!("{}; COMMIT", record::log_statement(&entry));
        super::run(client, &end)
            .await
            .context("recording what was dropped")?;
        dropped.extend(names);
    }
    Ok(dropped)
}

fn chunk(row: &SimpleQueryRow) -> Chunk {
    let text = |index| session::column(row, index).to_owned();
    Chunk {
        name: text(0),
        from: text(1),
        to: text(2),
    }
}

/// Where each batch ends: the youngest end of a batch, and for the last one the policy's own words.
fn boundaries(
    storage: &Storage,
    retention: &Retention,
    old: &str,
    rows: &[SimpleQueryRow],
) -> Vec<String> {
    let mut boundaries = Vec::new();
    if matches!(retention, Retention::DropAfter(_)) {
        let inner = rows.len().saturating_sub(1) / BATCH;
        boundaries.extend((1..=inner).map(|batch| {
            let end = session::text(session::column(&rows[batch * BATCH - 1], 2));
            let kind = &storage.column_type;
            let literal = match kind.as_str() {
                "timestamp with time zone" => format!("{end}::timestamptz"),
                "date" | "timestamp without time zone" => {
                    format!("({end}::timestamptz AT TIME ZONE 'UTC')::{kind}")
                }
                _ => format!("{end}::{kind}"),
            };
            format!("older_than => {literal}")
        }));
    }
    boundaries.push(old.to_owned());
    boundaries
}
