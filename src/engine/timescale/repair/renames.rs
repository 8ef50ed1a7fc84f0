//! Which missing object is an unexpected one under another name? Renaming loses nothing, so it comes first.

use super::steps::{
    Phase, Steps, belongs_to, of_table, printed, printed_part, qualified, schema_and_name, typed,
};
use crate::{
    engine::timescale::{
        catalog::{
            aggregates::AGGREGATE,
            columns::Column,
            constraints::CONSTRAINT,
            continuous_aggregates::CONTINUOUS_AGGREGATE,
            hypertables::HYPERTABLE,
            indexes::INDEX,
            name,
            routines::{FUNCTION, PROCEDURE},
            schemas::SCHEMA,
            sequences::SEQUENCE,
            tables::{TABLE, Table},
            types::{COMPOSITE_TYPE, DOMAIN, ENUM, RANGE_TYPE},
            views::{MATERIALIZED_VIEW, VIEW},
        },
        session,
    },
    schema::{Change, Key, Object, ObjectDifference, Schema},
};
use serde_json::Value;

/// The actual schema as it is after the renames, and which objects they reach.
pub struct Renamed {
    pub schema: Schema,
    pub affected: Vec<Key>,
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

/// Finds them and adds their statements.
pub fn apply(differences: &[ObjectDifference], actual: &Schema, steps: &mut Steps) -> Renamed {
    let mut renamed = Renamed {
        schema: actual.clone(),
        affected: Vec::new(),
    };
    for (kind, word) in KINDS {
        for (from, to) in pairs(differences, kind, |_| true) {
            renamed.object((kind, word), &from, &to, steps);
        }
    }
    for difference in differences.iter().filter(|one| one.key.kind == TABLE) {
        renamed.columns(difference, steps);
    }
    for table in differences.iter().filter_map(|one| of_table(&one.key.name)) {
        for kind in [INDEX, CONSTRAINT] {
            for (from, to) in pairs(differences, kind, |key| belongs_to(key, &table.0)) {
                renamed.part(kind, &table.0, (&from, &to), steps);
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
    fn object(&mut self, (kind, word): (&str, &str), from: &Key, to: &Key, steps: &mut Steps) {
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
        steps.add(
            Phase::Rename,
            to,
            format!("ALTER {word} {old} RENAME TO {new}"),
        );
        self.rekey(kind, from, to);
    }

    fn part(&mut self, kind: &str, table: &str, (from, to): (&Key, &Key), steps: &mut Steps) {
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
        steps.add(Phase::Rename, to, sql);
        self.rekey(kind, from, to);
    }

    /// Columns at the same place with the same definition.
    fn columns(&mut self, difference: &ObjectDifference, steps: &mut Steps) {
        let (Some(wanted), Some(found)) = (
            typed::<Table>(difference.expected.as_ref()),
            typed::<Table>(difference.actual.as_ref()),
        ) else {
            return;
        };
        if wanted.column_order.len() != found.column_order.len() {
            return;
        }
        let table = &difference.key.name;
        for (new, old) in wanted.column_order.iter().zip(&found.column_order) {
            let twin = |columns: &std::collections::BTreeMap<String, Column>, own: &str| {
                columns.get(own).cloned()
            };
            if new == old
                || found.columns.contains_key(new)
                || wanted.columns.contains_key(old)
                || twin(&wanted.columns, new) != twin(&found.columns, old)
            {
                continue;
            }
            let sql = format!(
                "ALTER TABLE {} RENAME COLUMN {} TO {}",
                qualified(table),
                session::identifier(old),
                session::identifier(new)
            );
            steps.add(Phase::Rename, &difference.key, sql);
            self.rename_column(table, old, new);
        }
    }

    fn rename_column(&mut self, table: &str, old: &str, new: &str) {
        for object in self.schema.objects.values_mut() {
            let is_table = object.key.kind == TABLE && object.key.name == table;
            if is_table {
                if let Some(columns) = object
                    .value
                    .get_mut("columns")
                    .and_then(Value::as_object_mut)
                    && let Some(column) = columns.remove(old)
                {
                    columns.insert(new.to_owned(), column);
                }
                replace(&mut object.value["column_order"], old, new);
                self.affected.push(object.key.clone());
            } else if belongs_to(&object.key, table) {
                replace(&mut object.value, &printed_part(old), &printed_part(new));
                self.affected.push(object.key.clone());
            }
        }
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

/// Replaces a name in every text below a value, where it stands by itself.
fn replace(value: &mut Value, old: &str, new: &str) {
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
