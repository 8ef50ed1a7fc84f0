//! Which views are there, what do they show, and of what? Materialised ones too; continuous
//! aggregates are a kind of their own.

use super::{
    access::{Access, grants},
    answer,
    columns::Columns,
    kind::{Draft, Kind, object},
    name,
    scope::relations,
    tables,
};
use crate::engine::timescale::normal;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::SimpleQueryRow;

/// `view`, by its name.
pub const VIEW: &str = "view";
/// `materialized_view`, by its name.
pub const MATERIALIZED_VIEW: &str = "materialized_view";

const VIEWS: &str = concat!(
    "SELECT c.oid::bigint AS oid, \
     n.nspname AS schema, \
     c.relname AS name, \
     c.relkind = 'm' AS materialized, \
     c.reloptions AS options, \
     pg_catalog.pg_get_viewdef(c.oid) AS definition, \
     pg_catalog.pg_get_userbyid(c.relowner) AS owner, ",
    grants!("r", "c.relacl", "c.relowner"),
    " AS grants, \
     pg_catalog.obj_description(c.oid, 'pg_class') AS comment \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind IN ('v', 'm') \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     ORDER BY n.nspname, c.relname"
);

/// What the rule behind a view reads: relations and their columns, functions.
const DEPENDENCIES: &str = concat!(
    "SELECT DISTINCT w.ev_class::bigint AS view, \
     COALESCE(tn.nspname, pn.nspname) AS schema, \
     COALESCE(t.relname, p.proname) AS name, \
     a.attname AS column \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid AND w.rulename = '_RETURN' \
     JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass \
     AND d.objid = w.oid AND d.deptype = 'n' \
     LEFT JOIN pg_catalog.pg_class t ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
     AND t.oid = d.refobjid AND t.oid <> w.ev_class \
     LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace \
     LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0 \
     LEFT JOIN pg_catalog.pg_proc p ON d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
     AND p.oid = d.refobjid \
     LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace \
     WHERE t.oid IS NOT NULL OR p.oid IS NOT NULL"
);

pub const KIND: Kind = Kind {
    names: &[VIEW, MATERIALIZED_VIEW],
    timescaledb: false,
    needs: &["pg_catalog.pg_rewrite", "pg_catalog.pg_proc"],
    queries: &[VIEWS, DEPENDENCIES],
    read,
};

#[derive(Deserialize)]
struct Row {
    oid: u32,
    schema: String,
    name: String,
    materialized: bool,
    options: Option<Vec<String>>,
    definition: Option<String>,
    #[serde(flatten)]
    access: Access,
}

#[derive(Deserialize)]
struct Dependency {
    view: u32,
    schema: String,
    name: String,
    column: Option<String>,
}

/// A view; its text is compared within one major version, this across them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct View {
    /// Name to type.
    pub columns: BTreeMap<String, String>,
    pub column_order: Vec<String>,
    /// Columns, whole relations and functions.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub depends_on: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// What an INSERT into the view takes for a column that it does not name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, String>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    let mut dependencies: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for row in answer::decode::<Dependency>(&answers[1])? {
        let whole = name::qualified(&row.schema, &row.name);
        let text = match row.column {
            Some(column) => format!("{whole}.{}", name::part(&column)),
            None => whole,
        };
        dependencies.entry(row.view).or_default().insert(text);
    }
    for row in answer::decode::<Row>(&answers[0])? {
        let columns = draft.columns.remove(&row.oid).unwrap_or_default();
        let comments = draft.column_comments.remove(&row.oid);
        if draft
            .aggregates
            .contains(&(row.schema.clone(), row.name.clone()))
        {
            continue;
        }
        let definition = normal::statement(&answer::present(row.definition)?);
        let view = view(&columns, dependencies.remove(&row.oid), row.options);
        let kind = if row.materialized {
            MATERIALIZED_VIEW
        } else {
            VIEW
        };
        let mut object = object(kind, name::qualified(&row.schema, &row.name), &view)?;
        object.per_major = Some(json!({ "definition": definition }));
        row.access.attach(&mut object);
        tables::attach_columns(&mut object, comments, columns.grants);
        draft.schema.insert(object);
    }
    Ok(())
}

/// What a view says of itself beside its text.
pub fn view(
    columns: &Columns,
    depends_on: Option<BTreeSet<String>>,
    options: Option<Vec<String>>,
) -> View {
    View {
        columns: columns
            .by_name
            .iter()
            .map(|(name, column)| (name.clone(), column.type_name.clone()))
            .collect(),
        column_order: columns.order.clone(),
        depends_on: depends_on.unwrap_or_default(),
        options: tables::options(options),
        defaults: columns
            .by_name
            .iter()
            .filter_map(|(name, column)| Some((name.clone(), column.default.clone()?)))
            .collect(),
    }
}
