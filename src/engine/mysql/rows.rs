//! About how many rows a table holds: the statistics of the server, which nobody has to count for.

use super::{Mysql, session};
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// By name; a table that is not there is left out.
pub async fn estimated(mysql: &mut Mysql, tables: &[String]) -> Result<BTreeMap<String, u64>> {
    if tables.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<String> = tables.iter().map(|name| session::text(name)).collect();
    // What the server has cached of its statistics may be a day old.
    let fresh = "SET information_schema_stats_expiry = 0";
    let query = format!(
        "SELECT TABLE_NAME, TABLE_ROWS FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND TABLE_NAME IN ({})",
        names.join(", ")
    );
    let sets = mysql
        .packet(&[fresh, &query])
        .await
        .context("reading how many rows the tables hold")?;
    let rows = sets.last().into_iter().flatten();
    Ok(rows
        .filter_map(|row| {
            let name = row.get_opt::<String, _>(0)?.ok()?;
            Some((name, row.get_opt::<Option<u64>, _>(1)?.ok()??))
        })
        .collect())
}
