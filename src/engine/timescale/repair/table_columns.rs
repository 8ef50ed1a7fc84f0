//! Which columns of a table are added, altered and dropped where it is?

use super::{
    Work,
    columns::{self, At},
    parents::columns_of_parent,
    steps::{column, default, qualified},
    tables::Sides,
};
use crate::{
    engine::timescale::{catalog::tables::Table, session},
    schema::{Key, ObjectDifference, plan::Step},
};

pub fn asked(difference: &ObjectDifference, column: &str) -> bool {
    let path = format!("columns.{column}");
    let below = format!("{path}.");
    let mut paths = difference.paths.iter().map(|one| &one.path);
    paths.any(|one| *one == path || one.starts_with(&below))
}

pub type Asked<'a> = &'a dyn Fn(&str) -> bool;

pub fn columns_altered(
    key: &Key,
    (sides, asked): (&Sides, Asked<'_>),
    work: &Work<'_>,
) -> Vec<Step> {
    let Sides { expected, actual } = sides;
    let mut steps = Vec::new();
    for name in expected.column_order.iter().filter(|name| asked(name)) {
        let Some(wanted) = expected.columns.get(name) else {
            continue;
        };
        let at = At { key, name, work };
        match actual.columns.get(name) {
            None => steps.extend(columns::add(&at, wanted)),
            Some(found) if columns::is_alterable(wanted, found) => {
                steps.extend(columns::repair(&at, wanted, found));
            }
            Some(_) if is_last(expected, name) && is_last(actual, name) => {
                steps.push(columns::drop(&at));
                steps.extend(columns::add(&at, wanted));
            }
            // The table is made again.
            Some(_) => {}
        }
    }
    steps
}

pub fn is_last(table: &Table, column: &str) -> bool {
    table.column_order.last().is_some_and(|last| last == column)
}

pub fn columns_dropped(key: &Key, sides: &Sides, asked: Asked<'_>) -> Vec<Step> {
    let Sides { expected, actual } = sides;
    let unexpected = actual
        .column_order
        .iter()
        .filter(|name| !expected.columns.contains_key(*name) && asked(name));
    let dropped = unexpected.map(|name| {
        let own = session::identifier(name);
        let sql = format!("ALTER TABLE {} DROP COLUMN {own}", qualified(&key.name));
        // A partition can join only when its parent has no more columns than it.
        Step::alter(key, sql)
            .dropping(&column(&key.name, name))
            .dropping(&default(&key.name, name))
            .creating(&columns_of_parent(&key.name))
            .losing("it is not expected; the values in it are lost")
    });
    dropped.collect()
}
