//! Which continuous aggregates did migrations make, and from what? Those that the backend makes at
//! run time are left out; refreshing, retention and compression are policies.

use super::{
    access::{Access, grants},
    answer, indexes,
    kind::{Draft, Kind, object},
    name,
};
use crate::{
    engine::timescale::normal,
    policy::{TableName, backend},
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use tokio_postgres::SimpleQueryRow;

/// `continuous_aggregate`, by its view's name.
pub const CONTINUOUS_AGGREGATE: &str = "continuous_aggregate";

/// `view_definition` is the aggregate's own text; the view that users read has the watermark and an
/// internal name in it.
const AGGREGATES: &str = concat!(
    "SELECT a.view_schema AS schema, \
     a.view_name AS name, \
     COALESCE(s.view_schema, a.hypertable_schema) AS source_schema, \
     COALESCE(s.view_name, a.hypertable_name) AS source, \
     a.materialized_only, \
     CASE WHEN pg_catalog.current_setting('timescaledb.license', true) <> 'apache' \
     THEN (pg_catalog.to_jsonb(a) ->> 'compression_enabled')::boolean END AS columnstore, \
     a.view_definition AS definition, \
     (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(t.attname, \
     pg_catalog.format_type(t.atttypid, t.atttypmod)) ORDER BY t.attnum) \
     FROM pg_catalog.pg_attribute t \
     WHERE t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped) AS columns, \
     pg_catalog.pg_get_userbyid(c.relowner) AS owner, ",
    grants!("r", "c.relacl", "c.relowner"),
    " AS grants, \
     pg_catalog.obj_description(c.oid, 'pg_class') AS comment \
     FROM timescaledb_information.continuous_aggregates a \
     LEFT JOIN timescaledb_information.continuous_aggregates s \
     ON s.materialization_hypertable_schema = a.hypertable_schema \
     AND s.materialization_hypertable_name = a.hypertable_name \
     JOIN pg_catalog.pg_namespace n ON n.nspname = a.view_schema \
     JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = a.view_name \
     ORDER BY a.view_schema, a.view_name"
);

/// An index of an aggregate is one of the table that holds its rows, in a schema of the extension's.
const INDEXES: &str = "SELECT a.view_schema AS schema, \
     a.view_name AS table, \
     x.relname AS name, \
     a.materialization_hypertable_name AS storage, \
     pg_catalog.pg_get_indexdef(i.indexrelid) AS definition, \
     i.indisvalid AND i.indisready AS valid, \
     pg_catalog.obj_description(x.oid, 'pg_class') AS comment \
     FROM timescaledb_information.continuous_aggregates a \
     JOIN pg_catalog.pg_namespace n ON n.nspname = a.materialization_hypertable_schema \
     JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = a.materialization_hypertable_name \
     JOIN pg_catalog.pg_index i ON i.indrelid = c.oid \
     JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
     ORDER BY a.view_schema, a.view_name, x.relname";

pub const KIND: Kind = Kind {
    names: &[CONTINUOUS_AGGREGATE],
    timescaledb: true,
    needs: &[
        "timescaledb_information.continuous_aggregates",
        "_timescaledb_catalog.continuous_agg",
        "_timescaledb_catalog.hypertable",
    ],
    queries: &[AGGREGATES, INDEXES],
    read,
};

#[derive(Deserialize)]
struct Row {
    schema: String,
    name: String,
    source_schema: String,
    source: String,
    materialized_only: bool,
    columnstore: Option<bool>,
    definition: Option<String>,
    columns: Vec<(String, String)>,
    #[serde(flatten)]
    access: Access,
}

#[derive(Deserialize)]
struct IndexRow {
    storage: String,
    #[serde(flatten)]
    index: indexes::Row,
}

/// A continuous aggregate; its text is compared within one major version, this across them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContinuousAggregate {
    /// The hypertable, or the aggregate, that it aggregates.
    pub source: String,
    pub materialized_only: bool,
    /// May its chunks go to the columnstore? Unknown where the licence has none, and in older snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columnstore: Option<bool>,
    /// Name to type.
    pub columns: BTreeMap<String, String>,
    pub column_order: Vec<String>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    let mut left_out = Vec::new();
    for row in answer::decode::<Row>(&answers[0])? {
        draft
            .aggregates
            .insert((row.schema.clone(), row.name.clone()));
        if is_backend_made(&row) {
            left_out.push((row.schema, row.name));
            continue;
        }
        let definition = normal::statement(&answer::present(row.definition)?);
        let aggregate = ContinuousAggregate {
            source: name::qualified(&row.source_schema, &row.source),
            materialized_only: row.materialized_only,
            columnstore: row.columnstore,
            column_order: row.columns.iter().map(|(name, _)| name.clone()).collect(),
            columns: row.columns.into_iter().collect(),
        };
        let key = name::qualified(&row.schema, &row.name);
        let mut object = object(CONTINUOUS_AGGREGATE, key, &aggregate)?;
        object.per_major = Some(json!({ "definition": definition }));
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    for IndexRow { storage, index } in answer::decode::<IndexRow>(&answers[1])? {
        let view = (index.schema.clone(), index.table.clone());
        if left_out.contains(&view) {
            continue;
        }
        let own = normal::storage_index(&index.name, &storage);
        let key = name::of_table(&index.schema, &index.table, &own);
        indexes::take(index, key, draft)?;
    }
    Ok(())
}

/// Whether it is as the backend makes them is a question between the databases, not one of drift.
fn is_backend_made(row: &Row) -> bool {
    let named = |schema: &str, name: &str| TableName {
        schema: schema.to_owned(),
        name: name.to_owned(),
    };
    backend::makes(
        &named(&row.schema, &row.name),
        &named(&row.source_schema, &row.source),
    )
}
