//! About how many rows a table holds: the statistics of the server, which nobody has to count for.

use super::{Timescale, session};
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// By name, with schema where one was named; a table that is not there or was never analysed is left out.
/// The rows of a hypertable, as those of a partitioned table, are in the tables that inherit from it.
pub async fn estimated(
    timescale: &mut Timescale,
    tables: &[String],
) -> Result<BTreeMap<String, u64>> {
    if tables.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<String> = tables
        .iter()
        .map(|name| format!("({})", session::text(name)))
        .collect();
    let query = format!(
        "WITH RECURSIVE asked AS (SELECT name, pg_catalog.to_regclass(name)::oid AS root FROM (VALUES {}) AS v (name)), \
         family AS (SELECT name, root AS part FROM asked WHERE root IS NOT NULL \
         UNION SELECT f.name, i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.part) \
         SELECT f.name, sum(GREATEST(c.reltuples, 0))::bigint FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.part \
         GROUP BY f.name HAVING bool_or(c.reltuples >= 0)",
        names.join(", ")
    );
    let rows = session::rows(timescale.client().await?, &query)
        .await
        .context("reading how many rows the tables hold")?;
    Ok(rows
        .iter()
        .filter_map(|row| {
            let name = session::optional(row, 0)?.to_owned();
            Some((name, session::optional(row, 1)?.parse().ok()?))
        })
        .collect())
}
