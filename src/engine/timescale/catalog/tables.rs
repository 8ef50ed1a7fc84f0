//! Which tables are there, and what are they like? Columns are part of them.

use super::{
    access::{self, Access, grants},
    answer, columns,
    columns::{Column, Columns},
    kind::{Draft, Kind, object},
    name,
    scope::relations,
};
use crate::schema::{Class, Object};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tokio_postgres::SimpleQueryRow;

/// `table`, by its name.
pub const TABLE: &str = "table";
/// `foreign_table`, by its name.
pub const FOREIGN_TABLE: &str = "foreign_table";

const TABLES: &str = concat!(
    "SELECT c.oid::bigint AS oid, \
     n.nspname AS schema, \
     c.relname AS name, \
     c.relkind AS kind, \
     c.relpersistence = 'u' AS unlogged, \
     CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_by, \
     CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS partition_bound, \
     (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(pn.nspname, p.relname) ORDER BY h.inhseqno) \
     FROM pg_catalog.pg_inherits h \
     JOIN pg_catalog.pg_class p ON p.oid = h.inhparent \
     JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace \
     WHERE h.inhrelid = c.oid) AS parents, \
     c.relrowsecurity AS row_security, \
     c.relforcerowsecurity AS force_row_security, \
     c.relreplident AS replica_identity, \
     CASE WHEN c.relreplident = 'i' THEN (SELECT x.relname FROM pg_catalog.pg_index i \
     JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident) END AS replica_index, \
     c.reloptions AS options, \
     (SELECT m.amname FROM pg_catalog.pg_am m WHERE m.oid = c.relam AND m.amname <> 'heap') AS access_method, \
     (SELECT s.srvname FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver \
     WHERE f.ftrelid = c.oid) AS server, \
     (SELECT f.ftoptions FROM pg_catalog.pg_foreign_table f WHERE f.ftrelid = c.oid) AS server_options, \
     pg_catalog.pg_get_userbyid(c.relowner) AS owner, ",
    grants!("r", "c.relacl", "c.relowner"),
    " AS grants, \
     pg_catalog.obj_description(c.oid, 'pg_class') AS comment \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind IN ('r', 'p', 'f') \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     ORDER BY n.nspname, c.relname"
);

/// Comments on columns, of tables and of views.
pub const COMMENTS: &str = concat!(
    "SELECT d.objoid::bigint AS table, \
     a.attname AS name, \
     d.description AS comment \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_description d ON d.objoid = r.oid \
     AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid > 0 \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid \
     ORDER BY d.objoid, d.objsubid"
);

pub const KIND: Kind = Kind {
    names: &[TABLE, FOREIGN_TABLE],
    timescaledb: false,
    needs: &[
        "pg_catalog.pg_attrdef",
        "pg_catalog.pg_type",
        "pg_catalog.pg_inherits",
    ],
    queries: &[TABLES, columns::QUERY, COMMENTS],
    read,
};

#[derive(Deserialize)]
struct Row {
    oid: u32,
    schema: String,
    name: String,
    kind: String,
    unlogged: bool,
    partition_by: Option<String>,
    partition_bound: Option<String>,
    parents: Option<Vec<(String, String)>>,
    row_security: bool,
    force_row_security: bool,
    replica_identity: String,
    replica_index: Option<String>,
    options: Option<Vec<String>>,
    access_method: Option<String>,
    server: Option<String>,
    server_options: Option<Vec<String>>,
    #[serde(flatten)]
    access: Access,
}

#[derive(Deserialize)]
struct CommentRow {
    table: u32,
    name: String,
    comment: String,
}

/// A table; what is absent is what a plain CREATE TABLE makes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Table {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlogged: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<Partition>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub row_security: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force_row_security: bool,
    /// `full`, `nothing` or `index NAME`; absent is the primary key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica_identity: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Of a foreign table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub server_options: BTreeMap<String, String>,
    pub columns: BTreeMap<String, Column>,
    pub column_order: Vec<String>,
}

/// Of which table it is a part, and which part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Partition {
    pub parent: String,
    pub bound: String,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    let mut by_table: BTreeMap<u32, Columns> = BTreeMap::new();
    for row in answer::decode::<columns::Row>(&answers[1])? {
        let owned = draft.owned_sequences.get(&(row.table, row.number));
        by_table.entry(row.table).or_default().push(row, owned);
    }
    let mut comments = column_comments(&answers[2])?;
    for row in answer::decode::<Row>(&answers[0])? {
        let columns = by_table.remove(&row.oid).unwrap_or_default();
        let kind = if row.kind == "f" {
            FOREIGN_TABLE
        } else {
            TABLE
        };
        let key = name::qualified(&row.schema, &row.name);
        let oid = row.oid;
        let (table, access) = table(row, &columns)?;
        let mut object = object(kind, key, &table)?;
        access.attach(&mut object);
        attach_columns(&mut object, comments.remove(&oid), columns.grants);
        draft.schema.insert(object);
    }
    draft.columns = by_table;
    draft.column_comments = comments;
    Ok(())
}

fn table(row: Row, columns: &Columns) -> Result<(Table, Access)> {
    let parents: Vec<String> = row
        .parents
        .unwrap_or_default()
        .iter()
        .map(|(schema, table)| name::qualified(schema, table))
        .collect();
    let partition_of = match (row.partition_bound, parents.first()) {
        (Some(bound), Some(parent)) => Some(Partition {
            parent: parent.clone(),
            bound,
        }),
        _ => None,
    };
    let inherits = if partition_of.is_some() {
        Vec::new()
    } else {
        parents
    };
    let table = Table {
        unlogged: row.unlogged,
        access_method: row.access_method,
        partition_by: row.partition_by,
        partition_of,
        inherits,
        row_security: row.row_security,
        force_row_security: row.force_row_security,
        replica_identity: match row.replica_identity.as_str() {
            "f" => Some("full".to_owned()),
            "n" => Some("nothing".to_owned()),
            "i" => row.replica_index.map(|index| format!("index {index}")),
            _ => None,
        },
        options: options(row.options),
        server: row.server,
        server_options: options(row.server_options),
        columns: columns.by_name.clone(),
        column_order: columns.order.clone(),
    };
    Ok((table, row.access))
}

/// `name=value` pairs as a map.
pub fn options(pairs: Option<Vec<String>>) -> BTreeMap<String, String> {
    pairs
        .unwrap_or_default()
        .iter()
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

fn column_comments(rows: &[SimpleQueryRow]) -> Result<BTreeMap<u32, Map<String, Value>>> {
    let mut comments: BTreeMap<u32, Map<String, Value>> = BTreeMap::new();
    for row in answer::decode::<CommentRow>(rows)? {
        comments
            .entry(row.table)
            .or_default()
            .insert(row.name, row.comment.into());
    }
    Ok(comments)
}

/// Comments and grants of columns, beside those of the whole: `comments.columns.email`.
pub fn attach_columns(
    object: &mut Object,
    comments: Option<Map<String, Value>>,
    grants: Map<String, Value>,
) {
    if let Some(columns) = comments {
        access::add(object, Class::Comments, "columns", columns.into());
    }
    if !grants.is_empty() {
        access::add(object, Class::Grants, "columns", grants.into());
    }
}
