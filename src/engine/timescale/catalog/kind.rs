//! What does the list of kinds know of a kind, and what does a kind know of those before it?

use super::{columns::Columns, facts::Facts, sequences::Owned};
use crate::{
    engine::timescale::session,
    schema::{Key, Object, Schema, Unseen},
};
use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::SimpleQueryRow;

/// One kind of object (or a few that are read together).
pub struct Kind {
    /// As in the keys.
    pub names: &'static [&'static str],
    /// Only where TimescaleDB is installed?
    pub timescaledb: bool,
    /// Catalogs that its queries read, as `schema.name`.
    pub needs: &'static [&'static str],
    /// Asked in one batch, each after `scope`.
    pub queries: &'static [&'static str],
    /// Puts the answers, one per query, into the draft.
    pub read: fn(&[Vec<SimpleQueryRow>], &mut Draft) -> Result<()>,
}

impl Kind {
    /// Is there anything to ask, and may it be asked?
    pub fn is_asked(&self, facts: &Facts) -> bool {
        (facts.timescaledb || !self.timescaledb) && self.lacking(facts).is_empty()
    }

    fn lacking(&self, facts: &Facts) -> Vec<&'static str> {
        let lacks = |name: &&str| facts.unreadable.iter().any(|other| other == name);
        self.needs.iter().copied().filter(lacks).collect()
    }
}

/// A schema in the making.
pub struct Draft {
    pub schema: Schema,
    /// Continuous aggregates by schema and name, also those left out: their views are no views.
    pub aggregates: BTreeSet<(String, String)>,
    /// Sequences that belong to a column, by the table's oid and the column's number.
    pub owned_sequences: BTreeMap<(u32, i16), Owned>,
    /// Columns and their comments by relation, until the relation's kind takes them.
    pub columns: BTreeMap<u32, Columns>,
    pub column_comments: BTreeMap<u32, Map<String, Value>>,
    /// What nobody compares, by its kind.
    pub uncompared: BTreeMap<String, BTreeSet<String>>,
}

impl Draft {
    /// Nothing yet.
    pub fn new() -> Draft {
        Draft {
            schema: Schema::default(),
            aggregates: BTreeSet::new(),
            owned_sequences: BTreeMap::new(),
            columns: BTreeMap::new(),
            column_comments: BTreeMap::new(),
            uncompared: BTreeMap::new(),
        }
    }
}

/// An object of that kind and name from its typed form.
///
/// # Errors
/// The form cannot be serialised; none of ours is so.
pub fn object(kind: &str, name: String, value: &impl Serialize) -> Result<Object> {
    let value = serde_json::to_value(value)?;
    let value = match value {
        Value::Null => Value::Object(Map::new()),
        other => other,
    };
    Ok(Object::new(Key::new(kind, name), value))
}

/// What the login cannot see, by the grant that it lacks.
pub fn unseen(kinds: &[&Kind], facts: &Facts) -> Vec<Unseen> {
    let mut by_catalog: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for kind in kinds {
        if kind.timescaledb && !facts.timescaledb {
            continue;
        }
        for catalog in kind.lacking(facts) {
            let names = by_catalog.entry(catalog).or_default();
            names.extend(kind.names.iter().map(|name| (*name).to_owned()));
        }
    }
    by_catalog
        .into_iter()
        .map(|(catalog, kinds)| {
            let schema = catalog.split('.').next().unwrap_or_default();
            let login = session::identifier(&facts.login);
            Unseen {
                kinds,
                grant: format!("SELECT on {catalog}"),
                remedy: format!(
                    "GRANT USAGE ON SCHEMA {schema} TO {login}; GRANT SELECT ON {catalog} TO {login};"
                ),
            }
        })
        .collect()
}
