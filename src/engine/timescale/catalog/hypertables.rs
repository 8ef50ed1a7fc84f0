//! Which tables are hypertables, and along what? Chunk interval, retention and compression are policies.

use super::{
    answer,
    kind::{Draft, Kind, object},
    name,
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio_postgres::SimpleQueryRow;

/// `hypertable`, by its table's name.
pub const HYPERTABLE: &str = "hypertable";

/// Aggregates have hypertables of their own, in a schema of the extension's.
const QUERY: &str = "SELECT d.hypertable_schema AS schema, \
     d.hypertable_name AS name, \
     d.dimension_number AS number, \
     d.column_name AS column, \
     d.column_type::text AS type, \
     d.num_partitions AS partitions, \
     d.integer_now_func AS integer_now, \
     CASE WHEN d.integer_now_func IS NOT NULL THEN (SELECT m.integer_now_func_schema \
     FROM _timescaledb_catalog.hypertable h \
     JOIN _timescaledb_catalog.dimension m ON m.hypertable_id = h.id \
     WHERE h.schema_name = d.hypertable_schema \
     AND h.table_name = d.hypertable_name \
     AND m.column_name = d.column_name) END AS integer_now_schema \
     FROM timescaledb_information.dimensions d \
     WHERE d.hypertable_schema IN (SELECT n.nspname FROM pg_catalog.pg_namespace n \
     WHERE n.oid = ANY (ARRAY(SELECT pg_catalog.unnest(pg_catalog.current_setting('sgmp_db.schemas')::oid[])))) \
     ORDER BY d.hypertable_schema, d.hypertable_name, d.dimension_number";

pub const KIND: Kind = Kind {
    names: &[HYPERTABLE],
    timescaledb: true,
    needs: &[
        "timescaledb_information.dimensions",
        "_timescaledb_catalog.hypertable",
        "_timescaledb_catalog.dimension",
        "_timescaledb_catalog.chunk",
    ],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    schema: String,
    name: String,
    number: i64,
    column: String,
    #[serde(rename = "type")]
    type_name: String,
    partitions: Option<i64>,
    integer_now: Option<String>,
    integer_now_schema: Option<String>,
}

/// Along which columns a table is cut into chunks.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Hypertable {
    pub time_column: String,
    pub time_type: String,
    /// The function that says what now is, for a time column of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integer_now: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, Dimension>,
}

/// A dimension beyond the first: hashed into a number of partitions, or a range.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dimension {
    #[serde(rename = "type")]
    pub type_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<i64>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    let mut hypertables: BTreeMap<String, Hypertable> = BTreeMap::new();
    for row in answer::decode::<Row>(&answers[0])? {
        let hypertable = hypertables
            .entry(name::qualified(&row.schema, &row.name))
            .or_default();
        if row.number == 1 {
            hypertable.time_column = row.column;
            hypertable.time_type = row.type_name;
            let schema = row.integer_now_schema.as_deref().unwrap_or("public");
            hypertable.integer_now = row.integer_now.map(|own| name::qualified(schema, &own));
        } else {
            let dimension = Dimension {
                type_name: row.type_name,
                partitions: row.partitions,
            };
            hypertable.dimensions.insert(row.column, dimension);
        }
    }
    for (key, hypertable) in hypertables {
        draft.schema.insert(object(HYPERTABLE, key, &hypertable)?);
    }
    Ok(())
}
