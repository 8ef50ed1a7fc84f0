//! What makes enums, domains, ranges and composite types the expected ones?

use super::{
    Work,
    columns::collation_name,
    steps::{Phase, Steps, printed, qualified, typed},
    whole,
};
use crate::{
    engine::timescale::{
        catalog::{
            tables::{TABLE, Table},
            types::{CompositeType, DOMAIN, Domain, ENUM, Enum, RANGE_TYPE, RangeType},
        },
        session,
    },
    schema::{Change, Key, Object, ObjectDifference},
};

/// Adds the statements. A composite type that differs is only reported.
pub fn repair(difference: &ObjectDifference, work: &Work<'_>, steps: &mut Steps) {
    let key = &difference.key;
    match (
        difference.change(),
        &difference.expected,
        &difference.actual,
    ) {
        (Change::Unexpected, _, _) => {
            let word = if key.kind == DOMAIN { "DOMAIN" } else { "TYPE" };
            whole::drop(difference, Phase::DropType, word, steps);
        }
        (Change::Missing, Some(object), _) => {
            if let Some(sql) = create(key, object) {
                steps.add(Phase::Type, key, sql);
            }
        }
        (Change::Changed, Some(expected), Some(actual)) => {
            let altered = match key.kind.as_str() {
                ENUM => alter_enum(key, expected, actual, steps),
                DOMAIN => alter_domain(key, expected, actual, steps),
                RANGE_TYPE => false,
                _ => return,
            };
            if !altered {
                replace(key, expected, work, steps);
            }
        }
        _ => {}
    }
}

fn create(key: &Key, object: &Object) -> Option<String> {
    let own = qualified(&key.name);
    let object = Some(object);
    Some(match key.kind.as_str() {
        ENUM => {
            let values: Vec<String> = typed::<Enum>(object)?
                .values
                .iter()
                .map(|value| session::text(value))
                .collect();
            format!("CREATE TYPE {own} AS ENUM ({})", values.join(", "))
        }
        DOMAIN => create_domain(&own, &typed::<Domain>(object)?),
        RANGE_TYPE => {
            let range = typed::<RangeType>(object)?;
            let mut parts = vec![format!("SUBTYPE = {}", range.subtype)];
            for (word, value) in [
                ("SUBTYPE_OPCLASS", &range.subtype_opclass),
                ("CANONICAL", &range.canonical),
                ("SUBTYPE_DIFF", &range.subtype_diff),
            ] {
                parts.extend(value.as_ref().map(|value| format!("{word} = {value}")));
            }
            format!("CREATE TYPE {own} AS RANGE ({})", parts.join(", "))
        }
        _ => {
            let composite = typed::<CompositeType>(object)?;
            let attributes: Vec<String> = composite
                .attribute_order
                .iter()
                .filter_map(|own| {
                    Some(format!(
                        "{} {}",
                        session::identifier(own),
                        composite.attributes.get(own)?
                    ))
                })
                .collect();
            format!("CREATE TYPE {own} AS ({})", attributes.join(", "))
        }
    })
}

fn create_domain(own: &str, domain: &Domain) -> String {
    let mut sql = format!("CREATE DOMAIN {own} AS {}", domain.type_name);
    if let Some(collation) = &domain.collation {
        sql.push_str(&format!(" COLLATE {}", collation_name(collation)));
    }
    if let Some(default) = &domain.default {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    if domain.not_null {
        sql.push_str(" NOT NULL");
    }
    for (name, check) in &domain.checks {
        sql.push_str(&format!(
            " CONSTRAINT {} {check}",
            session::identifier(name)
        ));
    }
    sql
}

/// Values are added and renamed in place; one that goes, or another order, needs another type.
fn alter_enum(key: &Key, expected: &Object, actual: &Object, steps: &mut Steps) -> bool {
    let (Some(expected), Some(actual)) =
        (typed::<Enum>(Some(expected)), typed::<Enum>(Some(actual)))
    else {
        return true;
    };
    let own = qualified(&key.name);
    let (wanted, found) = (&expected.values, &actual.values);
    let kept: Vec<&String> = wanted
        .iter()
        .filter(|value| found.contains(value))
        .collect();
    if kept.iter().copied().eq(found.iter()) {
        for (place, value) in wanted
            .iter()
            .enumerate()
            .filter(|(_, value)| !found.contains(value))
        {
            let where_to = match place.checked_sub(1).and_then(|before| wanted.get(before)) {
                Some(before) => format!("AFTER {}", session::text(before)),
                None => format!(
                    "BEFORE {}",
                    session::text(found.first().map_or("", String::as_str))
                ),
            };
            let sql = format!(
                "ALTER TYPE {own} ADD VALUE {} {where_to}",
                session::text(value)
            );
            steps.add(Phase::Type, key, sql);
        }
        return true;
    }
    let renamed: Vec<(&String, &String)> = wanted
        .iter()
        .zip(found)
        .filter(|(wanted, found)| wanted != found)
        .collect();
    let swaps = renamed
        .iter()
        .any(|(new, old)| found.contains(new) || wanted.contains(old));
    if wanted.len() != found.len() || swaps {
        return false;
    }
    for (new, old) in renamed {
        let sql = format!(
            "ALTER TYPE {own} RENAME VALUE {} TO {}",
            session::text(old),
            session::text(new)
        );
        steps.add(Phase::Type, key, sql);
    }
    true
}

fn alter_domain(key: &Key, expected: &Object, actual: &Object, steps: &mut Steps) -> bool {
    let (Some(expected), Some(actual)) = (
        typed::<Domain>(Some(expected)),
        typed::<Domain>(Some(actual)),
    ) else {
        return true;
    };
    if expected.type_name != actual.type_name || expected.collation != actual.collation {
        return false;
    }
    let own = qualified(&key.name);
    let mut alter =
        |what: String| steps.add(Phase::Type, key, format!("ALTER DOMAIN {own} {what}"));
    if expected.default != actual.default {
        alter(match &expected.default {
            Some(default) => format!("SET DEFAULT {default}"),
            None => "DROP DEFAULT".to_owned(),
        });
    }
    if expected.not_null != actual.not_null {
        alter(format!(
            "{} NOT NULL",
            if expected.not_null { "SET" } else { "DROP" }
        ));
    }
    let differing = |name: &String| expected.checks.get(name) != actual.checks.get(name);
    for name in actual.checks.keys().filter(|name| differing(name)) {
        alter(format!("DROP CONSTRAINT {}", session::identifier(name)));
    }
    for (name, check) in expected.checks.iter().filter(|(name, _)| differing(name)) {
        alter(format!(
            "ADD CONSTRAINT {} {check}",
            session::identifier(name)
        ));
    }
    true
}

/// Another type under the same name: every column of it is text for a while.
fn replace(key: &Key, expected: &Object, work: &Work<'_>, steps: &mut Steps) {
    let Some(create) = create(key, expected) else {
        return;
    };
    let word = if key.kind == DOMAIN { "DOMAIN" } else { "TYPE" };
    let type_name = qualified(&key.name);
    let reason = "the type is made anew: a value that it no longer has makes this fail";
    let mut lose = |sql: String| steps.lose(Phase::Type, key, sql, reason);
    let columns = columns_of(&printed(&key.name), work);
    let alter = |table: &str, column: &str| {
        let column = session::identifier(column);
        format!("ALTER TABLE {} ALTER COLUMN {column}", qualified(table))
    };
    for (table, column, default) in &columns {
        if default.is_some() {
            lose(format!("{} DROP DEFAULT", alter(table, column)));
        }
        lose(format!("{} TYPE text", alter(table, column)));
    }
    lose(format!("DROP {word} {type_name}"));
    lose(create);
    for (table, column, default) in &columns {
        let cast = format!("{}::{type_name}", session::identifier(column));
        lose(format!(
            "{} TYPE {type_name} USING {cast}",
            alter(table, column)
        ));
        if let Some(default) = default {
            lose(format!("{} SET DEFAULT {default}", alter(table, column)));
        }
    }
}

/// Columns of that type: table, column, default.
pub fn columns_of(type_name: &str, work: &Work<'_>) -> Vec<(String, String, Option<String>)> {
    let tables = work
        .actual
        .objects
        .iter()
        .filter(|(key, _)| key.kind == TABLE);
    tables
        .filter_map(|(key, object)| Some((key, typed::<Table>(Some(object))?)))
        .flat_map(|(key, table)| {
            table
                .columns
                .into_iter()
                .filter(|(_, column)| column.type_name == type_name)
                .map(|(name, column)| (key.name.clone(), name, column.default))
                .collect::<Vec<_>>()
        })
        .collect()
}
