//! Which missing object is an unexpected one under another name? Renaming loses nothing, so it comes first.

use super::{
    columns_renamed,
    steps::{belongs_to, of_table, printed, printed_part, qualified, schema_and_name},
};
use crate::{
    engine::timescale::{
        catalog::{
            aggregates::AGGREGATE,
            constraints::CONSTRAINT,
            continuous_aggregates::CONTINUOUS_AGGREGATE,
            hypertables::HYPERTABLE,
            indexes::INDEX,
            name,
            routines::{FUNCTION, PROCEDURE},
            schemas::SCHEMA,
            sequences::SEQUENCE,
            tables::TABLE,
            types::{COMPOSITE_TYPE, DOMAIN, ENUM, RANGE_TYPE},
            views::{MATERIALIZED_VIEW, VIEW},
        },
        session,
    },
    schema::{Change, Key, Object, ObjectDifference, Repair, Schema, plan::Step},
};
use serde_json::Value;

/// The actual schema as it is after the renames, which objects they reach, and their statements.
pub struct Renamed {
    pub schema: Schema,
    pub affected: Vec<Key>,
    pub statements: Vec<Repair>,
}

/// Kinds that keep what they hold under another name, with the word of their ALTER.
const KINDS: [(&str, &str); 13] = [
    (SCHEMA, "SCHEMA"),
    (ENUM, "TYPE"),
    (DOMAIN, "DOMAIN"),
    (COMPOSITE_TYPE, "TYPE"),
    (RANGE_TYPE, "TYPE"),
    (SEQUENCE, "SEQUENCE"),
    (TABLE, "TABLE"),
    (MATERIALIZED_VIEW, "MATERIALIZED VIEW"),
    (CONTINUOUS_AGGREGATE, "MATERIALIZED VIEW"),
    (VIEW, "VIEW"),
    (FUNCTION, "FUNCTION"),
    (PROCEDURE, "PROCEDURE"),
    (AGGREGATE, "AGGREGATE"),
];

/// Finds them.
pub fn apply(differences: &[ObjectDifference], expected: &Schema, actual: &Schema) -> Renamed {
    let mut renamed = Renamed {
        schema: actual.clone(),
        affected: Vec::new(),
        statements: Vec::new(),
    };
    for (kind, word) in KINDS {
        for (from, to) in pairs(differences, kind, |_| true) {
            renamed.object((kind, word), &from, &to);
        }
    }
    columns_renamed::apply(differences, expected, &mut renamed);
    for table in differences.iter().filter_map(|one| of_table(&one.key.name)) {
        for kind in [INDEX, CONSTRAINT] {
            for (from, to) in pairs(differences, kind, |key| belongs_to(key, &table.0)) {
                renamed.part(kind, &table.0, (&from, &to));
            }
        }
    }
    renamed
}

/// The one unexpected object that equals the one missing, where there is just one of each.
fn pairs(
    differences: &[ObjectDifference],
    kind: &str,
    among: impl Fn(&Key) -> bool,
) -> Vec<(Key, Key)> {
    let of = |change: Change| {
        differences
            .iter()
            .filter(|one| one.key.kind == kind && one.change() == change && among(&one.key))
            .collect::<Vec<_>>()
    };
    let (missing, unexpected) = (of(Change::Missing), of(Change::Unexpected));
    let same = |wanted: &ObjectDifference, found: &ObjectDifference| {
        let schema = |key: &Key| schema_and_name(&key.name).0;
        let whole = kind == SCHEMA
            || kind == INDEX
            || kind == CONSTRAINT
            || schema(&wanted.key) == schema(&found.key);
        let content = |object: &Option<Object>| {
            object
                .as_ref()
                .map(|object| (object.value.clone(), object.per_major.clone()))
        };
        let arguments = |key: &Key| name::split_arguments(&key.name).1.map(str::to_owned);
        whole
            && content(&wanted.expected) == content(&found.actual)
            && arguments(&wanted.key) == arguments(&found.key)
    };
    missing
        .iter()
        .filter_map(|wanted| {
            let mut twins = unexpected.iter().filter(|found| same(wanted, found));
            let twin = twins.next()?;
            let rivals = missing.iter().filter(|other| same(other, twin)).count();
            (twins.next().is_none() && rivals == 1).then(|| (twin.key.clone(), wanted.key.clone()))
        })
        .collect()
}

impl Renamed {
    /// Takes a statement in that touches those objects as well.
    pub fn push(&mut self, key: &Key, sql: String, touched: &[Key]) {
        let step = touched
            .iter()
            .fold(Step::alter(key, sql), |step, key| step.altering(key));
        self.statements.push(step.alone());
    }

    fn object(&mut self, (kind, word): (&str, &str), from: &Key, to: &Key) {
        let (_, new) = schema_and_name(without_arguments(&to.name));
        let old = match name::split_arguments(&from.name) {
            (own, Some(arguments)) => format!("{}{arguments}", qualified(own)),
            _ if kind == SCHEMA => session::identifier(&name::parts(&from.name).concat()),
            _ => qualified(&from.name),
        };
        let new = match kind {
            SCHEMA => session::identifier(&name::parts(&to.name).concat()),
            _ => session::identifier(&new),
        };
        let before = self.affected.len();
        self.rekey(kind, from, to);
        let mut touched = self.affected[before..].to_vec();
        touched.push(from.clone());
        self.push(to, format!("ALTER {word} {old} RENAME TO {new}"), &touched);
    }

    fn part(&mut self, kind: &str, table: &str, (from, to): (&Key, &Key)) {
        let (Some((_, old)), Some((_, new))) = (of_table(&from.name), of_table(&to.name)) else {
            return;
        };
        if !self.schema.objects.contains_key(from) {
            return;
        }
        let (schema, _) = schema_and_name(table);
        let (old, new) = (session::identifier(&old), session::identifier(&new));
        let sql = if kind == INDEX {
            format!(
                "ALTER INDEX {}.{old} RENAME TO {new}",
                session::identifier(&schema)
            )
        } else {
            format!(
                "ALTER TABLE {} RENAME CONSTRAINT {old} TO {new}",
                qualified(table)
            )
        };
        self.push(to, sql, std::slice::from_ref(from));
        self.rekey(kind, from, to);
    }

    /// The object, and what is named after it or speaks of it.
    fn rekey(&mut self, kind: &str, from: &Key, to: &Key) {
        let objects = std::mem::take(&mut self.schema.objects);
        for (_, mut object) in objects {
            let before = object.clone();
            if object.key == *from {
                object.key = to.clone();
            } else if kind == TABLE
                || kind == CONTINUOUS_AGGREGATE
                || kind == VIEW
                || kind == MATERIALIZED_VIEW
            {
                let same = object.key.kind == HYPERTABLE && object.key.name == from.name;
                if same {
                    object.key.name = to.name.clone();
                } else if belongs_to(&object.key, &from.name)
                    && let Some((_, own)) = of_table(&object.key.name)
                {
                    object.key.name = format!("{}.{}", to.name, name::part(&own));
                }
            } else if kind == SCHEMA {
                let prefix = format!("{}.", from.name);
                if let Some(rest) = object.key.name.strip_prefix(&prefix) {
                    object.key.name = format!("{}.{rest}", to.name);
                }
            }
            if kind != INDEX && kind != CONSTRAINT {
                let (old, new) = if kind == SCHEMA {
                    (
                        format!("{}.", printed_part(&from.name)),
                        format!("{}.", printed_part(&to.name)),
                    )
                } else {
                    (
                        printed(without_arguments(&from.name)),
                        printed(without_arguments(&to.name)),
                    )
                };
                replace(&mut object.value, &old, &new);
                if let Some(text) = &mut object.per_major {
                    replace(text, &old, &new);
                }
            }
            rename_dependencies(&mut object, from, to);
            if object != before {
                self.affected.push(object.key.clone());
            }
            self.schema.insert(object);
        }
    }
}

fn without_arguments(key_name: &str) -> &str {
    name::split_arguments(key_name).0
}

/// In what an object depends on: the key itself, and what is named after it.
fn rename_dependencies(object: &mut Object, from: &Key, to: &Key) {
    let (old, new) = (from.to_string(), to.to_string());
    let (start, beginning) = (format!("{}.", from.name), format!("{}.", to.name));
    for keys in object.depends_on.values_mut() {
        let renamed = keys.iter().map(|text| {
            if *text == old {
                return new.clone();
            }
            match text.split_once(' ') {
                Some((kind, name)) if name.starts_with(&start) => {
                    format!("{kind} {beginning}{}", &name[start.len()..])
                }
                _ => text.clone(),
            }
        });
        *keys = renamed.collect();
    }
}

/// Replaces a name in every text below a value, where it stands by itself.
pub fn replace(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::String(text) => *text = replaced(text, old, new),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, old, new)),
        Value::Object(map) => map.values_mut().for_each(|item| replace(item, old, new)),
        _ => {}
    }
}

fn replaced(text: &str, old: &str, new: &str) -> String {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '"' || c == '$';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(old) {
        let (before, after) = (&rest[..at], &rest[at + old.len()..]);
        let begins = !before.ends_with(inside) || out.is_empty() && before.is_empty();
        let ends = old.ends_with('.') || !after.starts_with(inside);
        out.push_str(before);
        out.push_str(if begins && ends { new } else { old });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_stands_by_itself_is_replaced() {
        assert_eq!(
            replaced("public.t(a) public.tt x_public.t", "public.t", "public.n"),
            "public.n(a) public.tt x_public.t"
        );
        assert_eq!(replaced("a DESC", "a", "b"), "b DESC");
    }
}
