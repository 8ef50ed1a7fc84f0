//! Which triggers do tables and views have? Those of TimescaleDB's own working are left out.

use super::{
    access::Access,
    answer,
    kind::{Draft, Kind, object},
    name,
    scope::relations,
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio_postgres::SimpleQueryRow;

/// `trigger`, as `table.trigger`.
pub const TRIGGER: &str = "trigger";

/// `ts_insert_blocker` and `ts_cagg_invalidation_trigger` call functions of the extension's and may
/// come and go by themselves. Triggers of a partition that came from its parent are the parent's.
const QUERY: &str = concat!(
    "SELECT t.oid::bigint AS oid, \
     n.nspname AS schema, \
     c.relname AS table, \
     t.tgname AS name, \
     pg_catalog.pg_get_triggerdef(t.oid) AS definition, \
     t.tgenabled AS enabled, \
     pg_catalog.obj_description(t.oid, 'pg_trigger') AS comment \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid \
     AND NOT t.tgisinternal AND t.tgparentid = 0 \
     JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid \
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
     JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid AND x.extname = 'timescaledb' \
     WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
     AND d.objid = p.oid \
     AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass \
     AND d.deptype = 'e') \
     ORDER BY n.nspname, c.relname, t.tgname"
);

/// What partitions have of their parents' triggers; until 14 the server called these its own. Those of
/// foreign keys, which are its own too, have a constraint.
const OF_PARTITIONS: &str = concat!(
    "SELECT t.oid::bigint AS oid, \
     t.tgparentid::bigint AS parent, \
     n.nspname AS schema, \
     c.relname AS table, \
     t.tgenabled AS enabled \
     FROM ",
    relations!(),
    " JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid \
     AND t.tgparentid <> 0 AND (NOT t.tgisinternal OR t.tgconstraint = 0) \
     JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
);

pub const KIND: Kind = Kind {
    names: &[TRIGGER],
    timescaledb: false,
    needs: &["pg_catalog.pg_trigger", "pg_catalog.pg_proc"],
    queries: &[QUERY, OF_PARTITIONS],
    read,
};

#[derive(Deserialize)]
struct Row {
    oid: u32,
    schema: String,
    table: String,
    name: String,
    definition: Option<String>,
    enabled: String,
    #[serde(flatten)]
    access: Access,
}

#[derive(Deserialize)]
struct OfPartition {
    oid: u32,
    parent: u32,
    schema: String,
    table: String,
    enabled: String,
}

/// A trigger as the server prints it, and when it fires.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Trigger {
    pub definition: String,
    /// `disabled`, `replica` or `always`; absent is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<String>,
    /// Partitions on which it fires otherwise: `enabled` is the default there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub partitions: BTreeMap<String, String>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    let clones = answer::decode::<OfPartition>(&answers[1])?;
    let parents: BTreeMap<u32, u32> = clones.iter().map(|one| (one.oid, one.parent)).collect();
    for row in answer::decode::<Row>(&answers[0])? {
        let own = clones
            .iter()
            .filter(|one| one.enabled != row.enabled && root(one.oid, &parents) == row.oid);
        let trigger = Trigger {
            definition: answer::present(row.definition)?,
            enabled: firing(&row.enabled),
            partitions: own
                .map(|one| {
                    let how = firing(&one.enabled).unwrap_or_else(|| "enabled".to_owned());
                    (name::qualified(&one.schema, &one.table), how)
                })
                .collect(),
        };
        let key = name::of_table(&row.schema, &row.table, &row.name);
        let mut object = object(TRIGGER, key, &trigger)?;
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}

/// The trigger that a partition's came from, through all levels.
fn root(mut oid: u32, parents: &BTreeMap<u32, u32>) -> u32 {
    while let Some(parent) = parents.get(&oid) {
        oid = *parent;
    }
    oid
}

/// `tgenabled` and its like in words (PostgreSQL documentation, 52.56).
pub fn firing(code: &str) -> Option<String> {
    match code {
        "D" => Some("disabled".to_owned()),
        "R" => Some("replica".to_owned()),
        "A" => Some("always".to_owned()),
        _ => None,
    }
}
