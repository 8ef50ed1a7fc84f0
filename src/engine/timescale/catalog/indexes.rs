//! Which indexes are there? Those behind a constraint are told with it, those of a partition with its parent.

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
use std::collections::BTreeMap;
use tokio_postgres::SimpleQueryRow;

/// `index`, as `table.index`.
pub const INDEX: &str = "index";

/// pg_depend says which constraint an index is for: pg_constraint has no index that does.
const QUERY: &str = concat!(
    "SELECT n.nspname AS schema, \
     t.relname AS table, \
     c.relname AS name, \
     pg_catalog.pg_get_indexdef(i.indexrelid) AS definition, \
     i.indisvalid AND i.indisready AS valid, \
     pg_catalog.obj_description(c.oid, 'pg_class') AS comment \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_index i ON i.indrelid = r.oid \
     JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND NOT c.relispartition \
     JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace \
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
     AND d.objid = i.indexrelid \
     AND d.refclassid = 'pg_catalog.pg_constraint'::pg_catalog.regclass \
     AND d.deptype = 'i') \
     ORDER BY n.nspname, t.relname, c.relname"
);

pub const KIND: Kind = Kind {
    names: &[INDEX],
    timescaledb: false,
    needs: &["pg_catalog.pg_index"],
    queries: &[QUERY],
    read,
};

/// One row of `QUERY`.
#[derive(Deserialize)]
pub struct Row {
    pub schema: String,
    pub table: String,
    pub name: String,
    pub definition: Option<String>,
    pub valid: bool,
    #[serde(flatten)]
    pub access: Access,
}

/// An index; what is absent is what a plain CREATE INDEX makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Index {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    pub method: String,
    /// As the server prints them: expression, collation, operator class, direction, place of nulls.
    pub keys: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nulls_not_distinct: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<String>,
    /// On a partitioned table alone, not on its partitions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only: bool,
    /// Left behind by a build that did not end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invalid: bool,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let key = name::of_table(&row.schema, &row.table, &row.name);
        take(row, key, draft)?;
    }
    Ok(())
}

/// Puts an index into the draft under that name.
pub fn take(row: Row, key: String, draft: &mut Draft) -> Result<()> {
    let definition = answer::present(row.definition)?;
    let mut index = normal::index(&definition)
        .with_context(|| format!("an index has an unknown definition: {definition}"))?;
    index.invalid = !row.valid;
    let mut object = object(INDEX, key, &index)?;
    row.access.attach(&mut object);
    draft.schema.insert(object);
    Ok(())
}
