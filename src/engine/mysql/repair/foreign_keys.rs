//! Foreign keys go before the tables they join are altered, and come when those stand.
//!
//! The server refuses to change the type or collation of a column that a foreign key joins (errors
//! 1832, 1833), so a key that is as expected goes and comes too where its columns change.

use super::{
    collations::Defaults,
    column, keys,
    plan::{Both, Phase, Plan, split, typed},
    tables::column_of,
};
use crate::{
    engine::mysql::{
        catalog::{
            foreign_keys::{self, ForeignKey},
            tables::{self, Table},
        },
        session::identifier,
    },
    schema::{Key, Object},
};
use std::collections::BTreeSet;

/// All foreign keys.
pub fn repair(both: &Both<'_>, plan: &mut Plan) {
    let all = both.tables();
    let changing = changing(both);
    let mut names: BTreeSet<&Key> = both
        .of_kind(foreign_keys::KIND)
        .map(|difference| &difference.key)
        .collect();
    names.extend(
        both.actual
            .objects
            .values()
            .filter(|object| object.key.kind == foreign_keys::KIND)
            .filter(|object| joins(object, &all, &changing))
            .map(|object| &object.key),
    );
    for key in names {
        let Some((table, own)) = split(&key.name, &all) else {
            continue;
        };
        let actual = both.actual.objects.get(key);
        let expected = match both.differences.get(key) {
            Some(difference) => difference.expected.as_ref(),
            None => actual,
        };
        let (table, quoted) = (identifier(table), identifier(own));
        if actual.is_some() {
            let sql = format!("ALTER TABLE {table} DROP FOREIGN KEY {quoted}");
            match expected {
                Some(_) => plan.add(Phase::DropForeignKey, key, sql),
                None => {
                    let why = format!("drops foreign key {own}");
                    plan.add_at_a_cost(Phase::DropForeignKey, key, sql, why);
                }
            }
        }
        if let Some(wanted) = typed::<ForeignKey>(expected) {
            let sql = format!(
                "ALTER TABLE {table} ADD {}",
                keys::foreign_key(own, &wanted)
            );
            plan.add(Phase::AddForeignKey, key, sql);
        }
    }
}

/// Tables and columns whose type or collation the repair changes.
fn changing<'a>(both: &'a Both<'_>) -> BTreeSet<(&'a str, String)> {
    let defaults = Defaults::of(both);
    let mut changing = BTreeSet::new();
    for (key, object) in &both.actual.objects {
        let differs = both.differences.contains_key(key);
        if key.kind != tables::KIND || !(differs || defaults.change()) {
            continue;
        }
        let wanted: Option<Table> = typed(both.expected.objects.get(key));
        let (Some(expected), Some(actual)) = (wanted, typed::<Table>(Some(object))) else {
            continue;
        };
        for name in &actual.column_order {
            let columns = (column_of(&expected, name), column_of(&actual, name));
            let (Some(to), Some(from)) = columns else {
                continue;
            };
            let collation_to = to
                .collation
                .as_deref()
                .unwrap_or(defaults.of_expected(&expected));
            let collation_from = from
                .collation
                .as_deref()
                .unwrap_or(defaults.of_actual(&actual));
            let recollated = column::has_collation(&to.kind) && collation_to != collation_from;
            if to.kind != from.kind || recollated {
                changing.insert((key.name.as_str(), name.clone()));
            }
        }
    }
    changing
}

fn joins(object: &Object, all: &BTreeSet<&str>, changing: &BTreeSet<(&str, String)>) -> bool {
    let (Some((table, _)), Some(key)) = (
        split(&object.key.name, all),
        typed::<ForeignKey>(Some(object)),
    ) else {
        return false;
    };
    let among = |table: &str, columns: &[String]| {
        columns.iter().any(|column| {
            changing
                .iter()
                .any(|(one, name)| *one == table && name == column)
        })
    };
    among(table, &key.columns)
        || (key.references_database.is_none() && among(&key.references, &key.referenced_columns))
}
