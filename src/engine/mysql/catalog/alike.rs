//! What means the same on both sides is no difference, however it is written: it is read as the
//! expected side writes it.
//!
//! A collation that is inherited is the same whatever it is inherited from, and one that is told is
//! the same as one that is inherited with that name: a database's new default changes no table that
//! exists, and is one difference. A body is the same with other comments and blanks. The times of
//! an event are the same as far as they can be known (`events`).

use super::{
    databases::{self, Defaults},
    events::{self, Event},
    routines::{self, Routine},
    tables::{self, Table},
    triggers::{self, Trigger},
};
use crate::{
    engine::mysql::normal,
    schema::{Key, Object, Schema},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::borrow::Cow;

/// What is there, written as what is expected where it means the same.
pub fn alike<'a>(expected: &Schema, actual: &'a Schema) -> Cow<'a, Schema> {
    let defaults = [expected, actual].map(collation);
    let mut alike = Cow::Borrowed(actual);
    for (key, wanted) in &expected.objects {
        let found = actual.objects.get(key);
        let same = match (key.kind.as_str(), found) {
            (events::KIND, None) => events::may_be_over(wanted).then(|| wanted.clone()),
            (_, Some(found)) if found.value != wanted.value => one(wanted, found, &defaults),
            _ => None,
        };
        if let Some(same) = same {
            alike.to_mut().insert(same);
        }
    }
    alike
}

fn collation(schema: &Schema) -> String {
    let defaults = schema
        .objects
        .get(&Key::new(databases::KIND, databases::NAME));
    let defaults: Option<Defaults> = defaults.and_then(typed);
    defaults.map(|one| one.collation).unwrap_or_default()
}

fn one(wanted: &Object, found: &Object, defaults: &[String; 2]) -> Option<Object> {
    let value = match wanted.key.kind.as_str() {
        tables::KIND => table(typed(wanted)?, typed(found)?, defaults),
        triggers::KIND => trigger(typed(wanted)?, typed(found)?),
        routines::PROCEDURE | routines::FUNCTION => {
            routine(typed(wanted)?, typed(found)?, defaults)
        }
        events::KIND => event(typed(wanted)?, typed(found)?),
        _ => None,
    };
    Some(Object {
        value: value?,
        ..found.clone()
    })
}

fn typed<T: DeserializeOwned>(object: &Object) -> Option<T> {
    serde_json::from_value(object.value.clone()).ok()
}

fn written(value: &impl Serialize) -> Option<Value> {
    serde_json::to_value(value).ok()
}

fn table(wanted: Table, mut found: Table, [to, from]: &[String; 2]) -> Option<Value> {
    let tables = [
        wanted.collation.as_deref().unwrap_or(to),
        found.collation.clone().as_deref().unwrap_or(from),
    ]
    .map(str::to_owned);
    if tables[0] == tables[1] {
        found.collation.clone_from(&wanted.collation);
    }
    for (name, column) in &mut found.columns {
        let own = |column: &Value| {
            column
                .get("collation")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let Some(expected) = wanted.columns.get(name) else {
            continue;
        };
        let [to, from] = [own(expected), own(column)];
        let resolved = |own: &Option<String>, table: &String| own.clone().unwrap_or(table.clone());
        if to != from && resolved(&to, &tables[0]) == resolved(&from, &tables[1]) {
            set_collation(column, to);
        }
    }
    written(&found)
}

fn set_collation(column: &mut Value, collation: Option<String>) {
    let Some(parts) = column.as_object_mut() else {
        return;
    };
    match collation {
        Some(collation) => parts.insert("collation".to_owned(), Value::String(collation)),
        None => parts.shift_remove("collation"),
    };
}

fn trigger(wanted: Trigger, mut found: Trigger) -> Option<Value> {
    same_body(&wanted.body, &mut found.body);
    written(&found)
}

fn routine(wanted: Routine, mut found: Routine, [to, from]: &[String; 2]) -> Option<Value> {
    same_body(&wanted.body, &mut found.body);
    if wanted.resolved(to) == found.resolved(from) {
        found.parameters = wanted.parameters;
        found.returns = wanted.returns;
    }
    written(&found)
}

fn event(wanted: Event, mut found: Event) -> Option<Value> {
    same_body(&wanted.body, &mut found.body);
    found.times_as(&wanted);
    written(&found)
}

fn same_body(wanted: &str, found: &mut String) {
    if normal::body(wanted) == normal::body(found) {
        wanted.clone_into(found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(collation: &str, table: &Value) -> Schema {
        let mut schema = Schema::default();
        let defaults = Key::new(databases::KIND, databases::NAME);
        schema.insert(Object::new(defaults, json!({ "collation": collation })));
        schema.insert(Object::new(Key::new(tables::KIND, "t"), table.clone()));
        schema
    }

    #[test]
    fn a_collation_that_is_as_it_was_is_the_same_told_or_inherited() {
        let bare =
            json!({"columns": {"a": {"type": "text", "nullable": true}}, "column_order": ["a"]});
        let mut told = bare.clone();
        told["collation"] = json!("utf8mb4_bin");
        let key = Key::new(tables::KIND, "t");
        let same = |expected: &Schema, actual: &Schema| {
            alike(expected, actual).objects[&key] == expected.objects[&key]
        };
        // The database's default was changed after the table was created.
        assert!(same(
            &schema("utf8mb4_bin", &bare),
            &schema("latin1_bin", &told)
        ));
        // All of it was created on a server with another default.
        assert!(same(
            &schema("utf8mb4_bin", &bare),
            &schema("latin1_bin", &bare)
        ));
        // The table was changed.
        assert!(!same(
            &schema("latin1_bin", &bare),
            &schema("latin1_bin", &told)
        ));
        // Only the table's default was changed: its column is as it was.
        let mut column = told.clone();
        column["columns"]["a"]["collation"] = json!("latin1_bin");
        let (expected, actual) = (schema("latin1_bin", &bare), schema("latin1_bin", &column));
        let found = &alike(&expected, &actual).objects[&key].value;
        assert_eq!(found["columns"], bare["columns"]);
        assert_eq!(found["collation"], "utf8mb4_bin");
    }
}
