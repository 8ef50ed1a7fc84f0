//! What makes a table the expected one: created, dropped, or altered part by part?

use super::{
    Work,
    column_sequences::sequence_of,
    columns::{self, At},
    dependencies::parts_of,
    parents::{
        inheritance_joined, inheritance_left, parents_of, partition, with_columns_of_parents,
    },
    statistics,
    steps::{column, default, of_table, own_name, qualified, typed},
    table_columns::{asked, columns_altered, columns_dropped, is_last},
    whole::Maker,
};
use crate::{
    engine::timescale::{
        catalog::{
            constraints::CONSTRAINT,
            hypertables::HYPERTABLE,
            indexes::INDEX,
            name,
            row_policies::ROW_POLICY,
            rules::RULE,
            statistics::STATISTICS,
            tables::{FOREIGN_TABLE, Partition, TABLE, Table},
            triggers::TRIGGER,
        },
        session,
    },
    schema::{Key, Object, ObjectDifference, Schema, plan::Step},
};
use std::collections::BTreeMap;

/// One that cannot be altered is made again with its rows by `rebuild`.
pub const MAKER: Maker = Maker {
    names: &[TABLE],
    create: make,
    drop: |object, work| {
        let key = &object.key;
        let part = typed::<Table>(Some(object)).and_then(|table| table.partition_of);
        // A foreign key to the parent refers to its partitions too.
        let stays = |part: &Partition| work.wanted(TABLE, &part.parent).is_some();
        let detach = part.filter(stays).map(|part| {
            let (parent, own) = (qualified(&part.parent), qualified(&key.name));
            let sql = format!("ALTER TABLE {parent} DETACH PARTITION {own}");
            Step::alter(key, sql)
                .with(key)
                .freeing(&Key::new(TABLE, part.parent.clone()))
        });
        detach
            .into_iter()
            .chain([drop_with_parts(object, "TABLE", work)])
            .collect()
    },
    alter: |difference, work| {
        let expected = typed::<Table>(difference.expected.as_ref())?;
        let actual = typed::<Table>(difference.actual.as_ref())?;
        Some(alter(difference, &Sides { expected, actual }, work))
    },
    loss: Some("its rows are lost"),
    movable: false,
};

/// A foreign table holds no rows of this database.
pub const FOREIGN: Maker = Maker {
    names: &[FOREIGN_TABLE],
    create: create_foreign,
    drop: |object, work| vec![drop_with_parts(object, "FOREIGN TABLE", work)],
    alter: |_, _| None,
    loss: None,
    movable: true,
};

/// Every key that is there with a table: its columns, what computes them, and what belongs to it.
pub fn nodes<'o>(object: &'o Object, parts: &'o [Key]) -> impl Iterator<Item = Key> + 'o {
    let table = typed::<Table>(Some(object)).unwrap_or_default();
    let own = &object.key.name;
    let columns = table.columns.into_keys();
    let columns = columns.flat_map(move |name| [column(own, &name), default(own, &name)]);
    columns
        .chain([object.key.clone(), own_name(own)])
        .chain(parts.iter().cloned())
}

/// What belongs to the table that is there.
pub fn parts(table: &str, work: &Work<'_>) -> Vec<Key> {
    let kinds = [CONSTRAINT, INDEX, TRIGGER, RULE, ROW_POLICY, STATISTICS];
    let parts = kinds
        .iter()
        .flat_map(|kind| parts_of(work.actual, kind, table));
    let parts = parts.map(|part| part.key.clone());
    parts
        .chain([Key::new(HYPERTABLE, table)])
        .chain(statistics::names(table, work))
        .collect()
}

/// What is expected to belong to the table.
pub fn expected_parts<'w>(table: &'w str, work: &'w Work<'_>) -> Vec<&'w Object> {
    let kinds = [CONSTRAINT, INDEX, TRIGGER, RULE, ROW_POLICY, STATISTICS];
    kinds
        .iter()
        .flat_map(|kind| parts_of(work.expected, kind, table))
        .collect()
}

fn drop_with_parts(object: &Object, word: &str, work: &Work<'_>) -> Step {
    let key = &object.key;
    let mut gone = parts(&key.name, work);
    gone.retain(|part| !super::indexes::drops_itself(part, work));
    let step = Step::about(key, format!("DROP {word} {}", qualified(&key.name)));
    nodes(object, &gone).fold(step, |step, node| step.dropping(&node))
}

/// The column that owns that sequence: its table, and its name.
pub fn owner_of_sequence(schema: &Schema, name: &str) -> Option<(String, String)> {
    let tables = schema.objects.iter().filter(|(key, _)| key.kind == TABLE);
    tables
        .filter_map(|(key, object)| Some((key, typed::<Table>(Some(object))?)))
        .find_map(|(key, table)| {
            let owner = table.columns.into_iter().find(|(_, column)| {
                column
                    .sequence
                    .as_ref()
                    .is_some_and(|owned| owned.name == name)
            });
            owner.map(|(own, _)| (key.name.clone(), own))
        })
}

/// A column's default in the way of what it calls.
pub fn default_around(key: &Key, work: &Work<'_>) -> Option<Vec<Step>> {
    if key.kind != default("", "").kind {
        return None;
    }
    let (table, own) = of_table(&key.name)?;
    let key = Key::new(TABLE, table);
    let column = |schema: &Schema| {
        typed::<Table>(schema.objects.get(&key)).and_then(|table| table.columns.get(&own).cloned())
    };
    // What is computed always is no default that could be dropped for a while.
    if column(work.actual).is_none_or(|one| one.default.is_none()) {
        return Some(Vec::new());
    }
    let at = At {
        key: &key,
        name: &own,
        work,
    };
    Some(columns::default_around(&at, column(work.expected).as_ref()))
}

fn make(object: &Object, work: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let Some(table) = typed::<Table>(Some(object)) else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    for (name, column) in &table.columns {
        steps.extend(sequence_of(&At { key, name, work }, column));
    }
    let step = Step::about(key, create(key, &table));
    let mut step = nodes(object, &[]).fold(step, |step, node| step.creating(&node));
    for column in table.columns.values() {
        if let (None, Some(owned)) = (&column.identity, &column.sequence) {
            step = step.needing(&own_name(&owned.name));
        } else if let Some(owned) = &column.sequence {
            step = step.creating(&own_name(&owned.name));
        }
    }
    steps.push(step);
    steps.extend(settings(key, &table, &Table::default()));
    steps
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

pub struct Sides {
    pub expected: Table,
    pub actual: Table,
}

fn alter(difference: &ObjectDifference, sides: &Sides, work: &Work<'_>) -> Vec<Step> {
    let key = &difference.key;
    let Sides { expected, actual } = sides;
    let (leaving, joining) = partition(key, (expected, actual), work);
    let mut steps: Vec<Step> = leaving.into_iter().collect();
    steps.extend(inheritance_left(key, expected, actual));
    match parents_of(expected).eq(parents_of(actual)) {
        true => {
            let asked = |name: &str| asked(difference, name);
            steps.extend(columns_altered(key, (sides, &asked), work));
            steps.extend(columns_dropped(key, sides, &asked));
        }
        // What its old parents gave it is its own then, and it must have what its new ones have.
        false => {
            let whole = Sides {
                expected: with_columns_of_parents(expected, work.expected, actual),
                actual: with_columns_of_parents(actual, work.actual, expected),
            };
            steps.extend(columns_altered(key, (&whole, &|_| true), work));
            steps.extend(columns_dropped(key, &whole, &|_| true));
        }
    }
    if expected.unlogged != actual.unlogged {
        let logged = if expected.unlogged {
            "UNLOGGED"
        } else {
            "LOGGED"
        };
        let sql = format!("ALTER TABLE {} SET {logged}", qualified(&key.name));
        steps.push(Step::alter(key, sql));
    }
    steps.extend(joining);
    steps.extend(inheritance_joined(key, expected, actual));
    steps.extend(settings(key, expected, actual));
    steps
}

/// Is there a difference that only a table made again repairs, and which?
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
            && !(is_last(expected, name) && is_last(actual, name))
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
fn settings(key: &Key, expected: &Table, actual: &Table) -> Vec<Step> {
    let (mut steps, mut replica) = (Vec::new(), None);
    let table = qualified(&key.name);
    let mut alter = |what: String| {
        steps.push(Step::alter(key, format!("ALTER TABLE {table} {what}")));
    };
    if expected.row_security != actual.row_security {
        let on = if expected.row_security {
            "ENABLE"
        } else {
            "DISABLE"
        };
        alter(format!("{on} ROW LEVEL SECURITY"));
    }
    if expected.force_row_security != actual.force_row_security {
        let on = if expected.force_row_security {
            "FORCE"
        } else {
            "NO FORCE"
        };
        alter(format!("{on} ROW LEVEL SECURITY"));
    }
    if expected.replica_identity != actual.replica_identity {
        let identity = match expected.replica_identity.as_deref() {
            None => "DEFAULT".to_owned(),
            Some(text) => match text.strip_prefix("index ") {
                Some(index) => format!("USING INDEX {}", session::identifier(index)),
                None => text.to_ascii_uppercase(),
            },
        };
        let step = Step::alter(
            key,
            format!("ALTER TABLE {table} REPLICA IDENTITY {identity}"),
        );
        let index = expected.replica_identity.as_deref();
        let index = index.and_then(|text| text.strip_prefix("index "));
        replica = Some(match index {
            // Of an index, or of what stands behind a constraint.
            Some(index) => [INDEX, CONSTRAINT].iter().fold(step, |step, kind| {
                step.needing(&Key::new(
                    *kind,
                    format!("{}.{}", key.name, name::part(index)),
                ))
            }),
            None => step,
        });
    }
    let set: BTreeMap<String, String> = expected
        .options
        .iter()
        .filter(|(name, value)| actual.options.get(*name) != Some(*value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let is_made = actual.column_order.is_empty() && actual.columns.is_empty();
    if !set.is_empty() && !is_made {
        alter(format!("SET ({})", options(&set)));
    }
    let reset: Vec<&str> = actual
        .options
        .keys()
        .filter(|name| !expected.options.contains_key(*name))
        .map(String::as_str)
        .collect();
    if !reset.is_empty() {
        alter(format!("RESET ({})", reset.join(", ")));
    }
    steps.extend(replica);
    steps
}

/// Storage options as SQL; the values are the server's own text.
pub fn options(options: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = options
        .iter()
        .map(|(name, value)| format!("{name} = {}", session::text(value)))
        .collect();
    pairs.join(", ")
}

fn create_foreign(object: &Object, _: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let Some(table) = typed::<Table>(Some(object)) else {
        return Vec::new();
    };
    let columns: Vec<String> = table
        .column_order
        .iter()
        .filter_map(|own| Some(columns::definition(own, table.columns.get(own)?)))
        .collect();
    let server = session::identifier(table.server.as_deref().unwrap_or_default());
    let mut sql = format!(
        "CREATE FOREIGN TABLE {} ({}) SERVER {server}",
        qualified(&key.name),
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
    let step = Step::about(key, sql);
    vec![nodes(object, &[]).fold(step, |step, node| step.creating(&node))]
}
