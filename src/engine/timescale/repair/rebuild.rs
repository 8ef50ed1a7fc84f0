//! Which tables must be made anew, with their rows copied? Where no ALTER TABLE leads there.

use super::{
    Work, hypertables, indexes, keep,
    steps::{Phase, Steps, belongs_to, qualified, schema_and_name, typed},
    tables, triggers,
};
use crate::{
    engine::timescale::{
        catalog::{
            constraints::CONSTRAINT,
            hypertables::{HYPERTABLE, Hypertable},
            indexes::INDEX,
            row_policies::ROW_POLICY,
            rules::RULE,
            tables::{TABLE, Table},
            triggers::TRIGGER,
        },
        session,
    },
    schema::{Change, Key},
};
use std::collections::BTreeMap;

/// Tables that are made anew, with the reason.
#[derive(Debug, Default)]
pub struct Rebuilt {
    pub tables: BTreeMap<String, String>,
}

impl Rebuilt {
    /// Is that object made with its table?
    pub fn covers(&self, key: &Key) -> bool {
        self.tables
            .keys()
            .any(|table| belongs_to(key, table) || key.kind == HYPERTABLE && key.name == *table)
    }
}

/// Finds them and adds their statements. Each is destructive: policies and compression of the
/// old table go with it, and on a large one the copy takes its time.
pub fn repair(work: &Work<'_>, steps: &mut Steps) -> Rebuilt {
    let mut rebuilt = Rebuilt::default();
    for difference in work.rest {
        let key = &difference.key;
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
                "{reason}: the table is made anew and its rows are copied; its policies, compression and continuous aggregates are lost"
            );
            rebuilt.tables.insert(key.name.clone(), sentence);
        }
    }
    for (table, reason) in &rebuilt.tables {
        one(work, table, reason, steps);
    }
    rebuilt
}

fn one(work: &Work<'_>, table: &str, reason: &str, steps: &mut Steps) {
    let key = Key::new(TABLE, table);
    let (Some(expected), Some(actual)) = (
        typed::<Table>(work.wanted(TABLE, table)),
        typed::<Table>(work.found(TABLE, table)),
    ) else {
        return;
    };
    indexes::detour_references(work, table, steps);
    let (schema, own) = schema_and_name(table);
    let before = format!("{own}__before");
    let old = format!(
        "{}.{}",
        session::identifier(&schema),
        session::identifier(&before)
    );
    let new = qualified(table);
    let mut lose = |sql: String| steps.lose(Phase::Rebuild, &key, sql, reason);
    lose(format!(
        "ALTER TABLE {new} RENAME TO {}",
        session::identifier(&before)
    ));
    keep_sequences(&actual, &mut lose);
    let children = children(work, table);
    for child in &children {
        lose(format!("ALTER TABLE {} NO INHERIT {old}", qualified(child)));
    }
    lose(tables::create(&key, &expected));
    if let Some(hypertable) = typed::<Hypertable>(work.wanted(HYPERTABLE, table)) {
        hypertables::create(&key, &hypertable)
            .into_iter()
            .for_each(&mut lose);
    }
    let copied: Vec<String> = expected
        .column_order
        .iter()
        .filter(|name| {
            expected
                .columns
                .get(*name)
                .is_some_and(|one| one.generated.is_none())
        })
        .map(|name| session::identifier(name))
        .collect();
    let copied = copied.join(", ");
    lose(format!(
        "INSERT INTO {new} ({copied}) OVERRIDING SYSTEM VALUE SELECT {copied} FROM {old}"
    ));
    lose(format!("DROP TABLE {old}"));
    for child in &children {
        lose(format!("ALTER TABLE {} INHERIT {new}", qualified(child)));
    }
    own_sequences(&new, &expected, &mut lose);
    if expected.row_security {
        lose(format!("ALTER TABLE {new} ENABLE ROW LEVEL SECURITY"));
    }
    if expected.force_row_security {
        lose(format!("ALTER TABLE {new} FORCE ROW LEVEL SECURITY"));
    }
    parts(work, table, steps);
    keep::restore(&key, work, steps);
}

/// Tables that inherit from it; their rows are their own.
fn children(work: &Work<'_>, table: &str) -> Vec<String> {
    let tables = work
        .actual
        .objects
        .iter()
        .filter(|(key, _)| key.kind == TABLE);
    tables
        .filter_map(|(key, object)| Some((key, typed::<Table>(Some(object))?)))
        .filter(|(_, child)| child.inherits.iter().any(|parent| parent == table))
        .map(|(key, _)| key.name.clone())
        .collect()
}

/// A sequence outlives the old table: its count goes on.
fn keep_sequences(actual: &Table, lose: &mut impl FnMut(String)) {
    for column in actual.columns.values() {
        let Some(owned) = &column.sequence else {
            continue;
        };
        let name = qualified(&owned.name);
        lose(match column.identity {
            None => format!("ALTER SEQUENCE {name} OWNED BY NONE"),
            Some(_) => {
                let (_, own) = schema_and_name(&owned.name);
                let aside = session::identifier(&format!("{own}__before"));
                format!("ALTER SEQUENCE {name} RENAME TO {aside}")
            }
        });
    }
}

fn own_sequences(table: &str, expected: &Table, lose: &mut impl FnMut(String)) {
    for (column, definition) in &expected.columns {
        let Some(owned) = &definition.sequence else {
            continue;
        };
        let name = qualified(&owned.name);
        let column = session::identifier(column);
        lose(match definition.identity {
            None => format!("ALTER SEQUENCE {name} OWNED BY {table}.{column}"),
            Some(_) => format!(
                "SELECT pg_catalog.setval({}, max({column})) FROM {table} HAVING max({column}) IS NOT NULL",
                session::text(&name)
            ),
        });
    }
}

/// Everything that belonged to the old table.
fn parts(work: &Work<'_>, table: &str, steps: &mut Steps) {
    for (key, object) in &work.expected.objects {
        if !belongs_to(key, table) {
            continue;
        }
        match key.kind.as_str() {
            INDEX => indexes::make(key, object, Phase::Index, steps),
            CONSTRAINT => indexes::make_constraint(key, object, steps),
            TRIGGER => triggers::make(key, object, steps),
            RULE => triggers::make_rule(key, object, steps),
            ROW_POLICY => triggers::make_policy(key, object, steps),
            _ => {}
        }
    }
}
