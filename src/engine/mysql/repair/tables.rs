//! Tables that are missing or should not be there; the others are altered.

use super::{
    alter,
    collations::{self, Defaults},
    column, keys, partitions,
    plan::{Both, Phase, Plan, typed},
};
use crate::{
    engine::mysql::{
        catalog::{
            checks,
            columns::{Column, quoted},
            indexes,
            tables::{self, Table},
        },
        session::identifier,
    },
    schema::{Class, Object, ObjectDifference},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// All tables.
pub fn repair(both: &Both<'_>, plan: &mut Plan) {
    let defaults = Defaults::of(both);
    for difference in both.of_kind(tables::KIND) {
        match (&difference.expected, &difference.actual) {
            (Some(expected), None) => create(both, expected, plan),
            (None, Some(_)) => remove(difference, plan),
            _ => {}
        }
    }
    for name in altered(both, &defaults) {
        alter::table(both, &defaults, name, plan);
    }
}

/// Tables on both sides that differ, or of which a part does.
fn altered<'a>(both: &'a Both<'_>, defaults: &Defaults) -> BTreeSet<&'a str> {
    let all = both.tables();
    let on_both = |name: &str| {
        let key = crate::schema::Key::new(tables::KIND, name);
        both.expected.objects.contains_key(&key) && both.actual.objects.contains_key(&key)
    };
    all.iter()
        .copied()
        .filter(|name| on_both(name))
        .filter(|name| {
            let parts = [indexes::KIND, checks::KIND].iter().any(|kind| {
                both.of_kind(kind).any(|one| {
                    super::plan::split(&one.key.name, &all).is_some_and(|(table, _)| table == *name)
                })
            });
            defaults.change() || parts || both.difference(tables::KIND, name).is_some()
        })
        .collect()
}

fn remove(difference: &ObjectDifference, plan: &mut Plan) {
    let name = &difference.key.name;
    plan.add_at_a_cost(
        Phase::DropTable,
        &difference.key,
        format!("DROP TABLE {}", identifier(name)),
        format!("drops table {name} and its rows"),
    );
}

/// With its indexes and checks, without its foreign keys.
fn create(both: &Both<'_>, object: &Object, plan: &mut Plan) {
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
    for (own, index) in parts::<indexes::Index>(both, indexes::KIND, name) {
        let comment = comment(comments, "indexes", own);
        lines.push(keys::index(
            own,
            &index,
            table.engine.as_deref(),
            comment.as_deref(),
        ));
    }
    for (own, check) in parts::<checks::Check>(both, checks::KIND, name) {
        lines.push(keys::check(own, &check));
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
    plan.add(Phase::CreateTable, &object.key, sql);
}

/// The missing parts of one kind that a table shall have.
fn parts<'a, T: serde::de::DeserializeOwned>(
    both: &'a Both<'_>,
    kind: &'a str,
    table: &'a str,
) -> Vec<(&'a str, T)> {
    both.of_kind(kind)
        .filter_map(|one| {
            let own = one.key.name.strip_prefix(table)?.strip_prefix('.')?;
            Some((own, typed(one.expected.as_ref())?))
        })
        .collect()
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
