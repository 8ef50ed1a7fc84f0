//! Which tables are hypertables, along what, in chunks of which length, and how do these go to the
//! columnstore? What policies.yaml states of it is left out of a comparison; jobs are policies.

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
     (EXTRACT(EPOCH FROM d.time_interval) * 1000000)::bigint AS microseconds, \
     d.integer_interval AS integers, \
     CASE WHEN pg_catalog.current_setting('timescaledb.license', true) <> 'apache' THEN \
     (SELECT h.compression_enabled FROM timescaledb_information.hypertables h \
     WHERE h.hypertable_schema = d.hypertable_schema AND h.hypertable_name = d.hypertable_name) END AS columnstore, \
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

/// Typed settings; absent from versions that have dropped the view.
pub const SETTINGS: &str = "SELECT s.hypertable_schema AS schema, \
     s.hypertable_name AS name, \
     pg_catalog.string_agg(pg_catalog.quote_ident(s.attname), ', ' ORDER BY s.segmentby_column_index) \
     FILTER (WHERE s.segmentby_column_index IS NOT NULL) AS segment_by, \
     pg_catalog.string_agg(pg_catalog.quote_ident(s.attname) || CASE WHEN s.orderby_asc THEN '' ELSE ' DESC' END \
     || CASE WHEN s.orderby_asc <> s.orderby_nullsfirst THEN '' WHEN s.orderby_asc THEN ' NULLS FIRST' ELSE ' NULLS LAST' END, \
     ', ' ORDER BY s.orderby_column_index) FILTER (WHERE s.orderby_column_index IS NOT NULL) AS order_by \
     FROM timescaledb_information.compression_settings s \
     GROUP BY s.hypertable_schema, s.hypertable_name";

/// A column of that view.
pub const TYPED: &str = "timescaledb_information.compression_settings.segmentby_column_index";

/// The same where it is gone, as lists in text.
pub const SETTINGS_AS_TEXT: &str = "SELECT n.nspname AS schema, \
     c.relname AS name, \
     pg_catalog.regexp_replace(s.segmentby, ', *', ', ', 'g') AS segment_by, \
     pg_catalog.regexp_replace(s.orderby, ', *', ', ', 'g') AS order_by \
     FROM timescaledb_information.hypertable_columnstore_settings s \
     JOIN pg_catalog.pg_class c ON c.oid = s.hypertable \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";

pub const KIND: Kind = Kind {
    names: &[HYPERTABLE],
    timescaledb: true,
    needs: &[
        "timescaledb_information.dimensions",
        "timescaledb_information.hypertables",
        "timescaledb_information.compression_settings",
        "timescaledb_information.hypertable_columnstore_settings",
        "_timescaledb_catalog.hypertable",
        "_timescaledb_catalog.dimension",
        "_timescaledb_catalog.chunk",
    ],
    queries: &[QUERY, SETTINGS],
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
    microseconds: Option<i64>,
    integers: Option<i64>,
    columnstore: Option<bool>,
    integer_now: Option<String>,
    integer_now_schema: Option<String>,
}

#[derive(Deserialize)]
struct SettingsRow {
    schema: String,
    name: String,
    segment_by: Option<String>,
    order_by: Option<String>,
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
    /// `7 days`, or a number; older snapshots do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk_interval: Option<String>,
    /// Unknown where the licence has none, and in older snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columnstore: Option<Columnstore>,
}

/// Whether, and how, chunks may go to the columnstore.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columnstore {
    pub enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment_by: Option<String>,
    /// Absent is the server's own: the newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_by: Option<String>,
}

/// Parts that are not compared where one side does not know them.
pub const UNKNOWN_TO_SOME: [&str; 2] = ["chunk_interval", "columnstore"];

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
            hypertable.chunk_interval = match (row.microseconds, row.integers) {
                (Some(microseconds), _) => Some(length(microseconds)),
                (None, integers) => integers.map(|one| one.to_string()),
            };
            hypertable.columnstore = row.columnstore.map(|enabled| Columnstore {
                enabled,
                ..Columnstore::default()
            });
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
    for row in answer::decode::<SettingsRow>(&answers[1])? {
        let key = name::qualified(&row.schema, &row.name);
        let Some(hypertable) = hypertables.get_mut(&key) else {
            continue;
        };
        // Some versions write down what they would do anyway.
        let usual = format!("{} DESC", quoted(&hypertable.time_column));
        if let Some(columnstore) = hypertable.columnstore.as_mut().filter(|one| one.enabled) {
            columnstore.segment_by = row.segment_by.filter(|text| !text.is_empty());
            let order_by = row.order_by.filter(|text| !text.is_empty());
            columnstore.order_by = order_by.filter(|text| *text != usual);
        }
    }
    for (key, hypertable) in hypertables {
        draft.schema.insert(object(HYPERTABLE, key, &hypertable)?);
    }
    Ok(())
}

/// As `quote_ident` gives it, reserved words aside.
fn quoted(column: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match column.chars().all(plain) && !column.starts_with(|c: char| c.is_ascii_digit()) {
        true => column.to_owned(),
        false => format!("\"{}\"", column.replace('"', "\"\"")),
    }
}

/// In the greatest unit that it is whole of.
fn length(microseconds: i64) -> String {
    let units = [
        (86_400_000_000, "day"),
        (3_600_000_000, "hour"),
        (60_000_000, "minute"),
        (1_000_000, "second"),
        (1, "microsecond"),
    ];
    let whole = |(of, _): &&(i64, &str)| microseconds % of == 0;
    let (of, name) = units.iter().find(whole).unwrap_or(&units[4]);
    let count = microseconds / of;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_told_in_the_greatest_unit() {
        assert_eq!(length(604_800_000_000), "7 days");
        assert_eq!(length(3_600_000_000), "1 hour");
        assert_eq!(length(5_400_000_000), "90 minutes");
        assert_eq!(length(1_000_001), "1000001 microseconds");
    }
}
