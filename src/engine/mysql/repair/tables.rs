//! Tables that are missing or should not be there; the others are altered.

use super::{
    alter,
    both::{Both, typed},
    collations::{self, Defaults},
    column, depends, keys, partitions,
};
use crate::{
    engine::mysql::{
        catalog::{
            checks,
            columns::{Column, quoted},
            indexes,
            tables::{self, Table},
            triggers,
        },
        session::identifier,
    },
    schema::{
        Class, Key, Object, Schema,
        plan::{Planner, Step},
    },
};
use serde_json::Value;
use std::collections::BTreeSet;

/// All tables.
pub fn repair(both: &Both<'_>, planner: &mut Planner<'_>) {
    let defaults = Defaults::of(both);
    for difference in both.of_kind(tables::KIND) {
        match (&difference.expected, &difference.actual) {
            (Some(expected), None) => create(both, expected, planner),
            (None, Some(actual)) => remove(both, actual, planner),
            _ => {}
        }
    }
    for name in altered(both, &defaults) {
        alter::table(both, &defaults, name, planner);
    }
}

/// Tables on both sides that differ, or of which a part does.
fn altered<'a>(both: &'a Both<'_>, defaults: &Defaults) -> BTreeSet<&'a str> {
    let parts: BTreeSet<&str> = [indexes::KIND, checks::KIND]
        .iter()
        .flat_map(|kind| both.of_kind(kind))
        .filter_map(|one| Some(both.split(&one.key)?.0))
        .collect();
    let is_on_both = |name: &str| {
        let key = Key::new(tables::KIND, name);
        both.expected.objects.contains_key(&key) && both.actual.objects.contains_key(&key)
    };
    let tables = both.tables.iter().copied();
    tables
        .filter(|name| is_on_both(name))
        .filter(|name| {
            let differs = both.difference(tables::KIND, name).is_some();
            defaults.change() || differs || parts.contains(name)
        })
        .collect()
}

fn remove(both: &Both<'_>, object: &Object, planner: &mut Planner<'_>) {
    let (key, name) = (&object.key, &object.key.name);
    let step = Step::drop(key, format!("DROP TABLE {}", identifier(name)));
    let step = step.losing(format!("drops table {name} and its rows"));
    let parts = parts_of(both, both.actual, name).into_iter();
    planner.add(parts.fold(step, |step, part| step.dropping(&part)));
}

/// What is created and dropped with a table: its columns, indexes, checks and their names; its
/// triggers are only dropped with it.
fn parts_of(both: &Both<'_>, schema: &Schema, name: &str) -> Vec<Key> {
    let object = schema.objects.get(&Key::new(tables::KIND, name));
    let columns = typed::<Table>(object).map(|table| table.column_order);
    let columns = columns.unwrap_or_default().into_iter();
    let mut parts: Vec<Key> = columns.map(|own| depends::column(name, &own)).collect();
    parts.push(depends::name(depends::RELATION, name));
    parts.push(depends::storage(name));
    for kind in [indexes::KIND, checks::KIND, triggers::KIND] {
        for (own, ..) in both.parts::<Value>(kind, name) {
            let key = Key::new(kind, format!("{name}.{own}"));
            if !schema.objects.contains_key(&key) {
                continue;
            }
            parts.push(key);
            if kind != indexes::KIND {
                parts.push(depends::name(kind, &own));
            }
        }
    }
    parts
}

/// With its indexes and checks, without its foreign keys.
fn create(both: &Both<'_>, object: &Object, planner: &mut Planner<'_>) {
    let Some(table) = typed::<Table>(Some(object)) else {
        return;
    };
    let name = &object.key.name;
    let comments = object.optional.get(&Class::Comments);
    let mut lines = Vec::new();
    for column_name in &table.column_order {
        let Some(column) = column_of(&table, column_name) else {
            return;
        };
        let comment = comment(comments, "columns", column_name);
        let definition = column::definition(&column, comment.as_deref());
        lines.push(format!("{} {definition}", identifier(column_name)));
    }
    for (own, index, _) in both.parts::<indexes::Index>(indexes::KIND, name) {
        let Some(index) = index else {
            continue;
        };
        let comment = comment(comments, "indexes", &own);
        lines.push(keys::index(
            &own,
            &index,
            table.engine.as_deref(),
            comment.as_deref(),
        ));
    }
    for (own, check, _) in both.parts::<checks::Check>(checks::KIND, name) {
        lines.extend(check.map(|check| keys::check(&own, &check)));
    }
    let mut sql = format!(
        "CREATE TABLE {} (\n  {}\n)",
        identifier(name),
        lines.join(",\n  ")
    );
    for option in options(&table, comment(comments, "table", "")) {
        sql.push(' ');
        sql.push_str(&option);
    }
    if let Some(partitioned) = &table.partitions {
        let clause = partitions::clause(partitioned, |one| comment(comments, "partitions", one));
        sql.push_str(&format!("\n{clause}"));
    }
    let parts = parts_of(both, both.expected, name).into_iter();
    let own = parts
        .filter(|part| part.kind != triggers::KIND && !depends::is_name_of(part, triggers::KIND));
    let step = Step::create(&object.key, sql);
    planner.add(own.fold(step, |step, part| step.creating(&part)));
}

/// One column of a table.
pub fn column_of(table: &Table, name: &str) -> Option<Column> {
    serde_json::from_value(table.columns.get(name)?.clone()).ok()
}

/// The comment of a part, or of the table itself (part `table`).
pub fn comment(comments: Option<&Value>, part: &str, name: &str) -> Option<String> {
    let of_part = comments?.get(part)?;
    let text = if part == "table" {
        of_part
    } else {
        of_part.get(name)?
    };
    text.as_str().map(str::to_owned)
}

fn options(table: &Table, comment: Option<String>) -> Vec<String> {
    let mut options = Vec::new();
    if let Some(engine) = &table.engine {
        options.push(format!("ENGINE = {engine}"));
    }
    if let Some(collation) = &table.collation {
        options.push(collations::clause(collation));
    }
    if let Some(format) = &table.row_format {
        options.push(format!("ROW_FORMAT = {format}"));
    }
    options.extend(
        table
            .options
            .iter()
            .map(|(name, value)| option(name, Some(value))),
    );
    if let Some(comment) = comment {
        options.push(format!("COMMENT = {}", quoted(&comment)));
    }
    options
}

/// A table option, or the way to have none.
pub fn option(name: &str, value: Option<&str>) -> String {
    let upper = name.to_ascii_uppercase();
    let value = match (name, value) {
        ("compression" | "encryption", Some(value)) => quoted(value),
        (_, Some(value)) => value.to_owned(),
        ("encryption", None) => "'N'".to_owned(),
        ("compression", None) => "''".to_owned(),
        ("secondary_engine", None) => "NULL".to_owned(),
        ("stats_persistent" | "stats_auto_recalc" | "stats_sample_pages" | "pack_keys", None) => {
            "DEFAULT".to_owned()
        }
        (_, None) => "0".to_owned(),
    };
    format!("{upper} = {value}")
}
