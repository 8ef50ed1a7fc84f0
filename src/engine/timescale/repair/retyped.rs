//! Another type under the same name, and the columns that are of it.

use super::{
    Work,
    steps::{column, printed, qualified, schema_and_name, typed},
    types::statement,
};
use crate::{
    engine::timescale::{
        catalog::{
            tables::{TABLE, Table},
            types::{COMPOSITE_TYPE, DOMAIN, RANGE_TYPE},
        },
        session,
    },
    schema::{Key, Object, ObjectDifference, plan::Step},
};

/// Another type under the same name: the old one steps aside, and every column of it is converted.
pub fn another(difference: &ObjectDifference, work: &Work<'_>) -> Option<Vec<Step>> {
    let key = &difference.key;
    let create = statement(difference.expected.as_ref()?)?;
    let word = if key.kind == DOMAIN { "DOMAIN" } else { "TYPE" };
    let type_name = qualified(&key.name);
    let (schema, own) = schema_and_name(&key.name);
    let aside = session::identifier(&format!("{own}__before"));
    let old = format!("{}.{aside}", session::identifier(&schema));
    let reason = "the type is created again: a value that it no longer has makes this fail";
    let step = |sql: String| {
        Step::about(key, sql)
            .disturbing(key)
            .with(key)
            .losing(reason)
    };
    // A column that goes, or gets another type, frees this one by itself.
    let columns = columns_of(&printed(&key.name), work);
    let columns: Vec<Column> = columns
        .into_iter()
        .filter(|one| one.is_converted(work))
        .collect();
    let alter = |one: &Column, what: &str| {
        let table = Key::new(TABLE, one.table.clone());
        let own = session::identifier(&one.column);
        let sql = format!(
            "ALTER TABLE {} ALTER COLUMN {own} TYPE {what}",
            qualified(&one.table)
        );
        step(sql)
            .altering(&table)
            .disturbing(&column(&one.table, &one.column))
    };
    let converted = |one: &Column| {
        let (array, own) = (
            if one.within { "[]" } else { "" },
            session::identifier(&one.column),
        );
        alter(
            one,
            &format!("{type_name}{array} USING {own}::text{array}::{type_name}{array}"),
        )
    };
    // A range has a multirange, whose name does not step aside with it.
    if key.kind == RANGE_TYPE {
        let text = |one: &Column| alter(one, if one.within { "text[]" } else { "text" });
        let mut steps: Vec<Step> = columns.iter().map(text).collect();
        steps.push(step(format!("DROP {word} {type_name}")));
        steps.push(step(create));
        steps.extend(columns.iter().map(converted));
        return Some(steps);
    }
    let users = work
        .graph
        .actual
        .iter()
        .filter(|(_, below)| below.contains(key));
    let users = users
        .filter(|(user, _)| [DOMAIN, COMPOSITE_TYPE, RANGE_TYPE].contains(&user.kind.as_str()));
    let users: Vec<String> = users.map(|(user, _)| user.to_string()).collect();
    let mut first = step(format!("ALTER {word} {type_name} RENAME TO {aside}"));
    if !users.is_empty() {
        first = first.noting(format!(
            "{} is made of this type, and no statement converts that: do it by hand first",
            users.join(", ")
        ));
    }
    let mut steps = vec![first, step(create)];
    steps.extend(columns.iter().map(converted));
    let drop = Step::about(key, format!("DROP {word} {old}")).needing(key);
    steps.push(drop.dropping(&aside_of(key)).with(key).losing(reason));
    Some(steps)
}

/// Is it a type that may go for a while, since no column is of it?
pub fn is_unused(key: &Key, work: &Work<'_>) -> bool {
    [DOMAIN, COMPOSITE_TYPE, RANGE_TYPE].contains(&key.kind.as_str())
        && columns_of(&printed(&key.name), work).is_empty()
}

/// The old type of that name, as long as something is of it.
pub fn aside_of(type_key: &Key) -> Key {
    Key::new("type before", type_key.name.clone())
}

/// A column of a type.
pub struct Column {
    pub table: String,
    pub column: String,
    /// An array of it.
    pub within: bool,
}

impl Column {
    /// Is it to be converted where it is? Not in a table that is made again, with its rows.
    fn is_converted(&self, work: &Work<'_>) -> bool {
        self.is_expected(work) && !work.rebuilt.tables.contains_key(&self.table)
    }

    /// Is it expected to be of the type that it has?
    pub fn is_expected(&self, work: &Work<'_>) -> bool {
        let type_of = |object: Option<&Object>| {
            let table = typed::<Table>(object)?;
            Some(table.columns.get(&self.column)?.type_name.clone())
        };
        let wanted = type_of(work.wanted(TABLE, &self.table));
        wanted.is_some() && wanted == type_of(work.found(TABLE, &self.table))
    }
}

/// Columns of that type, and of arrays of it.
pub fn columns_of(type_name: &str, work: &Work<'_>) -> Vec<Column> {
    let array = format!("{type_name}[]");
    let tables = work
        .actual
        .objects
        .iter()
        .filter(|(key, _)| key.kind == TABLE);
    tables
        .filter_map(|(key, object)| Some((key, typed::<Table>(Some(object))?)))
        .flat_map(|(key, table)| {
            let columns = table.columns.into_iter();
            let of_type = columns
                .filter(|(_, column)| column.type_name == type_name || column.type_name == array);
            let found = of_type.map(|(own, column)| Column {
                table: key.name.clone(),
                column: own,
                within: column.type_name == array,
            });
            found.collect::<Vec<_>>()
        })
        .collect()
}
