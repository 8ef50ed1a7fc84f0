//! Which types are there? Enums, domains, composite types and ranges; not those that a table brings.

use super::{
    access::{Access, grants},
    answer,
    columns::in_catalog,
    kind::{Draft, Kind, object},
    name,
    scope::{in_schemas, not_of_extension},
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio_postgres::SimpleQueryRow;

/// `enum`, by its name.
pub const ENUM: &str = "enum";
/// `domain`, by its name.
pub const DOMAIN: &str = "domain";
/// `composite_type`, by its name.
pub const COMPOSITE_TYPE: &str = "composite_type";
/// `range_type`, by its name.
pub const RANGE_TYPE: &str = "range_type";

/// A composite type without a table has a relation of kind `c`.
const QUERY: &str = concat!(
    "SELECT n.nspname AS schema, \
     t.typname AS name, \
     t.typtype AS kind, \
     (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder) \
     FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) AS labels, \
     CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END AS base, \
     t.typnotnull AS not_null, \
     t.typdefault AS default, \
     CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN ln.nspname END AS collation_schema, \
     CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN l.collname END AS collation, \
     CASE WHEN t.typtype = 'd' THEN (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(k.conname, \
     pg_catalog.pg_get_constraintdef(k.oid)) ORDER BY k.conname) \
     FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c') END AS checks, \
     CASE WHEN t.typtype = 'c' THEN (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, \
     pg_catalog.format_type(a.atttypid, a.atttypmod), \
     CASE WHEN a.attcollation <> at.typcollation THEN al.collname END) ORDER BY a.attnum) \
     FROM pg_catalog.pg_attribute a \
     JOIN pg_catalog.pg_type at ON at.oid = a.atttypid \
     LEFT JOIN pg_catalog.pg_collation al ON al.oid = a.attcollation \
     WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END AS attributes, \
     (SELECT pg_catalog.json_strip_nulls(pg_catalog.json_build_object(\
     'subtype', pg_catalog.format_type(g.rngsubtype, NULL), \
     'subtype_opclass', CASE WHEN NOT o.opcdefault THEN o.opcname END, \
     'canonical', NULLIF(g.rngcanonical::pg_catalog.regproc::text, '-'), \
     'subtype_diff', NULLIF(g.rngsubdiff::pg_catalog.regproc::text, '-'))) \
     FROM pg_catalog.pg_range g JOIN pg_catalog.pg_opclass o ON o.oid = g.rngsubopc \
     WHERE g.rngtypid = t.oid) AS range, \
     pg_catalog.pg_get_userbyid(t.typowner) AS owner, ",
    grants!("T", "t.typacl", "t.typowner"),
    " AS grants, \
     pg_catalog.obj_description(t.oid, 'pg_type') AS comment \
     FROM pg_catalog.pg_depend d \
     JOIN pg_catalog.pg_type t ON t.oid = d.objid \
     JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
     LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype \
     LEFT JOIN pg_catalog.pg_collation l ON l.oid = t.typcollation \
     LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace \
     LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
     WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass \
     AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
     AND ",
    in_schemas!("d.refobjid"),
    " AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c') \
     AND ",
    not_of_extension!("pg_type", "t.oid"),
    " ORDER BY n.nspname, t.typname"
);

pub const KIND: Kind = Kind {
    names: &[ENUM, DOMAIN, COMPOSITE_TYPE, RANGE_TYPE],
    timescaledb: false,
    needs: &[
        "pg_catalog.pg_type",
        "pg_catalog.pg_enum",
        "pg_catalog.pg_range",
        "pg_catalog.pg_opclass",
    ],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    schema: String,
    name: String,
    kind: String,
    labels: Option<Vec<String>>,
    base: Option<String>,
    not_null: bool,
    default: Option<String>,
    collation_schema: Option<String>,
    collation: Option<String>,
    checks: Option<Vec<(String, Option<String>)>>,
    attributes: Option<Vec<(String, String, Option<String>)>>,
    range: Option<RangeType>,
    #[serde(flatten)]
    access: Access,
}

/// Its values in their order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Enum {
    pub values: Vec<String>,
}

/// A type with rules of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Domain {
    #[serde(rename = "type")]
    pub type_name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_null: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// Name to definition.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<String, String>,
}

/// A row type of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompositeType {
    /// Name to type, with its collation where that is not the type's.
    pub attributes: BTreeMap<String, String>,
    pub attribute_order: Vec<String>,
}

/// A range over a type; the parts have the names of CREATE TYPE's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RangeType {
    pub subtype: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtype_opclass: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtype_diff: Option<String>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let key = name::qualified(&row.schema, &row.name);
        let mut object = match row.kind.as_str() {
            "e" => {
                let values = row.labels.unwrap_or_default();
                object(ENUM, key, &Enum { values })?
            }
            "r" => object(RANGE_TYPE, key, &answer::present(row.range)?)?,
            "c" => object(
                COMPOSITE_TYPE,
                key,
                &composite(row.attributes.unwrap_or_default()),
            )?,
            _ => {
                let domain = Domain {
                    type_name: answer::present(row.base)?,
                    not_null: row.not_null,
                    default: row.default,
                    collation: row
                        .collation
                        .map(|own| in_catalog(row.collation_schema.as_deref(), &own)),
                    checks: row
                        .checks
                        .unwrap_or_default()
                        .into_iter()
                        .map(|(name, text)| Ok((name, answer::present(text)?)))
                        .collect::<Result<_>>()?,
                };
                object(DOMAIN, key, &domain)?
            }
        };
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}

fn composite(attributes: Vec<(String, String, Option<String>)>) -> CompositeType {
    CompositeType {
        attribute_order: attributes.iter().map(|(name, _, _)| name.clone()).collect(),
        attributes: attributes
            .into_iter()
            .map(|(name, type_name, collation)| match collation {
                Some(collation) => {
                    let text = format!("{type_name} COLLATE {}", name::part(&collation));
                    (name, text)
                }
                None => (name, type_name),
            })
            .collect(),
    }
}
