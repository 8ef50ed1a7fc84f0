//! What does the list of kinds know of a kind, and what does a kind know of those before it?

use super::{facts::Facts, shown::Shown, tables};
use crate::schema::{Class, Key, Object, Schema, Unseen};
use anyhow::Result;
use mysql_async::Row;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One kind of object (or a few that are read together), or what is part of others.
pub struct Kind {
    /// As in the keys; none for what makes no objects of its own.
    pub names: &'static [&'static str],
    /// Privileges on the database without which the server leaves some of them out, with no error.
    pub needs: &'static [&'static str],
    /// All asked in one packet and one snapshot.
    pub queries: &'static [&'static str],
    /// What information_schema mangles or does not tell.
    pub asks: Option<Asks>,
    /// Puts the rows, one list per query, into the draft.
    pub read: fn(Vec<Vec<Row>>, &mut Draft) -> Result<()>,
}

/// Which objects SHOW CREATE is asked about.
pub struct Asks {
    /// Given the rows of the kind's queries.
    pub of: fn(&[Vec<Row>], &Facts) -> Vec<Ask>,
    /// The column of the first query that names the object: the row that the question rests on.
    pub named: &'static str,
}

/// One object that SHOW CREATE is asked about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    /// `table`, `view`, `trigger`, `procedure`, `function` or `event`.
    pub kind: &'static str,
    pub name: String,
}

/// A schema in the making.
pub struct Draft {
    pub facts: Facts,
    pub shown: Shown,
    pub schema: Schema,
    /// Parts of tables, until the kind `table` takes them.
    pub parts: BTreeMap<String, tables::Parts>,
    /// The names of every table's columns in lower case.
    pub columns: BTreeMap<String, BTreeSet<String>>,
    /// What nobody compares, by its kind.
    pub uncompared: BTreeMap<String, BTreeSet<String>>,
    /// Is there a routine whose body this login may not see?
    pub hidden_body: bool,
}

impl Draft {
    /// Nothing yet.
    pub fn new(facts: Facts, shown: Shown) -> Draft {
        Draft {
            facts,
            shown,
            schema: Schema::default(),
            parts: BTreeMap::new(),
            columns: BTreeMap::new(),
            uncompared: BTreeMap::new(),
            hidden_body: false,
        }
    }

    /// Takes in an object of that kind and name from its typed form.
    ///
    /// # Errors
    /// The form cannot be serialised; none of ours is so.
    pub fn add(&mut self, kind: &str, name: String, value: &impl Serialize) -> Result<&mut Object> {
        let key = Key::new(kind, name);
        let object = Object::new(key.clone(), serde_json::to_value(value)?);
        Ok(self
            .schema
            .objects
            .entry(key)
            .insert_entry(object)
            .into_mut())
    }

    /// The parts of a table; none where it is no table of the schema.
    pub fn parts_of(&mut self, table: &str) -> Option<&mut tables::Parts> {
        if !self.facts.tables.contains_key(table) {
            return None;
        }
        if !self.parts.contains_key(table) {
            self.parts
                .insert(table.to_owned(), tables::Parts::default());
        }
        self.parts.get_mut(table)
    }
}

/// What is compared only on request; nothing where there is no text.
pub fn attach(object: &mut Object, class: Class, text: Option<String>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        object.optional.insert(class, Value::String(text));
    }
}

/// What this login cannot see, by the privilege that it lacks.
pub fn unseen(kinds: &[&Kind], draft: &Draft) -> Vec<Unseen> {
    let mut needs: Vec<&str> = Vec::new();
    for need in kinds.iter().flat_map(|kind| kind.needs) {
        if !needs.contains(need) {
            needs.push(need);
        }
    }
    needs
        .into_iter()
        .filter(|need| !draft.facts.sight.shows(need, draft.hidden_body))
        .map(|need| {
            let lacking = kinds.iter().filter(|kind| kind.needs.contains(&need));
            let names = lacking
                .flat_map(|kind| kind.names)
                .copied()
                .collect::<Vec<_>>();
            draft.facts.sight.lacking(need, &names)
        })
        .collect()
}
