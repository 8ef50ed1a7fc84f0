//! What makes a table the expected one: made, dropped, or altered part by part?

use super::{
    columns::{self, At},
    steps::{NOT_EXPECTED, Phase, Steps, printed, qualified, typed},
};
use crate::{
    engine::timescale::{
        catalog::tables::{Partition, Table},
        session,
    },
    schema::{Change, Key, ObjectDifference},
};
use std::collections::BTreeMap;

/// Adds the statements.
pub fn repair(difference: &ObjectDifference, steps: &mut Steps) {
    let key = &difference.key;
    let expected = typed::<Table>(difference.expected.as_ref());
    match (difference.change(), expected) {
        (Change::Unexpected, _) => {
            let sql = format!("DROP TABLE {}", qualified(&key.name));
            let reason = "it is not expected; its rows are lost";
            steps.lose(Phase::DropTable, key, sql, reason);
        }
        (Change::Missing, Some(table)) => make(key, &table, steps),
        (Change::Changed, Some(table)) => {
            if let Some(actual) = typed::<Table>(difference.actual.as_ref()) {
                alter(difference, &table, &actual, steps);
            }
        }
        _ => {}
    }
}

fn make(key: &Key, table: &Table, steps: &mut Steps) {
    for (name, column) in &table.columns {
        columns::sequence_before(&At { key, name }, column, steps);
    }
    steps.add(Phase::Table, key, create(key, table));
    settings(key, table, &Table::default(), steps);
}

/// The CREATE TABLE; what ALTER TABLE must add is in `settings`.
pub fn create(key: &Key, table: &Table) -> String {
    let unlogged = if table.unlogged { "UNLOGGED " } else { "" };
    let mut sql = format!("CREATE {unlogged}TABLE {}", qualified(&key.name));
    let columns: Vec<String> = table
        .column_order
        .iter()
        .filter_map(|own| Some(columns::definition(own, table.columns.get(own)?)))
        .collect();
    match &table.partition_of {
        Some(part) => sql.push_str(&format!(
            " PARTITION OF {} {}",
            qualified(&part.parent),
            part.bound
        )),
        None => sql.push_str(&format!(" (\n  {}\n)", columns.join(",\n  "))),
    }
    if !table.inherits.is_empty() {
        let parents: Vec<String> = table.inherits.iter().map(|name| qualified(name)).collect();
        sql.push_str(&format!(" INHERITS ({})", parents.join(", ")));
    }
    if let Some(partition_by) = &table.partition_by {
        sql.push_str(&format!(" PARTITION BY {partition_by}"));
    }
    if let Some(method) = &table.access_method {
        sql.push_str(&format!(" USING {}", session::identifier(method)));
    }
    if !table.options.is_empty() {
        sql.push_str(&format!(" WITH ({})", options(&table.options)));
    }
    sql
}

fn alter(difference: &ObjectDifference, expected: &Table, actual: &Table, steps: &mut Steps) {
    let key = &difference.key;
    let table = qualified(&key.name);
    let asked = |path: String| {
        let below = format!("{path}.");
        let hit =
            |one: &crate::schema::PathDifference| one.path == path || one.path.starts_with(&below);
        difference.paths.iter().any(hit)
    };
    for name in &expected.column_order {
        let Some(wanted) = expected.columns.get(name) else {
            continue;
        };
        let at = At { key, name };
        match actual.columns.get(name) {
            _ if !asked(format!("columns.{name}")) => {}
            None => {
                columns::sequence_before(&at, wanted, steps);
                let sql = format!(
                    "ALTER TABLE {table} ADD COLUMN {}",
                    columns::definition(name, wanted)
                );
                steps.add(Phase::Column, key, sql);
            }
            Some(found) if columns::is_alterable(wanted, found) => {
                columns::repair(&at, wanted, found, steps);
            }
            // The table is made anew.
            Some(_) => {}
        }
    }
    // A table that joins a parent gives its columns to it.
    let joins = expected
        .inherits
        .iter()
        .any(|one| !actual.inherits.contains(one))
        || expected.partition_of.is_some() && actual.partition_of.is_none();
    for name in actual.column_order.iter().filter(|_| !joins) {
        if !expected.columns.contains_key(name) && asked(format!("columns.{name}")) {
            let sql = format!(
                "ALTER TABLE {table} DROP COLUMN {}",
                session::identifier(name)
            );
            let reason = "it is not expected; the values in it are lost";
            steps.lose(Phase::Column, key, sql, reason);
        }
    }
    if expected.unlogged != actual.unlogged {
        let logged = if expected.unlogged {
            "UNLOGGED"
        } else {
            "LOGGED"
        };
        steps.add(
            Phase::Column,
            key,
            format!("ALTER TABLE {table} SET {logged}"),
        );
    }
    partition(key, expected, actual, steps);
    inheritance(key, expected, actual, steps);
    settings(key, expected, actual, steps);
}

/// Is there a difference that only a table made anew repairs, and which?
pub fn needs_rebuild(
    expected: &Table,
    actual: &Table,
    difference: &ObjectDifference,
) -> Option<&'static str> {
    let asked = |start: &str| {
        difference
            .paths
            .iter()
            .any(|one| one.path.starts_with(start))
    };
    if asked("partition_by") {
        return Some("it is partitioned in another way");
    }
    let generated = expected.columns.iter().any(|(name, wanted)| {
        asked(&format!("columns.{name}"))
            && actual
                .columns
                .get(name)
                .is_some_and(|found| !columns::is_alterable(wanted, found))
    });
    if generated {
        return Some("a column is computed in another way");
    }
    let mut order: Vec<&String> = actual
        .column_order
        .iter()
        .filter(|name| expected.columns.contains_key(*name))
        .collect();
    let added = expected.column_order.iter();
    order.extend(added.filter(|name| !actual.columns.contains_key(*name)));
    let moved = order.into_iter().ne(expected.column_order.iter());
    // A column that is added comes last, wherever it is expected.
    let added =
        |name: &String| !actual.columns.contains_key(name) && asked(&format!("columns.{name}"));
    (moved && (asked("column_order") || expected.column_order.iter().any(added)))
        .then_some("its columns stand in another order")
}

/// Row security, replica identity and storage options.
fn settings(key: &Key, expected: &Table, actual: &Table, steps: &mut Steps) {
    let table = qualified(&key.name);
    let mut alter = |phase: Phase, what: String| {
        steps.add(phase, key, format!("ALTER TABLE {table} {what}"));
    };
    if expected.row_security != actual.row_security {
        let on = if expected.row_security {
            "ENABLE"
        } else {
            "DISABLE"
        };
        alter(Phase::Column, format!("{on} ROW LEVEL SECURITY"));
    }
    if expected.force_row_security != actual.force_row_security {
        let on = if expected.force_row_security {
            "FORCE"
        } else {
            "NO FORCE"
        };
        alter(Phase::Column, format!("{on} ROW LEVEL SECURITY"));
    }
    if expected.replica_identity != actual.replica_identity {
        let identity = match expected.replica_identity.as_deref() {
            None => "DEFAULT".to_owned(),
            Some(text) => match text.strip_prefix("index ") {
                Some(index) => format!("USING INDEX {}", session::identifier(index)),
                None => text.to_ascii_uppercase(),
            },
        };
        // After the index that it may name.
        alter(Phase::Trigger, format!("REPLICA IDENTITY {identity}"));
    }
    let set: BTreeMap<String, String> = expected
        .options
        .iter()
        .filter(|(name, value)| actual.options.get(*name) != Some(*value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let is_made = actual.column_order.is_empty() && actual.columns.is_empty();
    if !set.is_empty() && !is_made {
        alter(Phase::Column, format!("SET ({})", options(&set)));
    }
    let reset: Vec<&str> = actual
        .options
        .keys()
        .filter(|name| !expected.options.contains_key(*name))
        .map(String::as_str)
        .collect();
    if !reset.is_empty() {
        alter(Phase::Column, format!("RESET ({})", reset.join(", ")));
    }
}

fn partition(key: &Key, expected: &Table, actual: &Table, steps: &mut Steps) {
    let same =
        |one: &Partition, other: &Partition| one.parent == other.parent && one.bound == other.bound;
    let unchanged = match (&expected.partition_of, &actual.partition_of) {
        (None, None) => true,
        (Some(wanted), Some(found)) => same(wanted, found),
        _ => false,
    };
    if unchanged {
        return;
    }
    let table = qualified(&key.name);
    if let Some(found) = &actual.partition_of {
        let parent = qualified(&found.parent);
        let sql = format!("ALTER TABLE {parent} DETACH PARTITION {table}");
        steps.add(Phase::Partition, key, sql);
    }
    if let Some(wanted) = &expected.partition_of {
        let parent = qualified(&wanted.parent);
        let sql = format!(
            "ALTER TABLE {parent} ATTACH PARTITION {table} {}",
            wanted.bound
        );
        steps.add(Phase::Partition, key, sql);
    }
}

fn inheritance(key: &Key, expected: &Table, actual: &Table, steps: &mut Steps) {
    let table = qualified(&key.name);
    for parent in actual
        .inherits
        .iter()
        .filter(|name| !expected.inherits.contains(name))
    {
        let sql = format!("ALTER TABLE {table} NO INHERIT {}", qualified(parent));
        steps.add(Phase::Partition, key, sql);
    }
    for parent in expected
        .inherits
        .iter()
        .filter(|name| !actual.inherits.contains(name))
    {
        let sql = format!("ALTER TABLE {table} INHERIT {}", qualified(parent));
        steps.add(Phase::Partition, key, sql);
    }
}

/// Storage options as SQL; the values are the server's own text.
pub fn options(options: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = options
        .iter()
        .map(|(name, value)| format!("{name} = {}", session::text(value)))
        .collect();
    pairs.join(", ")
}

/// A foreign table holds no rows of this database: it is made anew.
pub fn repair_foreign(difference: &ObjectDifference, steps: &mut Steps) {
    let key = &difference.key;
    let name = qualified(&key.name);
    if difference.actual.is_some() {
        let sql = format!("DROP FOREIGN TABLE {name}");
        match difference.expected {
            None => steps.lose(Phase::DropTable, key, sql, NOT_EXPECTED),
            Some(_) => steps.add(Phase::Schema, key, sql),
        }
    }
    let Some(table) = typed::<Table>(difference.expected.as_ref()) else {
        return;
    };
    let columns: Vec<String> = table
        .column_order
        .iter()
        .filter_map(|own| Some(columns::definition(own, table.columns.get(own)?)))
        .collect();
    let server = session::identifier(table.server.as_deref().unwrap_or_default());
    let mut sql = format!(
        "CREATE FOREIGN TABLE {name} ({}) SERVER {server}",
        columns.join(", ")
    );
    if !table.server_options.is_empty() {
        let pairs: Vec<String> = table
            .server_options
            .iter()
            .map(|(name, value)| format!("{} {}", session::identifier(name), session::text(value)))
            .collect();
        sql.push_str(&format!(" OPTIONS ({})", pairs.join(", ")));
    }
    steps.add(Phase::Table, key, sql);
}

/// Does a constraint's printed reference mean that table?
pub fn is_reference_to(references: Option<&str>, table: &str) -> bool {
    references == Some(printed(table).as_str())
}
