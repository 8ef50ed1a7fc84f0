//! Which tables must be made again, with their rows copied? Where no ALTER TABLE leads there.

use super::{
    Work, hypertables, keep, retyped, sequences,
    steps::{NOT_NULL, belongs_to, index_name, printed, qualified, schema_and_name, typed},
    tables, whole,
};
use crate::{
    engine::timescale::{
        catalog::{
            constraints::CONSTRAINT,
            hypertables::{HYPERTABLE, Hypertable},
            indexes::INDEX,
            schemas::SCHEMA,
            sequences::SEQUENCE,
            tables::{TABLE, Table},
            types::{DOMAIN, ENUM},
        },
        session,
    },
    schema::{Change, Class, Key, Object, plan::Step},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Tables that are made again, with the reason.
#[derive(Debug, Default)]
pub struct Rebuilt {
    pub tables: BTreeMap<String, String>,
}

impl Rebuilt {
    /// Is that object made with its table?
    pub fn covers(&self, key: &Key) -> bool {
        self.tables.keys().any(|table| {
            belongs_to(key, table)
                || [HYPERTABLE, TABLE].contains(&key.kind.as_str()) && key.name == *table
        })
    }
}

/// Finds them. Each is destructive: policies and compression of the old table go with it, and on a large
/// one the copy takes its time.
pub fn find(work: &Work<'_>) -> Rebuilt {
    let mut rebuilt = Rebuilt::default();
    for (key, difference) in &work.rest {
        let reason = match key.kind.as_str() {
            TABLE if difference.change() == Change::Changed => {
                let both = typed::<Table>(difference.expected.as_ref())
                    .zip(typed::<Table>(difference.actual.as_ref()));
                both.and_then(|(expected, actual)| {
                    tables::needs_rebuild(&expected, &actual, difference)
                })
            }
            HYPERTABLE => hypertables::needs_rebuild(difference),
            _ => None,
        };
        let wanted =
            work.wanted(TABLE, &key.name).is_some() && work.found(TABLE, &key.name).is_some();
        if let Some(reason) = reason.filter(|_| wanted) {
            let sentence = format!(
                "{reason}: the table is made again and its rows are copied; its policies, compression and continuous aggregates are lost, and its chunk interval is the default"
            );
            rebuilt.tables.insert(key.name.clone(), sentence);
        }
    }
    rebuilt
}

/// The statements for one of them: all or none.
pub fn steps(table: &str, reason: &str, work: &Work<'_>) -> Vec<Step> {
    let (Some(wanted), Some(found)) = (work.wanted(TABLE, table), work.found(TABLE, table)) else {
        return Vec::new();
    };
    let (Some(expected), Some(actual)) =
        (typed::<Table>(Some(wanted)), typed::<Table>(Some(found)))
    else {
        return Vec::new();
    };
    let key = &wanted.key;
    // What orders these statements among themselves.
    let group = Key::new("rebuild", table);
    let (schema, own) = schema_and_name(table);
    let before = format!("{own}__before");
    let old = format!(
        "{}.{}",
        session::identifier(&schema),
        session::identifier(&before)
    );
    let new = qualified(table);
    let step = |sql: String| {
        Step::about(key, sql)
            .altering(&group)
            .with(&group)
            .losing(reason)
    };
    let mut parts = tables::parts(table, work);
    // The old table is there until its rows are copied: what reaches out of it goes before.
    let whole: BTreeSet<Key> = tables::nodes(found, &parts).collect();
    let outside = |node: &Key| outside(node, &whole, work);
    let reaching: Vec<Key> = parts
        .iter()
        .filter(|part| !outside(part).is_empty())
        .cloned()
        .collect();
    parts.retain(|part| !reaching.contains(part));
    let mut steps: Vec<Step> = reaching
        .iter()
        .flat_map(|part| dropped(part, work))
        .collect();
    steps = steps
        .into_iter()
        .map(|step| step.with(&group).losing(reason))
        .collect();
    let rename = step(format!(
        "ALTER TABLE {new} RENAME TO {}",
        session::identifier(&before)
    ));
    let rename = tables::nodes(found, &parts).fold(rename, |step, node| step.dropping(&node));
    steps.push(rename);
    let (first, after) = sequences_of(&new, (&expected, &actual), work);
    steps.extend(first.into_iter().map(step));
    let children = children(work, table);
    steps.extend(children.iter().map(|child| step(child.leaving(&old))));
    let create = step(tables::create(key, &expected));
    steps.push(tables::nodes(wanted, &[]).fold(create, |step, node| step.creating(&node)));
    // A sequence belongs to a column only of a table of the same owner.
    let owner = found.optional.get(&Class::Owners).and_then(Value::as_str);
    let owner =
        owner.map(|owner| format!("ALTER TABLE {new} OWNER TO {}", session::identifier(owner)));
    steps.extend(owner.clone().map(step));
    if let Some(hypertable) = typed::<Hypertable>(work.wanted(HYPERTABLE, table)) {
        let made = hypertables::create(key, &hypertable).into_iter().map(step);
        let hypertable = Key::new(HYPERTABLE, table);
        steps.extend(made.enumerate().map(|(place, step)| match place {
            0 => step.creating(&hypertable),
            _ => step,
        }));
    }
    let types = types_replaced(work);
    let names = types.iter().map(|key| printed(&key.name));
    let names: BTreeSet<String> = names.flat_map(|name| [format!("{name}[]"), name]).collect();
    let (into, from) = copied(&expected, &actual, &names);
    steps.push(step(format!(
        "INSERT INTO {new} ({into}) OVERRIDING SYSTEM VALUE SELECT {from} FROM {old}"
    )));
    let names = parts
        .iter()
        .filter(|part| [INDEX, CONSTRAINT].contains(&part.kind.as_str()));
    let names = names.filter_map(|part| index_name(&part.name));
    let drop = names.fold(step(format!("DROP TABLE {old}")), |step, name| {
        step.dropping(&name)
    });
    let drop = types
        .iter()
        .fold(drop, |step, key| step.freeing(&retyped::aside_of(key)));
    let used: BTreeSet<Key> = tables::nodes(found, &parts)
        .flat_map(|node| outside(&node))
        .collect();
    steps.push(used.iter().fold(drop, |step, key| step.freeing(key)));
    for child in &children {
        let follow = followed(&child.name, &expected, &actual);
        steps.extend(follow.into_iter().map(step));
        steps.push(step(child.joining(&new)));
    }
    steps.extend(after.into_iter().map(step));
    if expected.row_security {
        steps.push(step(format!("ALTER TABLE {new} ENABLE ROW LEVEL SECURITY")));
    }
    if expected.force_row_security {
        steps.push(step(format!("ALTER TABLE {new} FORCE ROW LEVEL SECURITY")));
    }
    let after = belonging(work, table).chain(keep::restored(found, work));
    let after = after.filter(|step| owner.as_deref() != Some(step.sql()));
    steps.extend(after.map(|step| step.needing(&group).with(&group).losing(reason)));
    steps
}

/// What a part of a table depends on beyond the table itself.
fn outside(node: &Key, whole: &BTreeSet<Key>, work: &Work<'_>) -> Vec<Key> {
    let below = work.graph.actual.get(node).into_iter().flatten();
    let below = below.filter(|on| !whole.contains(*on));
    below
        .filter(|on| ![SCHEMA, NOT_NULL].contains(&on.kind.as_str()))
        .cloned()
        .collect()
}

fn dropped(part: &Key, work: &Work<'_>) -> Vec<Step> {
    let object = work.actual.objects.get(part);
    let maker = whole::maker(&part.kind);
    object
        .zip(maker)
        .map(|(object, maker)| (maker.drop)(object, work))
        .unwrap_or_default()
}

/// Types that differ, perhaps so that another one takes their place.
fn types_replaced<'w>(work: &'w Work<'_>) -> Vec<&'w Key> {
    let kinds = [ENUM, DOMAIN];
    let keys = work
        .rest
        .iter()
        .filter(|(key, one)| kinds.contains(&key.kind.as_str()) && one.change() == Change::Changed);
    keys.map(|(key, _)| *key).collect()
}

/// Columns that the old table has too, and that are not computed: their names, and their values.
fn copied(expected: &Table, actual: &Table, replaced: &BTreeSet<String>) -> (String, String) {
    let (mut into, mut from) = (Vec::new(), Vec::new());
    for name in &expected.column_order {
        let (Some(wanted), Some(found)) = (expected.columns.get(name), actual.columns.get(name))
        else {
            continue;
        };
        if wanted.generated.is_none() {
            let own = session::identifier(name);
            let array = if wanted.type_name.ends_with("[]") {
                "[]"
            } else {
                ""
            };
            from.push(
                match (
                    wanted.type_name == found.type_name,
                    replaced.contains(&wanted.type_name),
                ) {
                    (true, false) => own.clone(),
                    (false, _) => format!("{own}::{}", wanted.type_name),
                    // Of the type before.
                    (true, true) => format!("{own}::text{array}::{}", wanted.type_name),
                },
            );
            into.push(own);
        }
    }
    (into.join(", "), from.join(", "))
}

/// What gives a child the columns that its parent is about to have.
fn followed(child: &str, expected: &Table, actual: &Table) -> Vec<String> {
    let alter = |what: String| format!("ALTER TABLE {} {what}", qualified(child));
    let mut statements = Vec::new();
    for (name, wanted) in &expected.columns {
        let own = session::identifier(name);
        match actual.columns.get(name) {
            None => {
                let column = super::columns::definition(name, wanted);
                statements.push(alter(format!("ADD COLUMN {column}")));
            }
            Some(found) => {
                if found.type_name != wanted.type_name {
                    let to = &wanted.type_name;
                    statements.push(alter(format!(
                        "ALTER COLUMN {own} TYPE {to} USING {own}::{to}"
                    )));
                }
                if !wanted.nullable {
                    statements.push(alter(format!("ALTER COLUMN {own} SET NOT NULL")));
                }
            }
        }
    }
    let gone = actual
        .columns
        .keys()
        .filter(|name| !expected.columns.contains_key(*name));
    statements.extend(gone.map(|name| alter(format!("DROP COLUMN {}", session::identifier(name)))));
    statements
}

/// A table that is a part of another, or inherits from it.
struct Child {
    name: String,
    /// Of a partition.
    bound: Option<String>,
}

impl Child {
    fn leaving(&self, parent: &str) -> String {
        let own = qualified(&self.name);
        match self.bound {
            Some(_) => format!("ALTER TABLE {parent} DETACH PARTITION {own}"),
            None => format!("ALTER TABLE {own} NO INHERIT {parent}"),
        }
    }

    fn joining(&self, parent: &str) -> String {
        let own = qualified(&self.name);
        match &self.bound {
            Some(bound) => format!("ALTER TABLE {parent} ATTACH PARTITION {own} {bound}"),
            None => format!("ALTER TABLE {own} INHERIT {parent}"),
        }
    }
}

/// Tables that have it as a parent and still will; their rows are their own.
fn children(work: &Work<'_>, table: &str) -> Vec<Child> {
    let of = |table: &Table, parent: &str| match &table.partition_of {
        Some(part) => (part.parent == parent).then(|| Some(part.bound.clone())),
        None => table
            .inherits
            .iter()
            .any(|one| one == parent)
            .then_some(None),
    };
    let tables = work
        .expected
        .objects
        .iter()
        .filter(|(key, _)| key.kind == TABLE);
    let children = tables.filter_map(|(key, object)| {
        let bound = of(&typed::<Table>(Some(object))?, table)?;
        let found = of(&typed::<Table>(work.found(TABLE, &key.name))?, table)?;
        let name = key.name.clone();
        (bound.is_some() == found.is_some()).then_some(Child { name, bound })
    });
    children.collect()
}

/// What is done for the sequences of its columns before the table is created, and after its rows are
/// copied: a sequence outlives the old table, and its count goes on.
fn sequences_of(
    table: &str,
    (expected, actual): (&Table, &Table),
    work: &Work<'_>,
) -> (Vec<String>, Vec<String>) {
    let (mut first, mut after) = (Vec::new(), Vec::new());
    let owned = |table: &Table, name: &str| {
        let mut columns = table
            .columns
            .values()
            .filter(|column| column.identity.is_none());
        columns.any(|column| column.sequence.as_ref().is_some_and(|one| one.name == name))
    };
    for column in actual.columns.values() {
        let Some(old) = &column.sequence else {
            continue;
        };
        let name = qualified(&old.name);
        if column.identity.is_some() {
            let (_, own) = schema_and_name(&old.name);
            let aside = session::identifier(&format!("{own}__before"));
            first.push(format!("ALTER SEQUENCE {name} RENAME TO {aside}"));
        } else if owned(expected, &old.name) {
            first.push(format!("ALTER SEQUENCE {name} OWNED BY NONE"));
        }
    }
    for (own, column) in &expected.columns {
        let Some(new) = &column.sequence else {
            continue;
        };
        let (name, own) = (qualified(&new.name), session::identifier(own));
        if column.identity.is_none() {
            let stands = work.found(SEQUENCE, &new.name).is_some() || owned(actual, &new.name);
            let verb = if stands { "ALTER" } else { "CREATE" };
            let options = sequences::options(&new.sequence);
            first.push(format!("{verb} SEQUENCE {name} {options}"));
            after.push(format!("ALTER SEQUENCE {name} OWNED BY {table}.{own}"));
            if stands {
                continue;
            }
        }
        after.push(format!(
            "SELECT pg_catalog.setval({}, max({own})) FROM {table} HAVING max({own}) IS NOT NULL",
            session::text(&name)
        ));
    }
    (first, after)
}

/// Everything that is expected to belong to the table.
fn belonging(work: &Work<'_>, table: &str) -> impl Iterator<Item = Step> {
    let all = tables::expected_parts(table, work);
    let create = |object: &Object| Some((whole::maker(&object.key.kind)?.create)(object, work));
    all.into_iter()
        .filter_map(create)
        .flatten()
        .collect::<Vec<_>>()
        .into_iter()
}
