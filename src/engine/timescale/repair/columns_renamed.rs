//! Which column is an expected one under another name? Renaming it keeps what it holds, and the server
//! writes the name anew into every view, aggregate and index that reads it.

use super::{
    renames::{Renamed, replace},
    steps::{belongs_to, definition, of_table, printed_part, qualified, typed},
};
use crate::{
    engine::timescale::{
        catalog::{
            continuous_aggregates::{CONTINUOUS_AGGREGATE, ContinuousAggregate},
            tables::TABLE,
            views::{MATERIALIZED_VIEW, VIEW},
        },
        session,
    },
    schema::{Change, Key, Object, ObjectDifference, Schema},
};
use serde_json::{Value, json};

/// A column of a table or view.
struct Rename {
    of: String,
    old: String,
    new: String,
}

/// Finds them: at the same place, with the same definition.
pub fn apply(differences: &[ObjectDifference], expected: &Schema, renamed: &mut Renamed) {
    let mut done = Vec::new();
    for difference in differences
        .iter()
        .filter(|one| one.change() == Change::Changed)
    {
        let word = match difference.key.kind.as_str() {
            TABLE => "TABLE",
            VIEW => "VIEW",
            MATERIALIZED_VIEW | CONTINUOUS_AGGREGATE => "MATERIALIZED VIEW",
            _ => continue,
        };
        for (old, new) in pairs(difference).unwrap_or_default() {
            let rename = Rename {
                of: difference.key.name.clone(),
                old,
                new,
            };
            one(word, &difference.key, &rename, renamed);
            done.push(rename);
        }
    }
    if !done.is_empty() {
        explain(expected, &done, renamed);
    }
}

fn pairs(difference: &ObjectDifference) -> Option<Vec<(String, String)>> {
    let (wanted, found) = (difference.expected.as_ref()?, difference.actual.as_ref()?);
    let order = |object: &Object| -> Option<Vec<String>> {
        serde_json::from_value(object.value.get("column_order")?.clone()).ok()
    };
    let (new, old) = (order(wanted)?, order(found)?);
    let (expected, actual) = (wanted.value.get("columns")?, found.value.get("columns")?);
    let renamed = |(new, old): &(String, String)| {
        new != old
            && actual.get(new).is_none()
            && expected.get(old).is_none()
            && expected.get(new) == actual.get(old)
    };
    let same_count = new.len() == old.len();
    let pairs = new.into_iter().zip(old).filter(renamed);
    same_count.then(|| pairs.map(|(new, old)| (old, new)).collect())
}

fn one(word: &str, key: &Key, rename: &Rename, renamed: &mut Renamed) {
    let (old, new) = (&rename.old, &rename.new);
    let sql = format!(
        "ALTER {word} {} RENAME COLUMN {} TO {}",
        qualified(&key.name),
        session::identifier(old),
        session::identifier(new)
    );
    let start = format!("column {}.", key.name);
    let mut touched = Vec::new();
    for object in renamed.schema.objects.values_mut() {
        let before = object.clone();
        if object.key == *key {
            rename_in(object, old, new);
        } else if belongs_to(&object.key, &key.name) {
            replace(&mut object.value, &printed_part(old), &printed_part(new));
        }
        if let Some(Value::Array(reads)) = object.value.get_mut("depends_on") {
            let (from, to) = (format!("{}.{old}", key.name), format!("{}.{new}", key.name));
            for read in reads.iter_mut().filter(|read| **read == from) {
                *read = Value::from(to.clone());
            }
            reads.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
        }
        for keys in object.depends_on.values_mut() {
            let of = |text: &String| text.strip_prefix(&start).is_some_and(|own| own == old);
            *keys = keys
                .iter()
                .map(|text| {
                    if of(text) {
                        format!("{start}{new}")
                    } else {
                        text.clone()
                    }
                })
                .collect();
        }
        if object.key == *key || *object != before {
            touched.push(object.key.clone());
        }
    }
    renamed.affected.extend(touched.iter().cloned());
    renamed.push(key, sql, &touched);
}

fn rename_in(object: &mut Object, old: &str, new: &str) {
    if let Some(columns) = object
        .value
        .get_mut("columns")
        .and_then(Value::as_object_mut)
        && let Some(column) = columns.remove(old)
    {
        columns.insert(new.to_owned(), column);
    }
    if let Some(Value::Array(order)) = object.value.get_mut("column_order") {
        for own in order.iter_mut().filter(|own| **own == old) {
            *own = Value::from(new);
        }
    }
    let of_old = |path: &String| {
        let own = path.strip_prefix("columns.")?.strip_prefix(old)?;
        (own.is_empty() || own == ".default").then(|| format!("columns.{new}{own}"))
    };
    let parts = std::mem::take(&mut object.depends_on).into_iter();
    object.depends_on = parts
        .map(|(path, keys)| (of_old(&path).unwrap_or(path), keys))
        .collect();
}

/// Views and aggregates whose text differs by those names alone are as expected afterwards.
fn explain(expected: &Schema, done: &[Rename], renamed: &mut Renamed) {
    let mut explained = Vec::new();
    for object in renamed.schema.objects.values_mut() {
        let Some(wanted) = expected.objects.get(&object.key) else {
            continue;
        };
        let (Some(new), Some(old)) = (definition(Some(wanted)), definition(Some(object))) else {
            continue;
        };
        let reads: Vec<&Rename> = done
            .iter()
            .filter(|one| concerns(object, &one.of))
            .collect();
        if new != old && !reads.is_empty() && spelled(&new, &[]) == spelled(&old, &reads) {
            object.per_major = Some(json!({ "definition": new }));
            explained.push(object.key.clone());
        }
    }
    if let Some(last) = renamed.statements.last_mut() {
        last.touches.extend(explained.iter().cloned());
    }
    renamed.affected.extend(explained);
}

fn concerns(object: &Object, of: &str) -> bool {
    let source = typed::<ContinuousAggregate>(Some(object)).map(|one| one.source);
    let reads = object.value.get("depends_on").and_then(Value::as_array);
    let mut reads = reads.into_iter().flatten().filter_map(Value::as_str);
    object.key.name == of
        || source.as_deref() == Some(of)
        || reads.any(|read| read == of || of_table(read).is_some_and(|(table, _)| table == of))
}

/// A text by its words, with the renames done; `x AS x` is what the server prints as `x`.
fn spelled(text: &str, renames: &[&Rename]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == '"';
    let mut word = String::new();
    for character in text.chars().chain([' ']) {
        if inside(character) {
            word.push(character);
            continue;
        }
        if !word.is_empty() {
            let rename = renames.iter().find(|one| printed_part(&one.old) == word);
            words.push(rename.map_or(std::mem::take(&mut word), |one| printed_part(&one.new)));
            word.clear();
            if let [.., one, by, other] = words.as_slice()
                && by == "AS"
                && one == other
            {
                words.truncate(words.len() - 2);
            }
        }
        if !character.is_whitespace() {
            words.push(character.to_string());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_that_differs_by_a_renamed_column_alone_is_spelled_the_same() {
        let rename = Rename {
            of: "m".to_owned(),
            old: "value".to_owned(),
            new: "v".to_owned(),
        };
        let (old, new) = (
            "SELECT m.value AS v, avg(m.value) AS a FROM m",
            "SELECT m.v,\n avg(m.v) AS a FROM m",
        );
        assert_eq!(spelled(new, &[]), spelled(old, &[&rename]));
        assert_ne!(spelled("SELECT m.v AS w", &[]), spelled(old, &[&rename]));
    }
}
