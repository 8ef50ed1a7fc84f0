//! Partitions and inheritance: how does a table leave its parent and join another?

use super::{
    Work,
    steps::{qualified, typed},
};
use crate::{
    engine::timescale::catalog::{
        columns::Column,
        tables::{Partition, TABLE, Table},
    },
    schema::{Key, Schema, plan::Step},
};

/// With the columns of the parents that the other side does not have; an identity is not inherited.
pub fn with_columns_of_parents(table: &Table, schema: &Schema, other: &Table) -> Table {
    let mut whole = table.clone();
    let parents = parents_of(table).filter(|parent| !parents_of(other).any(|one| one == *parent));
    for parent in parents {
        let key = Key::new(TABLE, parent.clone());
        let parent = typed::<Table>(schema.objects.get(&key)).unwrap_or_default();
        for own in parent.column_order {
            if let Some(column) = parent
                .columns
                .get(&own)
                .filter(|_| !whole.columns.contains_key(&own))
            {
                let column = Column {
                    identity: None,
                    sequence: None,
                    ..column.clone()
                };
                whole.columns.insert(own.clone(), column);
                whole.column_order.push(own);
            }
        }
    }
    whole
}

/// The tables that it is a part of, or inherits from.
pub fn parents_of(table: &Table) -> impl Iterator<Item = &String> {
    let of = table.partition_of.as_ref().map(|part| &part.parent);
    table.inherits.iter().chain(of)
}

/// That a table has no column too many.
pub fn columns_of_parent(table: &str) -> Key {
    Key::new("columns", table)
}

/// Leaving the old parent, and joining the new one. With a parent that is made again it goes along.
pub fn partition(
    key: &Key,
    (expected, actual): (&Table, &Table),
    work: &Work<'_>,
) -> (Option<Step>, Option<Step>) {
    let parent = |one: &Option<Partition>| one.as_ref().map(|part| part.parent.clone());
    let (wanted, found) = (&expected.partition_of, &actual.partition_of);
    let same = parent(wanted) == parent(found);
    let bound = |one: &Option<Partition>| one.as_ref().map(|part| part.bound.clone());
    let along = parent(found).is_some_and(|one| work.rebuilt.tables.contains_key(&one));
    if same && (bound(wanted) == bound(found) || along) {
        return (None, None);
    }
    let table = qualified(&key.name);
    let detach = found.as_ref().map(|found| {
        let parent = qualified(&found.parent);
        let sql = format!("ALTER TABLE {parent} DETACH PARTITION {table}");
        Step::alter(key, sql).freeing(&Key::new(TABLE, found.parent.clone()))
    });
    let attach = wanted.as_ref().map(|wanted| {
        let parent = qualified(&wanted.parent);
        let sql = format!(
            "ALTER TABLE {parent} ATTACH PARTITION {table} {}",
            wanted.bound
        );
        let step = Step::alter(key, sql).needing(&Key::new(TABLE, wanted.parent.clone()));
        step.needing(&columns_of_parent(&wanted.parent))
            .needing(&columns_of_parent(&key.name))
    });
    (detach, attach)
}

pub fn inheritance_left(key: &Key, expected: &Table, actual: &Table) -> Vec<Step> {
    let table = qualified(&key.name);
    let gone = actual
        .inherits
        .iter()
        .filter(|name| !expected.inherits.contains(name));
    let gone = gone.map(|parent| {
        let sql = format!("ALTER TABLE {table} NO INHERIT {}", qualified(parent));
        Step::alter(key, sql).freeing(&Key::new(TABLE, parent.clone()))
    });
    gone.collect()
}

pub fn inheritance_joined(key: &Key, expected: &Table, actual: &Table) -> Vec<Step> {
    let table = qualified(&key.name);
    let new = expected
        .inherits
        .iter()
        .filter(|name| !actual.inherits.contains(name));
    let new = new.map(|parent| {
        let sql = format!("ALTER TABLE {table} INHERIT {}", qualified(parent));
        Step::alter(key, sql).needing(&Key::new(TABLE, parent.clone()))
    });
    new.collect()
}
