//! What depends on what in a schema, as far as the order of statements rests on it?
//!
//! The server itself refuses few orders: a foreign key holds the columns and indexes that it joins,
//! a view must find what it reads when it is created, a trigger the columns that it names. It does
//! not look into the bodies of routines and events before they run. An index and a check are
//! altered with their table, so that their columns are a matter of one statement (`clauses`).

use super::both::{split, typed};
use crate::{
    engine::mysql::{
        catalog::{
            databases,
            foreign_keys::{self, ForeignKey},
            indexes::{self, Index},
            routines,
            tables::{self, Table},
            triggers::{self, Trigger},
            views::{self, View},
        },
        session::identifier,
    },
    schema::{Key, Object, Schema, plan::Dependencies},
    sql::{Dialect, tokens},
};
use std::collections::{BTreeMap, BTreeSet};

/// A column of a table.
pub fn column(table: &str, name: &str) -> Key {
    Key::new("column", format!("{table}.{name}"))
}

/// An index of a table.
pub fn index(table: &str, name: &str) -> Key {
    Key::new(indexes::KIND, format!("{table}.{name}"))
}

/// Engine and partitions of a table, which foreign keys do not bear any of.
pub fn storage(table: &str) -> Key {
    Key::new("storage", table)
}

/// The name that a table and a view share, and those that are unique in the schema whatever table
/// they belong to.
pub fn name(of: &str, name: &str) -> Key {
    Key::new(format!("name of a {of}"), name)
}

/// Is it such a name of that kind?
pub fn is_name_of(key: &Key, of: &str) -> bool {
    key.kind.strip_prefix("name of a ") == Some(of)
}

/// By which kind of object a table or view is called.
pub const RELATION: &str = "relation";

/// The database's defaults.
pub fn database() -> Key {
    Key::new(databases::KIND, databases::NAME)
}

/// A schema, to be asked what its objects depend on.
struct Source<'a> {
    schema: &'a Schema,
    tables: BTreeMap<&'a str, Table>,
    indexes: BTreeMap<&'a str, Vec<(&'a Key, Index)>>,
}

/// What every object of a schema depends on.
pub fn dependencies(schema: &Schema) -> Dependencies {
    let of = |kind: &'static str| {
        schema
            .objects
            .values()
            .filter(move |one| one.key.kind == kind)
    };
    let tables: BTreeMap<&str, Table> = of(tables::KIND)
        .filter_map(|object| Some((object.key.name.as_str(), typed(Some(object))?)))
        .collect();
    let names: BTreeSet<&str> = tables.keys().copied().collect();
    let mut source = Source {
        schema,
        tables,
        indexes: BTreeMap::new(),
    };
    for object in of(indexes::KIND) {
        if let (Some((table, _)), Some(index)) =
            (split(&object.key.name, &names), typed(Some(object)))
        {
            let of_table = source.indexes.entry(table).or_default();
            of_table.push((&object.key, index));
        }
    }
    let needs = |object: &Object| match object.key.kind.as_str() {
        tables::KIND | routines::FUNCTION | routines::PROCEDURE => Some([database()].into()),
        foreign_keys::KIND => source.foreign_key(split(&object.key.name, &names)?.0, object),
        triggers::KIND => source.trigger(split(&object.key.name, &names)?.0, object),
        views::KIND => source.view(object),
        _ => None,
    };
    let objects = schema.objects.values();
    objects
        .filter_map(|object| Some((object.key.clone(), needs(object)?)))
        .collect()
}

impl Source<'_> {
    fn foreign_key(&self, table: &str, object: &Object) -> Option<BTreeSet<Key>> {
        let key: ForeignKey = typed(Some(object))?;
        let mut needs = BTreeSet::new();
        let referenced = key.references_database.is_none();
        let referenced = referenced.then_some((key.references.as_str(), &key.referenced_columns));
        for (table, columns) in [Some((table, &key.columns)), referenced]
            .into_iter()
            .flatten()
        {
            needs.insert(Key::new(tables::KIND, table));
            needs.insert(storage(table));
            needs.extend(columns.iter().map(|name| column(table, name)));
            needs.extend(self.supporting(table, columns).cloned());
        }
        Some(needs)
    }

    /// Indexes of which one a foreign key over these columns rests on.
    fn supporting<'b>(
        &'b self,
        table: &str,
        columns: &'b [String],
    ) -> impl Iterator<Item = &'b Key> {
        let of_table = self.indexes.get(table).into_iter().flatten();
        of_table
            .filter(|(_, index)| supports(index, columns))
            .map(|(key, _)| *key)
    }

    /// The table, and the columns that are called NEW and OLD.
    fn trigger(&self, table: &str, object: &Object) -> Option<BTreeSet<Key>> {
        let trigger: Trigger = typed(Some(object))?;
        let words = words(&trigger.body);
        let mut needs: BTreeSet<Key> = self.mentioned(table, &words).collect();
        needs.insert(Key::new(tables::KIND, table));
        Some(needs)
    }

    /// What it reads, and of that every column whose name is in its text.
    fn view(&self, object: &Object) -> Option<BTreeSet<Key>> {
        let view: View = typed(Some(object))?;
        let text = object
            .per_major
            .as_ref()
            .and_then(|texts| texts.get("text"));
        let words = words(text.and_then(|text| text.as_str()).unwrap_or_default());
        let mut needs = BTreeSet::new();
        for name in &view.depends_on {
            for kind in [tables::KIND, views::KIND, routines::FUNCTION] {
                let key = Key::new(kind, name.clone());
                if self.schema.objects.contains_key(&key) {
                    needs.insert(key);
                }
            }
            needs.extend(self.mentioned(name, &words));
        }
        Some(needs)
    }

    fn mentioned<'b>(
        &'b self,
        table: &'b str,
        words: &'b BTreeSet<String>,
    ) -> impl Iterator<Item = Key> + 'b {
        let columns = self.tables.get(table).map(|table| &table.column_order);
        let columns = columns.into_iter().flatten();
        columns
            .filter(|name| words.contains(&name.to_lowercase()))
            .map(move |name| column(table, name))
    }
}

/// Can a foreign key over these columns rest on that index? They must be its first parts.
pub fn supports(index: &Index, columns: &[String]) -> bool {
    let parts = index.parts.iter().zip(columns);
    let are_first = parts
        .clone()
        .all(|(part, name)| part.strip_suffix(" DESC").unwrap_or(part) == identifier(name));
    index.kind.is_none() && parts.len() == columns.len() && are_first
}

/// Every name in a text, in lower case.
fn words(text: &str) -> BTreeSet<String> {
    let tokens = tokens(Dialect::Mysql, text).into_iter();
    tokens
        .map(|token| token.name(Dialect::Mysql).to_lowercase())
        .collect()
}
