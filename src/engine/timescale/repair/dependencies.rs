//! What depends on what, in one schema: as the server recorded it, and by what objects are.

use super::publications::published;
use super::steps::{
    belongs_to, check, column, default, definition, is_part, not_null, of_table, schema_and_name,
    typed, words,
};
use crate::{
    engine::timescale::catalog::{
        constraints::{CONSTRAINT, Constraint},
        continuous_aggregates::{CONTINUOUS_AGGREGATE, ContinuousAggregate},
        dependencies::{COLUMN, relation},
        event_triggers::{EVENT_TRIGGER, EventTrigger},
        extensions::{EXTENSION, Extension},
        hypertables::{HYPERTABLE, Hypertable},
        indexes::INDEX,
        name,
        publications::{PUBLICATION, Publication},
        routines::FUNCTION,
        schemas::SCHEMA,
        statistics::{STATISTICS, Statistics},
        tables::{FOREIGN_TABLE, TABLE, Table},
        types::DOMAIN,
        views::{MATERIALIZED_VIEW, VIEW, View},
    },
    schema::{Key, Object, Schema, plan::Dependencies},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// The dependencies of one schema. `other` is the other side: what an old snapshot does not record of an
/// object that is the same there is taken from it.
pub fn dependencies(schema: &Schema, other: &Schema) -> Dependencies {
    let mut all = Found {
        schema,
        hypertables: schema
            .objects
            .keys()
            .filter(|key| key.kind == HYPERTABLE)
            .collect(),
        found: Dependencies::new(),
    };
    for object in schema.objects.values() {
        all.recorded(object, other);
        all.placed(object);
        match object.key.kind.as_str() {
            TABLE | FOREIGN_TABLE => all.table(object),
            VIEW | MATERIALIZED_VIEW => all.view(object),
            CONTINUOUS_AGGREGATE => all.aggregate(object),
            CONSTRAINT => all.constraint(object),
            INDEX => all.columns_named(object),
            STATISTICS => all.statistics(object),
            PUBLICATION => all.publication(object),
            HYPERTABLE => all.hypertable(object),
            EVENT_TRIGGER => all.event_trigger(object),
            _ => {}
        }
    }
    all.found
}

struct Found<'a> {
    schema: &'a Schema,
    hypertables: BTreeSet<&'a Key>,
    found: Dependencies,
}

impl Found<'_> {
    fn add(&mut self, key: &Key, on: Key) {
        if *key != on {
            self.found.entry(key.clone()).or_default().insert(on);
        }
    }

    fn recorded(&mut self, object: &Object, other: &Schema) {
        let twin = || {
            let twin = other.objects.get(&object.key)?;
            let same = twin.value == object.value && twin.per_major == object.per_major;
            same.then_some(&twin.depends_on)
        };
        let recorded = match object.depends_on.is_empty() {
            true => twin().unwrap_or(&object.depends_on),
            false => &object.depends_on,
        };
        for (part, keys) in recorded {
            let node = node(object, part);
            for on in keys.iter().filter_map(|text| parse(text)) {
                if on.kind == COLUMN
                    && let Some(owner) =
                        of_table(&on.name).and_then(|(of, _)| relation(&of, self.schema))
                {
                    self.add(&node, owner);
                }
                self.add(&node, on);
            }
        }
    }

    /// In its schema, on its table.
    fn placed(&mut self, object: &Object) {
        let key = &object.key;
        if is_part(key) {
            let Some((table, _)) = of_table(&key.name) else {
                return;
            };
            if let Some(owner) = relation(&table, self.schema) {
                self.add(key, owner);
            }
            let hypertable = Key::new(HYPERTABLE, table);
            if self.hypertables.contains(&hypertable) {
                self.add(key, hypertable);
            }
            return;
        }
        let named = name::split_arguments(&key.name).0;
        let schema = match key.kind.as_str() {
            EXTENSION => typed::<Extension>(Some(object)).map(|one| one.schema),
            SCHEMA | EVENT_TRIGGER | PUBLICATION => None,
            _ => Some(schema_and_name(named).0),
        };
        let schema = schema.map(|own| Key::new(SCHEMA, name::part(&own)));
        if let Some(schema) = schema.filter(|one| self.schema.objects.contains_key(one)) {
            self.add(key, schema);
        }
    }

    fn table(&mut self, object: &Object) {
        let key = &object.key;
        let Some(table) = typed::<Table>(Some(object)) else {
            return;
        };
        let parents = table
            .inherits
            .iter()
            .chain(table.partition_of.as_ref().map(|part| &part.parent));
        for parent in parents {
            self.add(key, Key::new(TABLE, parent.clone()));
        }
        for (own, definition) in &table.columns {
            let column = column(&key.name, own);
            self.add(&column, key.clone());
            let expression = definition
                .generated
                .as_ref()
                .map(|one| one.expression.clone());
            if expression.is_some() || definition.default.is_some() {
                self.add(&default(&key.name, own), column);
            }
            let read = expression.unwrap_or_default();
            let read: BTreeSet<&str> = words(&read).collect();
            for other in table
                .columns
                .keys()
                .filter(|other| *other != own && read.contains(other.as_str()))
            {
                self.add(
                    &default(&key.name, own),
                    super::steps::column(&key.name, other),
                );
            }
        }
    }

    /// Columns, whole relations and functions, by their names.
    fn view(&mut self, object: &Object) {
        let view = typed::<View>(Some(object));
        for read in view.map(|view| view.depends_on).unwrap_or_default() {
            if let Some(whole) = relation(&read, self.schema) {
                self.add(&object.key, whole);
            } else if let Some((of, own)) = of_table(&read)
                && let Some(whole) = relation(&of, self.schema)
            {
                self.add(&object.key, column(&of, &own));
                self.add(&object.key, whole);
            } else {
                let start = format!("{read}(");
                let routines = self
                    .schema
                    .objects
                    .keys()
                    .filter(|key| key.name.starts_with(&start));
                for routine in routines.cloned().collect::<Vec<_>>() {
                    self.add(&object.key, routine);
                }
            }
        }
    }

    fn aggregate(&mut self, object: &Object) {
        let Some(source) = typed::<ContinuousAggregate>(Some(object)).map(|one| one.source) else {
            return;
        };
        let text = definition(Some(object)).unwrap_or_default();
        self.words_as_columns(&object.key, &source, &text);
        if let Some(whole) = relation(&source, self.schema) {
            self.add(&object.key, whole);
        }
        let hypertable = Key::new(HYPERTABLE, source);
        if self.hypertables.contains(&hypertable) {
            self.add(&object.key, hypertable);
        }
    }

    fn constraint(&mut self, object: &Object) {
        self.columns_named(object);
        let Some(constraint) = typed::<Constraint>(Some(object)) else {
            return;
        };
        if let (Some((table, _)), "primary_key") =
            (of_table(&object.key.name), constraint.type_name.as_str())
        {
            for own in &constraint.columns {
                self.add(&object.key, not_null(&table, own));
            }
        }
        let Some(references) = &constraint.references else {
            return;
        };
        let parts = name::parts(references);
        let [schema, table] = parts.as_slice() else {
            return;
        };
        let other = name::qualified(schema, table);
        if let Some(whole) = relation(&other, self.schema) {
            self.add(&object.key, whole);
        }
        for own in &constraint.referenced_columns {
            self.add(&object.key, column(&other, own));
        }
        let set: BTreeSet<&String> = constraint.referenced_columns.iter().collect();
        for one in parts_of(self.schema, CONSTRAINT, &other) {
            let unique = typed::<Constraint>(Some(one)).is_some_and(|one| {
                one.columns.iter().collect::<BTreeSet<_>>() == set
                    && ["primary_key", "unique"].contains(&one.type_name.as_str())
            });
            if unique {
                self.add(&object.key, one.key.clone());
            }
        }
    }

    /// Columns of its own table, for an index and a constraint.
    fn columns_named(&mut self, object: &Object) {
        if let Some((table, _)) = of_table(&object.key.name) {
            let mut text = String::new();
            texts(&object.value, &mut text);
            self.words_as_columns(&object.key, &table, &text);
        }
    }

    fn words_as_columns(&mut self, key: &Key, table: &str, text: &str) {
        let Some(object) =
            relation(table, self.schema).and_then(|key| self.schema.objects.get(&key))
        else {
            return;
        };
        let Some(columns) = object.value.get("columns").and_then(Value::as_object) else {
            return;
        };
        let words: BTreeSet<&str> = words(text).collect();
        for own in columns.keys().filter(|own| words.contains(own.as_str())) {
            self.add(key, column(table, own));
        }
    }

    fn hypertable(&mut self, object: &Object) {
        let name = &object.key.name;
        self.add(&object.key, Key::new(TABLE, name.clone()));
        if let Some(hypertable) = typed::<Hypertable>(Some(object)) {
            if let Some(function) = &hypertable.integer_now {
                self.add(&object.key, Key::new(FUNCTION, format!("{function}()")));
            }
            for own in hypertable
                .dimensions
                .keys()
                .chain([&hypertable.time_column])
            {
                self.add(&object.key, column(name, own));
            }
        }
    }

    /// They need not be in their table's schema.
    fn statistics(&mut self, object: &Object) {
        self.columns_named(object);
        let schema = typed::<Statistics>(Some(object)).and_then(|one| one.schema);
        if let Some(schema) = schema {
            self.add(&object.key, Key::new(SCHEMA, name::part(&schema)));
        }
    }

    fn publication(&mut self, object: &Object) {
        let Some(publication) = typed::<Publication>(Some(object)) else {
            return;
        };
        for (table, one) in &publication.tables {
            let node = published(&object.key, table);
            self.add(&node, object.key.clone());
            if let Some(whole) = relation(table, self.schema) {
                self.add(&node, whole);
            }
            for own in one.columns.iter().flatten() {
                self.add(&node, column(table, own));
            }
            let rows = one.rows.as_deref().unwrap_or_default();
            self.words_as_columns(&node, table, rows);
        }
        for schema in &publication.schemas {
            self.add(&object.key, Key::new(SCHEMA, name::part(schema)));
        }
    }

    fn event_trigger(&mut self, object: &Object) {
        if let Some(trigger) = typed::<EventTrigger>(Some(object)) {
            let function = format!("{}()", trigger.function);
            self.add(&object.key, Key::new(FUNCTION, function));
        }
    }
}

/// What of that kind belongs to that table.
pub fn parts_of<'s>(
    schema: &'s Schema,
    kind: &'s str,
    table: &'s str,
) -> impl Iterator<Item = &'s Object> {
    let first = Key::new(kind, format!("{table}."));
    let same = move |(key, _): &(&Key, &Object)| {
        key.kind == kind && key.name.starts_with(table) && key.name[table.len()..].starts_with('.')
    };
    let found = schema.objects.range(first..).take_while(same);
    found
        .map(|(_, object)| object)
        .filter(move |object| belongs_to(&object.key, table))
}

/// The node that a recorded part is: a column, its default, a domain's check, else the whole object.
fn node(object: &Object, part: &str) -> Key {
    let key = &object.key;
    let whole = || key.clone();
    if let Some(own) = part.strip_prefix("columns.") {
        let is_column = object
            .value
            .pointer("/columns")
            .and_then(|columns| columns.get(own))
            .is_some();
        return match own.strip_suffix(".default") {
            Some(own) if !is_column => default(&key.name, own),
            _ => column(&key.name, own),
        };
    }
    match part.strip_prefix("checks.") {
        Some(own) if key.kind == DOMAIN => check(&key.name, own),
        _ => whole(),
    }
}

fn parse(text: &str) -> Option<Key> {
    let (kind, name) = text.split_once(' ')?;
    Some(Key::new(kind, name))
}

/// Every text below a value, one after the other.
fn texts(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => {
            out.push_str(text);
            out.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Object(map) => map.values().for_each(|item| texts(item, out)),
        _ => {}
    }
}

/// What an object seems to name in its text: bodies are strings to the server, which records nothing of
/// them, and old snapshots record nothing at all.
pub fn named_in(object: &Object, schema: &Schema) -> BTreeSet<Key> {
    let mut text = String::new();
    texts(&object.value, &mut text);
    if let Some(per_major) = &object.per_major {
        texts(per_major, &mut text);
    }
    let words: BTreeSet<String> = words(&text).map(str::to_lowercase).collect();
    let names = |key: &&Key| {
        let own = schema_and_name(name::split_arguments(&key.name).0).1;
        !is_part(key) && **key != object.key && words.contains(&own.to_lowercase())
    };
    schema.objects.keys().filter(names).cloned().collect()
}

/// Both sides.
#[derive(Debug, Default)]
pub struct Graph {
    pub expected: Dependencies,
    pub actual: Dependencies,
}

impl Graph {
    /// Of two schemas.
    pub fn new(expected: &Schema, actual: &Schema) -> Graph {
        Graph {
            expected: dependencies(expected, actual),
            actual: dependencies(actual, &Schema::default()),
        }
    }
}
