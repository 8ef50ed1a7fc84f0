//! What is a column? The part that `tables` composes; it makes no objects of its own.

use super::{
    access::{Grant, by_role},
    name,
    scope::relations,
    sequences::{Owned, Sequence},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// `attcompression` came with 14: before, its name means that of `absent`.
/// Inherited columns are their parent's, whether or not the table has declared them itself too.
pub const QUERY: &str = concat!(
    "SELECT a.attrelid::bigint AS table, \
     a.attnum AS number, \
     a.attname AS name, \
     pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, \
     NOT a.attnotnull AS nullable, \
     pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression, \
     NULLIF(a.attidentity, '') AS identity, \
     NULLIF(a.attgenerated, '') AS generated, \
     CASE WHEN a.attcollation <> t.typcollation THEN cn.nspname END AS collation_schema, \
     CASE WHEN a.attcollation <> t.typcollation THEN l.collname END AS collation, \
     CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END AS storage, \
     (SELECT NULLIF(attcompression::text, '') FROM (SELECT a.*) AS own) AS compression, \
     a.attfdwoptions AS options, \
     CASE WHEN a.attacl IS NOT NULL THEN \
     (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('to', CASE WHEN g.grantee = 0 THEN 'PUBLIC' \
     ELSE pg_catalog.pg_get_userbyid(g.grantee) END, 'privilege', g.privilege_type, 'grantable', g.is_grantable)) \
     FROM pg_catalog.aclexplode(a.attacl) AS g) END AS grants \
     FROM (SELECT ''::text AS attcompression) AS absent, ",
    relations!(),
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid \
     AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0 \
     JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind <> 'S' \
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation \
     LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = l.collnamespace \
     ORDER BY a.attrelid, a.attnum"
);

/// One row of `QUERY`.
#[derive(Debug, Deserialize)]
pub struct Row {
    pub table: u32,
    pub number: i16,
    pub name: String,
    #[serde(rename = "type")]
    type_name: String,
    nullable: bool,
    expression: Option<String>,
    identity: Option<String>,
    generated: Option<String>,
    collation_schema: Option<String>,
    collation: Option<String>,
    storage: Option<String>,
    compression: Option<String>,
    options: Option<Vec<String>>,
    pub grants: Option<Vec<Grant>>,
}

/// A column; what is absent is the default of its type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    #[serde(rename = "type")]
    pub type_name: String,
    pub nullable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// `always` or `by default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// `pglz` or `lz4`; absent is the server's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// Of a foreign table's column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The sequence that the column owns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<ColumnSequence>,
}

/// How a column computes itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    pub expression: String,
    /// Kept, or computed when read (PostgreSQL 18).
    pub stored: bool,
}

/// A sequence that lives and dies with its column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnSequence {
    pub name: String,
    #[serde(flatten)]
    pub sequence: Sequence,
}

/// The columns of one table.
#[derive(Debug, Default)]
pub struct Columns {
    pub by_name: BTreeMap<String, Column>,
    pub order: Vec<String>,
    /// Role to privileges, by column.
    pub grants: Map<String, Value>,
}

impl Columns {
    /// Takes the next column in.
    pub fn push(&mut self, row: Row, owned: Option<&Owned>) {
        if let Some(grants) = row.grants {
            self.grants.insert(row.name.clone(), by_role(grants).into());
        }
        let generated = row.generated.as_deref();
        let column = Column {
            type_name: row.type_name,
            nullable: row.nullable,
            default: row.expression.clone().filter(|_| generated.is_none()),
            identity: row.identity.map(|code| {
                match code.as_str() {
                    "a" => "always",
                    _ => "by default",
                }
                .to_owned()
            }),
            generated: generated
                .zip(row.expression)
                .map(|(code, expression)| Generated {
                    expression,
                    stored: code == "s",
                }),
            collation: row
                .collation
                .map(|collation| in_catalog(row.collation_schema.as_deref(), &collation)),
            storage: row.storage.map(|code| {
                match code.as_str() {
                    "p" => "plain",
                    "e" => "external",
                    "m" => "main",
                    _ => "extended",
                }
                .to_owned()
            }),
            compression: row.compression.map(|code| {
                match code.as_str() {
                    "p" => "pglz",
                    _ => "lz4",
                }
                .to_owned()
            }),
            options: row.options.unwrap_or_default(),
            sequence: owned.map(|owned| ColumnSequence {
                name: name::qualified(&owned.schema, &owned.name),
                sequence: owned.sequence.clone(),
            }),
        };
        self.order.push(row.name.clone());
        self.by_name.insert(row.name, column);
    }
}

/// The name of what the system's schema goes without saying for.
pub fn in_catalog(schema: Option<&str>, own: &str) -> String {
    match schema {
        Some("pg_catalog") | None => name::part(own),
        Some(schema) => format!("{}.{}", name::part(schema), name::part(own)),
    }
}
