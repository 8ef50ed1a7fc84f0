//! When do two schemas differ? One walk over values for every kind of object.

use super::{Class, Key, Object, Schema};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// In which direction expected and actual differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Missing,
    Unexpected,
    Changed,
}

/// What is compared beyond what always is.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Classes asked for with `--include`.
    pub include: BTreeSet<Class>,
    /// Are both sides of one server major version, so that texts which a server rewrites compare?
    pub same_major: bool,
}

/// One object that is not as expected.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectDifference {
    pub key: Key,
    pub expected: Option<Object>,
    pub actual: Option<Object>,
    /// Where both exist: every part that differs, by path.
    pub paths: Vec<PathDifference>,
}

/// One part of an object, named by its dotted path from the object's value.
#[derive(Debug, Clone, PartialEq)]
pub struct PathDifference {
    pub path: String,
    pub change: Change,
    pub expected: Option<Value>,
    pub actual: Option<Value>,
}

impl ObjectDifference {
    /// Of the object as a whole.
    pub fn change(&self) -> Change {
        match (&self.expected, &self.actual) {
            (Some(_), None) => Change::Missing,
            (None, Some(_)) => Change::Unexpected,
            _ => Change::Changed,
        }
    }
}

/// Every difference, by key.
pub fn diff(expected: &Schema, actual: &Schema, scope: &Scope) -> Vec<ObjectDifference> {
    let keys: BTreeSet<&Key> = expected
        .objects
        .keys()
        .chain(actual.objects.keys())
        .collect();
    keys.into_iter()
        .filter_map(|key| {
            let (wanted, found) = (expected.objects.get(key), actual.objects.get(key));
            let paths = match (wanted, found) {
                (Some(wanted), Some(found)) => {
                    let paths = parts(wanted, found, scope);
                    if paths.is_empty() {
                        return None;
                    }
                    paths
                }
                _ => Vec::new(),
            };
            Some(ObjectDifference {
                key: key.clone(),
                expected: wanted.cloned(),
                actual: found.cloned(),
                paths,
            })
        })
        .collect()
}

/// What is expected, with only those parts as they are that the difference names; none where the
/// object is wholly missing or unexpected.
pub fn only(difference: &ObjectDifference) -> Option<Object> {
    let (expected, actual) = (difference.expected.as_ref()?, difference.actual.as_ref()?);
    let paths = difference.paths.iter().map(|one| one.path.as_str());
    let paths: BTreeSet<&str> = paths.collect();
    let pick = |path: &str, expected: Option<&Value>, actual: Option<&Value>| {
        picked(path, (expected, actual), &paths)
    };
    let mut object = expected.clone();
    object.value = pick("", Some(&expected.value), Some(&actual.value)).unwrap_or(Value::Null);
    object.per_major = pick("", expected.per_major.as_ref(), actual.per_major.as_ref());
    for (class, value) in &actual.optional {
        let wanted = expected.optional.get(class);
        if let Some(value) = pick(class.name(), wanted, Some(value)) {
            object.optional.insert(*class, value);
        }
    }
    Some(object)
}

fn picked(
    path: &str,
    (expected, actual): (Option<&Value>, Option<&Value>),
    paths: &BTreeSet<&str>,
) -> Option<Value> {
    if let (Some(Value::Object(wanted)), Some(Value::Object(found))) = (expected, actual) {
        let new = found.keys().filter(|key| !wanted.contains_key(*key));
        let parts = wanted.keys().chain(new).filter_map(|key| {
            let value = picked(&below(path, key), (wanted.get(key), found.get(key)), paths)?;
            Some((key.clone(), value))
        });
        return Some(Value::Object(parts.collect()));
    }
    match paths.contains(path) {
        true => actual.cloned(),
        false => expected.cloned(),
    }
}

fn below(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        _ => format!("{path}.{key}"),
    }
}

fn parts(expected: &Object, actual: &Object, scope: &Scope) -> Vec<PathDifference> {
    let mut paths = Vec::new();
    walk("", Some(&expected.value), Some(&actual.value), &mut paths);
    if scope.same_major {
        walk(
            "",
            expected.per_major.as_ref(),
            actual.per_major.as_ref(),
            &mut paths,
        );
    }
    for class in &scope.include {
        let name = class.name();
        let (wanted, found) = (expected.optional.get(class), actual.optional.get(class));
        walk(name, wanted, found, &mut paths);
    }
    paths
}

/// Descends into maps; any other value is compared as a whole. Absent and null are the same, and so
/// are two orders whose common members stand in one order: what one of them lacks is told where it
/// is described.
fn walk(
    path: &str,
    expected: Option<&Value>,
    actual: Option<&Value>,
    out: &mut Vec<PathDifference>,
) {
    let present = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
    if let (Some(Value::Object(wanted)), Some(Value::Object(found))) = (expected, actual) {
        let keys: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
        for key in keys {
            walk(&below(path, key), wanted.get(key), found.get(key), out);
        }
        return;
    }
    let (expected, actual) = (present(expected), present(actual));
    if expected == actual || (is_order(path) && same_order(expected.as_ref(), actual.as_ref())) {
        return;
    }
    out.push(PathDifference {
        path: path.to_owned(),
        change: match (&expected, &actual) {
            (Some(_), None) => Change::Missing,
            (None, Some(_)) => Change::Unexpected,
            _ => Change::Changed,
        },
        expected,
        actual,
    });
}

/// Is it a list of names of what is described beside it, or below such a name?
fn is_order(path: &str) -> bool {
    path.split('.').any(|part| part.ends_with("_order"))
}

fn same_order(expected: Option<&Value>, actual: Option<&Value>) -> bool {
    let list = |value: Option<&'_ Value>| match value {
        None => Some(Vec::new()),
        Some(Value::Array(names)) => Some(names.clone()),
        // Several orders, none of which the other side has.
        Some(Value::Object(orders)) if orders.values().all(Value::is_array) => Some(Vec::new()),
        Some(_) => None,
    };
    let (Some(expected), Some(actual)) = (list(expected), list(actual)) else {
        return false;
    };
    let common = |names: &[Value], others: &[Value]| {
        let both = names.iter().filter(|name| others.contains(name));
        both.cloned().collect::<Vec<_>>()
    };
    common(&expected, &actual) == common(&actual, &expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(value: Value) -> Schema {
        let key = Key::new("table", "t");
        let object = Object::new(key.clone(), value);
        Schema {
            objects: [(key, object)].into(),
        }
    }

    #[test]
    fn a_changed_attribute_is_one_difference_with_its_path() {
        let expected = schema(json!({"columns": {"a": {"type": "int"}, "b": {"type": "int"}}}));
        let actual = schema(json!({"columns": {"a": {"type": "text"}, "b": {"type": "int"}}}));
        let found = diff(&expected, &actual, &Scope::default());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].change(), Change::Changed);
        assert_eq!(found[0].paths.len(), 1);
        assert_eq!(found[0].paths[0].path, "columns.a.type");
        assert!(diff(&expected, &expected, &Scope::default()).is_empty());
    }

    #[test]
    fn an_added_part_is_reported_whole_and_null_is_absent() {
        let expected = schema(json!({"columns": {"a": {"type": "int", "default": null}}}));
        let actual = schema(json!({"columns": {"a": {"type": "int"}, "b": {"type": "int"}}}));
        let found = diff(&expected, &actual, &Scope::default());
        assert_eq!(found[0].paths.len(), 1);
        assert_eq!(found[0].paths[0].path, "columns.b");
        assert_eq!(found[0].paths[0].change, Change::Unexpected);
    }

    #[test]
    fn an_order_differs_only_where_common_members_change_places() {
        let of = |order: &[&str]| schema(json!({"column_order": order, "columns": {}}));
        let expected = of(&["a", "b", "c"]);
        assert!(diff(&expected, &of(&["a", "x", "c"]), &Scope::default()).is_empty());
        assert!(
            diff(
                &expected,
                &schema(json!({"columns": {}})),
                &Scope::default()
            )
            .is_empty()
        );
        let found = diff(&expected, &of(&["c", "a"]), &Scope::default());
        assert_eq!(found[0].paths[0].path, "column_order");
        let plain = |list: &[&str]| schema(json!({"parts": list}));
        assert_eq!(
            diff(&plain(&["a"]), &plain(&[]), &Scope::default()).len(),
            1
        );
    }
}
