//! What is expected after a change that somebody made from another beginning?
//!
//! A file turned `before` into `after`; what it changed is carried over to `expected`, and where
//! `expected` and `before` differed already, that difference stays.

use super::{Object, Schema};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// `expected` with exactly what changed from `before` to `after`.
pub fn merge(expected: &Schema, before: &Schema, after: &Schema) -> Schema {
    let keys: BTreeSet<_> = [expected, before, after]
        .iter()
        .flat_map(|schema| schema.objects.keys())
        .collect();
    let mut merged = Schema::default();
    for key in keys {
        let of = |schema: &Schema| schema.objects.get(key).cloned();
        let object = match (of(expected), of(before), of(after)) {
            (wanted, before, after) if before == after => wanted,
            (wanted, before, after) if wanted == before => after,
            (Some(wanted), Some(before), Some(after)) => Some(whole(&wanted, &before, &after)),
            (_, _, after) => after,
        };
        object.into_iter().for_each(|object| merged.insert(object));
    }
    merged
}

fn whole(expected: &Object, before: &Object, after: &Object) -> Object {
    let mut merged = expected.clone();
    let of = |value| Some(value);
    merged.value =
        part(of(&expected.value), of(&before.value), of(&after.value)).unwrap_or(Value::Null);
    merged.per_major = part(
        expected.per_major.as_ref(),
        before.per_major.as_ref(),
        after.per_major.as_ref(),
    );
    let classes: BTreeSet<_> = [expected, before, after]
        .iter()
        .flat_map(|object| object.optional.keys().copied())
        .collect();
    for class in classes {
        let value = part(
            expected.optional.get(&class),
            before.optional.get(&class),
            after.optional.get(&class),
        );
        match value {
            Some(value) => drop(merged.optional.insert(class, value)),
            None => drop(merged.optional.remove(&class)),
        }
    }
    merged
}

fn part(expected: Option<&Value>, before: Option<&Value>, after: Option<&Value>) -> Option<Value> {
    if before == after {
        return expected.cloned();
    }
    if expected == before {
        return after.cloned();
    }
    match (expected, before, after) {
        (
            Some(Value::Object(expected)),
            Some(Value::Object(before)),
            Some(Value::Object(after)),
        ) => Some(Value::Object(map(expected, before, after))),
        (Some(Value::Array(expected)), Some(Value::Array(before)), Some(Value::Array(after))) => {
            Some(Value::Array(list(expected, before, after)))
        }
        _ => after.cloned(),
    }
}

/// In the order of what is expected, what is new at the end.
fn map(
    expected: &Map<String, Value>,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Map<String, Value> {
    let mut merged = Map::new();
    let new = after.keys().filter(|name| !expected.contains_key(*name));
    for name in expected.keys().chain(new) {
        let value = part(expected.get(name), before.get(name), after.get(name));
        if let Some(value) = value {
            merged.insert(name.clone(), value);
        }
    }
    merged
}

/// What went is taken out, what came is put behind the nearest neighbour before it that is there.
fn list(expected: &[Value], before: &[Value], after: &[Value]) -> Vec<Value> {
    let mut merged: Vec<Value> = expected
        .iter()
        .filter(|item| !before.contains(item) || after.contains(item))
        .cloned()
        .collect();
    for (index, item) in after.iter().enumerate() {
        if before.contains(item) || merged.contains(item) {
            continue;
        }
        let place = after[..index]
            .iter()
            .rev()
            .find_map(|neighbour| merged.iter().position(|other| other == neighbour));
        merged.insert(place.map_or(0, |place| place + 1), item.clone());
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Key, Scope, diff};
    use serde_json::json;

    fn schema(value: Value) -> Schema {
        let mut schema = Schema::default();
        schema.insert(Object::new(Key::new("table", "t"), value));
        schema
    }

    #[test]
    fn drift_that_was_there_stays_drift() {
        let expected = schema(json!({"columns": {"a": 1, "b": 1}, "order": ["a", "b"]}));
        let before =
            schema(json!({"columns": {"a": 2, "b": 1, "stray": 1}, "order": ["a", "stray", "b"]}));
        // The file adds `c` behind `stray`, and drops `b`.
        let after =
            schema(json!({"columns": {"a": 2, "stray": 1, "c": 1}, "order": ["a", "stray", "c"]}));
        let merged = merge(&expected, &before, &after);
        assert_eq!(
            merged,
            schema(json!({"columns": {"a": 1, "c": 1}, "order": ["a", "c"]}))
        );
        let drift = diff(&merged, &after, &Scope::default());
        let paths: Vec<&str> = drift[0]
            .paths
            .iter()
            .map(|path| path.path.as_str())
            .collect();
        assert_eq!(paths, ["columns.a", "columns.stray", "order"]);
    }

    #[test]
    fn without_drift_the_result_is_what_is_there() {
        let before = schema(json!({"order": ["a", "b"]}));
        let after = schema(json!({"order": ["b", "a"], "x": null}));
        assert_eq!(merge(&before, &before, &after), after);
        assert_eq!(merge(&Schema::default(), &Schema::default(), &after), after);
        assert_eq!(
            merge(&before, &before, &Schema::default()),
            Schema::default()
        );
    }

    #[test]
    fn what_a_file_drops_or_makes_is_so_whatever_was_expected() {
        let (a, b) = (schema(json!({"a": 1})), schema(json!({"a": 2})));
        // Somebody had changed the table, and the file dropped it.
        assert_eq!(merge(&a, &b, &Schema::default()), Schema::default());
        // Somebody had dropped the table, and the file made it.
        assert_eq!(merge(&a, &Schema::default(), &b), b);
    }
}
