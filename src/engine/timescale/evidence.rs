//! What state are the objects in that a statement names? An expression, evaluated in the statement's
//! own journal row, and asked again after a crash.

use super::{effect::Effect, session};

/// The state as one text, or NULL: a scalar expression. None where the statement needs no evidence.
pub fn expression(effect: &Effect) -> Option<String> {
    // Every matching index with whether it is valid, as a JSON object.
    let list = |condition: &str| {
        format!(
            "(SELECT COALESCE(pg_catalog.json_object_agg(i.indexrelid::pg_catalog.regclass::text, \
             i.indisvalid ORDER BY i.indexrelid::pg_catalog.regclass::text)::text, '{{}}') \
             FROM pg_catalog.pg_index i WHERE {condition})"
        )
    };
    match effect {
        Effect::Repeatable | Effect::Hidden(_) => None,
        Effect::IndexMade { table } => Some(list(&format!(
            "i.indrelid = pg_catalog.to_regclass({})",
            session::text(table)
        ))),
        Effect::Reindexed => Some(list("NOT i.indisvalid")),
        Effect::IndexDropped { indexes } => {
            let names: Vec<String> = indexes
                .iter()
                .map(|name| format!("pg_catalog.to_regclass({})", session::text(name)))
                .collect();
            Some(list(&format!(
                "i.indexrelid = ANY (ARRAY[{}]::pg_catalog.oid[])",
                names.join(", ")
            )))
        }
        Effect::Detached { partition } => Some(format!(
            "(SELECT COALESCE(pg_catalog.max(pg_catalog.to_json(h)::pg_catalog.json->>'inhdetachpending'), 'detached') \
             FROM pg_catalog.pg_inherits h WHERE h.inhrelid = pg_catalog.to_regclass({}))",
            session::text(partition)
        )),
        Effect::AggregateMade { view } => Some(format!(
            "(pg_catalog.to_regclass({}) IS NOT NULL)::text",
            session::text(view)
        )),
        Effect::DatabaseMade { name } | Effect::DatabaseDropped { name } => Some(format!(
            "(EXISTS (SELECT FROM pg_catalog.pg_database d WHERE d.datname = {}))::text",
            session::text(name)
        )),
    }
}
