//! Foreign keys go before what they join is altered, and come when that is as expected.
//!
//! The server refuses to change the type or collation of a column that a foreign key joins (errors
//! 1832, 1833), and to drop the last index that it rests on (1553): a key that is as expected goes
//! and comes too where that happens.

use super::{
    both::{Both, typed},
    depends, keys,
    tables::comment,
};
use crate::{
    engine::mysql::{
        catalog::{
            foreign_keys::{self, ForeignKey},
            indexes::{self, Index},
            tables,
        },
        session::identifier,
    },
    schema::{
        Class, Key,
        plan::{Planner, Step},
    },
};

/// All foreign keys that differ.
pub fn repair(both: &Both<'_>, planner: &mut Planner<'_>) {
    for difference in both.of_kind(foreign_keys::KIND) {
        replace(both, &difference.key)
            .into_iter()
            .for_each(|step| planner.add(step));
    }
}

/// Drops what is there and adds what is wanted.
fn replace(both: &Both<'_>, key: &Key) -> Vec<Step> {
    let Some((table, own)) = both.split(key) else {
        return Vec::new();
    };
    let (wanted, actual) = (both.wanted(key), both.actual.objects.get(key));
    let (quoted, name) = (identifier(table), depends::name("foreign key", own));
    let mut steps = Vec::new();
    if actual.is_some() {
        let sql = format!("ALTER TABLE {quoted} DROP FOREIGN KEY {}", identifier(own));
        let step = Step::drop(key, sql).dropping(&name);
        steps.push(match wanted {
            Some(_) => step,
            None => step.losing(format!("drops foreign key {own}")),
        });
    }
    if let Some(wanted) = typed::<ForeignKey>(wanted) {
        let mut clauses = renewed(both, (table, own), &wanted);
        let note = (!clauses.is_empty()).then_some(
            "the index is made again, because the server may have made it for the foreign key and would \
             give it another name",
        );
        clauses.push(format!("ADD {}", keys::foreign_key(own, &wanted)));
        let step = Step::create(key, format!("ALTER TABLE {quoted} {}", clauses.join(", ")));
        let step = step.creating(&name);
        steps.push(note.into_iter().fold(step, Step::noting));
    }
    steps
}

/// An index that the server may have made for the foreign key: with the key it would come back under
/// the key's name.
fn renewed(both: &Both<'_>, (table, own): (&str, &str), wanted: &ForeignKey) -> Vec<String> {
    let parts: Vec<String> = wanted.columns.iter().map(|name| identifier(name)).collect();
    both.parts::<Index>(indexes::KIND, table)
        .into_iter()
        .filter(|(name, expected, actual)| name != own && expected == actual)
        .filter_map(|(name, _, actual)| Some((name, actual?)))
        .filter(|(name, _)| !has_comment(both, table, name))
        .filter(|(_, index)| keys::may_be_the_servers(index) && index.parts == parts)
        .flat_map(|(name, index)| {
            let shown = keys::index(&name, &index, None, None);
            [keys::drop_index(&name), format!("ADD {shown}")]
        })
        .collect()
}

fn has_comment(both: &Both<'_>, table: &str, index: &str) -> bool {
    let table = both.actual.objects.get(&Key::new(tables::KIND, table));
    let comments = table.and_then(|table| table.optional.get(&Class::Comments));
    comment(comments, "indexes", index).is_some()
}

/// What is done around a foreign key that is as expected and is in the way of a step; nothing where
/// it can stay.
pub fn detour(both: &Both<'_>, key: &Key, step: &Step) -> Vec<Step> {
    let (Some((table, _)), Some(joined)) = (
        both.split(key),
        typed::<ForeignKey>(both.actual.objects.get(key)),
    ) else {
        return Vec::new();
    };
    let referenced = joined.references_database.is_none();
    let referenced = referenced.then_some((joined.references.as_str(), &joined.referenced_columns));
    let is_in_the_way = [Some((table, &joined.columns)), referenced]
        .into_iter()
        .flatten()
        .any(|(table, columns)| {
            let moves = |key: &Key| step.moved().any(|moved| moved == key);
            let of_columns = columns
                .iter()
                .any(|name| moves(&depends::column(table, name)));
            of_columns || moves(&depends::storage(table)) || rests_on_nothing(both, table, columns)
        });
    match is_in_the_way {
        true => replace(both, key),
        false => Vec::new(),
    }
}

/// Is there no index that serves before, meanwhile and afterwards?
fn rests_on_nothing(both: &Both<'_>, table: &str, columns: &[String]) -> bool {
    let serves = |index: &Option<Index>| {
        index
            .as_ref()
            .is_some_and(|index| depends::supports(index, columns))
    };
    let indexes = both.parts::<Index>(indexes::KIND, table);
    !indexes
        .iter()
        .any(|(_, expected, actual)| serves(expected) && serves(actual))
}
