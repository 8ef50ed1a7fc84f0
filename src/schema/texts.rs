//! Where in an object do texts of one sort stand? Paths to them, and a change of them in place.

use super::Object;
use serde_json::Value;

/// In a path: every member of a map or list.
pub const EACH: &str = "*";

/// A kind, and a path from the object's value.
pub type Place = (&'static str, &'static [&'static str]);

/// The path to what views and the like have in `per_major`.
const DEFINITION: &[&str] = &["definition"];

/// Changes the texts at those places of an object, and its definition where it has one.
pub fn change_texts(object: &mut Object, places: &[Place], change: impl Fn(&str) -> String) {
    for (_, path) in places.iter().filter(|(kind, _)| *kind == object.key.kind) {
        at(&mut object.value, path, &change);
    }
    if let Some(texts) = &mut object.per_major {
        at(texts, DEFINITION, &change);
    }
}

fn at(value: &mut Value, path: &[&str], change: &impl Fn(&str) -> String) {
    let Some((name, rest)) = path.split_first() else {
        if let Value::String(text) = value {
            *text = change(text);
        }
        return;
    };
    let every = *name == EACH;
    match value {
        Value::Object(parts) if every => {
            parts.values_mut().for_each(|part| at(part, rest, change));
        }
        Value::Array(items) if every => items.iter_mut().for_each(|item| at(item, rest, change)),
        Value::Object(parts) => {
            if let Some(part) = parts.get_mut(*name) {
                at(part, rest, change);
            }
        }
        _ => {}
    }
}
