//! Which constraints are there? NOT NULL is the column's, whether or not the server counts it here.

use super::{
    access::Access,
    answer,
    kind::{Draft, Kind, object},
    name,
    scope::relations,
};
use crate::engine::timescale::normal;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tokio_postgres::SimpleQueryRow;

/// `constraint`, as `table.constraint`.
pub const CONSTRAINT: &str = "constraint";

/// Those that come from a parent are the parent's.
const QUERY: &str = concat!(
    "SELECT n.nspname AS schema, \
     t.relname AS table, \
     k.conname AS name, \
     pg_catalog.pg_get_constraintdef(k.oid) AS definition, \
     pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid \
     AND k.contype IN ('p', 'u', 'c', 'f', 'x') \
     AND k.conparentid = 0 AND (k.conislocal OR k.coninhcount = 0) \
     JOIN pg_catalog.pg_class t ON t.oid = k.conrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace \
     ORDER BY n.nspname, t.relname, k.conname"
);

pub const KIND: Kind = Kind {
    names: &[CONSTRAINT],
    timescaledb: false,
    needs: &["pg_catalog.pg_constraint"],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    schema: String,
    table: String,
    name: String,
    definition: Option<String>,
    #[serde(flatten)]
    access: Access,
}

/// A constraint; what is absent is the default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    /// `primary_key`, `unique`, `check`, `foreign_key` or `exclude`.
    #[serde(rename = "type")]
    pub type_name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// What is checked, or what excludes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub referenced_columns: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_update: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_delete: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nulls_not_distinct: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferrable: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub initially_deferred: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_inherit: bool,
    /// Rows that were there before are not known to obey.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_valid: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_enforced: bool,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let definition = answer::present(row.definition)?;
        let constraint = normal::constraint(&definition)
            .with_context(|| format!("a constraint has an unknown definition: {definition}"))?;
        let key = name::of_table(&row.schema, &row.table, &row.name);
        let mut object = object(CONSTRAINT, key, &constraint)?;
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}
