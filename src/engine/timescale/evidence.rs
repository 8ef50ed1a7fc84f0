//! What state are the objects in that a statement names? An expression, evaluated in the statement's
//! own journal row, and asked again after a crash.

use super::{
    effect::{Effect, Rebuilt},
    session,
};

/// The state as one text, or NULL: a scalar expression. None where the statement needs no evidence.
pub fn expression(effect: &Effect) -> Option<String> {
    match effect {
        Effect::Repeatable | Effect::Hidden(_) => None,
        // The index of a continuous aggregate is made on another table than the one named.
        Effect::IndexMade(index) => Some(format!(
            "CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = {table} AND c.relkind = 'v') \
             THEN NULL ELSE {indexes} END",
            table = oid(&index.table),
            indexes = list(&format!("i.indrelid = {}", oid(&index.table)))
        )),
        Effect::Reindexed(rebuilt) => Some(list(&format!(
            "NOT i.indisvalid AND {}",
            belongs_to(rebuilt)
        ))),
        Effect::IndexDropped { indexes } => {
            let names: Vec<String> = indexes.iter().map(|name| oid(name)).collect();
            Some(list(&format!(
                "i.indexrelid = ANY (ARRAY[{}]::pg_catalog.oid[])",
                names.join(", ")
            )))
        }
        Effect::Detached { partition, .. } => Some(format!(
            "CASE WHEN {partition} IS NULL THEN 'absent' ELSE \
             (SELECT COALESCE(pg_catalog.max(pg_catalog.to_json(h)::pg_catalog.json->>'inhdetachpending'), 'detached') \
             FROM pg_catalog.pg_inherits h WHERE h.inhrelid = {partition}) END",
            partition = oid(partition)
        )),
        Effect::AggregateMade { view, .. } => Some(format!("({} IS NOT NULL)::text", oid(view))),
        Effect::DatabaseMade { name } | Effect::DatabaseDropped { name } => Some(format!(
            "(EXISTS (SELECT FROM pg_catalog.pg_database d WHERE d.datname = {}))::text",
            session::text(name)
        )),
    }
}

fn oid(name: &str) -> String {
    format!("pg_catalog.to_regclass({})", session::text(name))
}

/// Every matching index by its qualified name, as a JSON object: its object id, whether it is valid,
/// its bare name.
fn list(condition: &str) -> String {
    format!(
        "(SELECT COALESCE(pg_catalog.json_object_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), \
         pg_catalog.json_build_array(i.indexrelid::bigint, i.indisvalid, c.relname) ORDER BY n.nspname, c.relname)::text, '{{}}') \
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {condition})"
    )
}

/// Is the index `i` among what is rebuilt? That of a table's TOAST table is too.
fn belongs_to(rebuilt: &Rebuilt) -> String {
    let of_tables = |tables: &str| {
        format!(
            "(i.indrelid IN ({tables}) OR i.indrelid IN \
             (SELECT r.reltoastrelid FROM pg_catalog.pg_class r WHERE r.oid IN ({tables})))"
        )
    };
    let tree = |name: &str| {
        let oid = oid(name);
        format!(
            "SELECT {oid}::pg_catalog.oid UNION SELECT relid FROM pg_catalog.pg_partition_tree({oid})"
        )
    };
    match rebuilt {
        Rebuilt::Database => "true".to_owned(),
        Rebuilt::Index(name) => of_tables(&format!(
            "SELECT x.indrelid FROM pg_catalog.pg_index x WHERE x.indexrelid IN ({})",
            tree(name)
        )),
        Rebuilt::Table(name) => of_tables(&tree(name)),
        Rebuilt::Schema(name) => of_tables(&format!(
            "SELECT r.oid FROM pg_catalog.pg_class r WHERE r.relnamespace = pg_catalog.to_regnamespace({})",
            session::text(name)
        )),
    }
}
