//! What is a table? Its columns and partitions are parts of it; indexes, keys and checks are not.

use super::{
    answer,
    columns::Columns,
    databases::Database,
    kind::{Draft, Kind},
    partitions::Partitions,
};
use crate::{
    engine::mysql::{normal, record},
    schema::Class,
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The kind of these objects.
pub const KIND: &str = "table";

/// No statistics: they are slow when cold, and data.
pub const QUERY: &str = "SELECT t.TABLE_NAME, \
     t.TABLE_TYPE, \
     t.ENGINE, \
     t.TABLE_COLLATION, \
     t.CREATE_OPTIONS, \
     t.TABLE_COMMENT \
     FROM information_schema.TABLES AS t \
     WHERE t.TABLE_SCHEMA = DATABASE() \
     ORDER BY t.TABLE_NAME";

/// The rows are among the facts that every kind rests on, and the parts come from their own kinds.
pub const TABLES: Kind = Kind {
    names: &[KIND],
    needs: &["SELECT"],
    queries: &[],
    asks: None,
    read: |_, draft| {
        for (name, bare) in draft.facts.tables.clone() {
            let parts = draft.parts.remove(&name).unwrap_or_default();
            add(name, bare, parts, draft)?;
        }
        Ok(())
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Row {
    table_name: String,
    table_type: String,
    engine: Option<String>,
    table_collation: Option<String>,
    create_options: Option<String>,
    table_comment: Option<String>,
}

/// Tables that hold a record of migrations, ours or another tool's: not part of the schema.
pub const RECORDS: [&str; 4] = [
    record::HISTORY,
    record::LEDGER,
    record::TEXT,
    "alembic_version",
];

/// The engine that needs no telling.
const ENGINE: &str = "InnoDB";

/// A table as it is compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Where it is not InnoDB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Where it is not the database's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// Where it was asked for; without, the server's default applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_format: Option<String>,
    /// A map of `Column` by name, in the table's order.
    pub columns: Map<String, Value>,
    pub column_order: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<Partitions>,
    /// Names by timing and event (`before_insert`) where there are several, in the order in which they run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trigger_order: BTreeMap<String, Vec<String>>,
    /// Every other option that was asked for, each a field of its own.
    #[serde(flatten)]
    pub options: BTreeMap<String, String>,
}

/// A table before its parts are put in.
#[derive(Debug, Clone)]
pub struct Bare {
    engine: Option<String>,
    /// Resolved; none for a view.
    pub collation: Option<String>,
    options: BTreeMap<String, String>,
    comment: String,
}

/// The tables of the schema, without those that hold a record of migrations.
pub fn bare(rows: Vec<mysql_async::Row>) -> Result<BTreeMap<String, Bare>> {
    let rows = answer::decode::<Row>(rows)?.into_iter();
    let is_ours = |row: &Row| {
        row.table_type == "BASE TABLE" && !RECORDS.contains(&row.table_name.to_lowercase().as_str())
    };
    Ok(rows
        .filter(is_ours)
        .map(|row| {
            let bare = Bare {
                engine: row.engine.filter(|engine| engine != ENGINE),
                collation: row.table_collation.map(|raw| normal::collation(&raw)),
                options: normal::options(&row.create_options.unwrap_or_default()),
                comment: row.table_comment.unwrap_or_default(),
            };
            (row.table_name, bare)
        })
        .collect())
}

/// The parts of a table that come from elsewhere.
#[derive(Debug, Default)]
pub struct Parts {
    pub columns: Columns,
    pub partitions: Option<Partitions>,
    pub trigger_order: BTreeMap<String, Vec<String>>,
    /// By name.
    pub partition_comments: BTreeMap<String, String>,
    pub index_comments: BTreeMap<String, String>,
}

/// A whole table.
fn add(name: String, mut bare: Bare, parts: Parts, draft: &mut Draft) -> Result<()> {
    let database: &Database = &draft.facts.database;
    let row_format = bare.options.remove("row_format");
    // A table in an encrypted database is encrypted without being asked.
    let encrypted = bare.options.remove("encryption").as_deref() == Some("Y");
    if encrypted != database.defaults.encryption {
        let told = if encrypted { "Y" } else { "N" };
        bare.options
            .insert("encryption".to_owned(), told.to_owned());
    }
    let mut comments = Map::new();
    if !bare.comment.is_empty() {
        comments.insert("table".to_owned(), json!(bare.comment));
    }
    for (part, list) in [
        ("columns", &parts.columns.comments),
        ("partitions", &parts.partition_comments),
        ("indexes", &parts.index_comments),
    ] {
        if !list.is_empty() {
            comments.insert(part.to_owned(), serde_json::to_value(list)?);
        }
    }
    let table = Table {
        engine: bare.engine,
        collation: database.deviating(bare.collation),
        row_format,
        options: bare.options,
        column_order: parts
            .columns
            .list
            .iter()
            .map(|(name, _)| name.clone())
            .collect(),
        columns: parts
            .columns
            .list
            .into_iter()
            .map(|(name, column)| Ok((name, serde_json::to_value(column)?)))
            .collect::<Result<_>>()?,
        partitions: parts.partitions,
        trigger_order: parts.trigger_order,
    };
    let object = draft.add(KIND, name, &table)?;
    if !comments.is_empty() {
        object
            .optional
            .insert(Class::Comments, Value::Object(comments));
    }
    Ok(())
}
