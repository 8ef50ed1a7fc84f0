//! Which views go and come again, and in which order? A view stands on what it reads, so those above
//! one that goes do so too. Continuous aggregates are among them, and lose what they hold.

use super::{
    Work, indexes, keep,
    rebuild::Rebuilt,
    steps::{NOT_EXPECTED, Phase, Steps, belongs_to, definition, printed, qualified, typed},
    tables, triggers, types,
};
use crate::{
    engine::timescale::{
        catalog::{
            continuous_aggregates::{CONTINUOUS_AGGREGATE, ContinuousAggregate},
            indexes::INDEX,
            name,
            rules::RULE,
            tables::{TABLE, Table},
            triggers::TRIGGER,
            types::{DOMAIN, ENUM, RANGE_TYPE},
            views::{MATERIALIZED_VIEW, VIEW, View},
        },
        session,
    },
    schema::{Change, Key, Object, ObjectDifference, Schema},
};
use std::collections::{BTreeMap, BTreeSet};

const KINDS: [&str; 3] = [VIEW, MATERIALIZED_VIEW, CONTINUOUS_AGGREGATE];

/// Adds the statements for every view.
pub fn repair(work: &Work<'_>, rebuilt: &Rebuilt, steps: &mut Steps) {
    let moved = moved(work, rebuilt);
    let mut going: BTreeSet<Key> = work
        .rest
        .iter()
        .filter(|one| KINDS.contains(&one.key.kind.as_str()) && must_go(one))
        .map(|one| one.key.clone())
        .collect();
    let reads = reading(work.actual);
    going.extend(
        reads
            .iter()
            .filter(|(_, reads)| reads.iter().any(|one| moved.contains(one)))
            .map(|(key, _)| key.clone()),
    );
    while let Some(above) = reads.iter().find_map(|(key, reads)| {
        let stands = |one: &Key| reads.iter().any(|read| *read == one.name);
        (!going.contains(key) && going.iter().any(stands)).then(|| key.clone())
    }) {
        going.insert(above);
    }
    for key in in_order(&going, &reads).into_iter().rev() {
        drop(&key, work, steps);
    }
    let mut coming: BTreeSet<Key> = going
        .iter()
        .filter(|key| work.expected.objects.contains_key(key))
        .cloned()
        .collect();
    for difference in work
        .rest
        .iter()
        .filter(|one| KINDS.contains(&one.key.kind.as_str()))
    {
        if difference.change() == Change::Missing {
            coming.insert(difference.key.clone());
        } else if !going.contains(&difference.key) && difference.change() == Change::Changed {
            alter(difference, steps);
        }
    }
    for key in in_order(&coming, &reading(work.expected)) {
        if let Some(object) = work.expected.objects.get(&key) {
            make(&key, object, going.contains(&key), steps);
            if going.contains(&key) {
                parts(&key, work, steps);
                keep::restore(&key, work, steps);
            }
        }
    }
}

/// Tables that go, and columns that no view may read while they change: `table`, `table.column`.
fn moved(work: &Work<'_>, rebuilt: &Rebuilt) -> BTreeSet<String> {
    let mut moved: BTreeSet<String> = rebuilt.tables.keys().cloned().collect();
    for difference in work.rest {
        match (difference.key.kind.as_str(), difference.change()) {
            (TABLE, Change::Unexpected) => {
                moved.insert(difference.key.name.clone());
            }
            (TABLE, Change::Changed) => {
                let columns = retyped(difference).into_iter();
                moved.extend(
                    columns.map(|own| format!("{}.{}", difference.key.name, name::part(&own))),
                );
            }
            (ENUM | DOMAIN | RANGE_TYPE, Change::Changed) => {
                let columns = types::columns_of(&printed(&difference.key.name), work);
                moved.extend(
                    columns
                        .into_iter()
                        .map(|(table, own, _)| format!("{table}.{}", name::part(&own))),
                );
            }
            _ => {}
        }
    }
    moved
}

/// Columns that are dropped or get another type.
fn retyped(difference: &ObjectDifference) -> Vec<String> {
    let (Some(expected), Some(actual)) = (
        typed::<Table>(difference.expected.as_ref()),
        typed::<Table>(difference.actual.as_ref()),
    ) else {
        return Vec::new();
    };
    let differs = |own: &String| {
        let (wanted, found) = (expected.columns.get(own), actual.columns.get(own));
        wanted.is_none_or(|wanted| {
            found.is_some_and(|found| {
                wanted.type_name != found.type_name || wanted.collation != found.collation
            })
        })
    };
    actual
        .columns
        .keys()
        .filter(|own| differs(own))
        .cloned()
        .collect()
}

/// CREATE OR REPLACE cannot take a column away, nor change a materialised view.
fn must_go(difference: &ObjectDifference) -> bool {
    let columns = difference
        .paths
        .iter()
        .any(|one| one.path.starts_with("column"));
    let text = difference.paths.iter().any(|one| {
        one.path != "options"
            && !one.path.starts_with("options.")
            && one.path != "materialized_only"
    });
    match (difference.change(), difference.key.kind.as_str()) {
        (Change::Unexpected, _) => true,
        (Change::Missing, _) => false,
        (Change::Changed, VIEW) => columns,
        (Change::Changed, _) => text,
    }
}

/// What each view reads, by the names of keys: relations, and their columns.
fn reading(schema: &Schema) -> BTreeMap<Key, BTreeSet<String>> {
    let views = schema
        .objects
        .iter()
        .filter(|(key, _)| KINDS.contains(&key.kind.as_str()));
    views
        .map(|(key, object)| {
            let mut reads = BTreeSet::new();
            if let Some(aggregate) = typed::<ContinuousAggregate>(Some(object))
                .filter(|_| key.kind == CONTINUOUS_AGGREGATE)
            {
                reads.insert(aggregate.source);
            }
            for read in typed::<View>(Some(object))
                .map(|view| view.depends_on)
                .unwrap_or_default()
            {
                let mut parts = name::parts(&read);
                reads.insert(read);
                // A column reads its relation too; a schema in front makes no harm.
                parts.pop();
                let relation: Vec<String> = parts.iter().map(|part| name::part(part)).collect();
                reads.insert(relation.join("."));
            }
            (key.clone(), reads)
        })
        .collect()
}

/// Each after those that it reads.
fn in_order(keys: &BTreeSet<Key>, reads: &BTreeMap<Key, BTreeSet<String>>) -> Vec<Key> {
    let mut ordered: Vec<Key> = Vec::new();
    let mut rest: Vec<&Key> = keys.iter().collect();
    while !rest.is_empty() {
        let waits = |key: &&Key| {
            let below = reads.get(*key);
            rest.iter()
                .any(|other| other != key && below.is_some_and(|below| below.contains(&other.name)))
        };
        let (later, now): (Vec<&Key>, Vec<&Key>) = rest.iter().copied().partition(waits);
        if now.is_empty() {
            ordered.extend(later.into_iter().cloned());
            break;
        }
        ordered.extend(now.into_iter().cloned());
        rest = later;
    }
    ordered
}

/// Why what is materialised is lost, by kind; a plain view holds nothing.
fn loss(kind: &str) -> Option<&'static str> {
    match kind {
        CONTINUOUS_AGGREGATE => Some(
            "the aggregate is made anew: what it holds of rows that its source no longer has is lost, and its policies with it",
        ),
        MATERIALIZED_VIEW => Some("its rows are thrown away and computed anew"),
        _ => None,
    }
}

fn word(kind: &str) -> &'static str {
    if kind == VIEW {
        "VIEW"
    } else {
        "MATERIALIZED VIEW"
    }
}

fn drop(key: &Key, work: &Work<'_>, steps: &mut Steps) {
    let sql = format!("DROP {} {}", word(&key.kind), qualified(&key.name));
    let expected = work.expected.objects.contains_key(key);
    match loss(&key.kind) {
        Some(reason) if expected => steps.lose(Phase::DropView, key, sql, reason),
        None if expected => steps.add(Phase::DropView, key, sql),
        _ => {
            let held = if key.kind == VIEW {
                ""
            } else {
                "; what it holds is lost"
            };
            steps.lose(Phase::DropView, key, sql, &format!("{NOT_EXPECTED}{held}"));
        }
    }
}

fn make(key: &Key, object: &Object, again: bool, steps: &mut Steps) {
    let Some(text) = definition(Some(object)) else {
        return;
    };
    let name = qualified(&key.name);
    let sql = if key.kind == CONTINUOUS_AGGREGATE {
        let Some(aggregate) = typed::<ContinuousAggregate>(Some(object)) else {
            return;
        };
        format!(
            "CREATE MATERIALIZED VIEW {name} WITH (timescaledb.continuous, timescaledb.materialized_only = {}) AS {text} WITH NO DATA",
            aggregate.materialized_only
        )
    } else {
        let with = with(object);
        let data = if key.kind == VIEW { "" } else { " WITH DATA" };
        let columns = columns(object);
        format!(
            "CREATE {} {name}{columns}{with} AS {text}{data}",
            word(&key.kind)
        )
    };
    match loss(&key.kind).filter(|_| again) {
        Some(reason) => steps.lose(Phase::View, key, sql, reason),
        None => steps.add(Phase::View, key, sql),
    }
}

fn with(object: &Object) -> String {
    match typed::<View>(Some(object)) {
        Some(view) if !view.options.is_empty() => {
            format!(" WITH ({})", tables::options(&view.options))
        }
        _ => String::new(),
    }
}

fn columns(object: &Object) -> String {
    let view = typed::<View>(Some(object));
    let names: Vec<String> = view
        .map(|view| view.column_order)
        .unwrap_or_default()
        .iter()
        .map(|own| session::identifier(own))
        .collect();
    format!(" ({})", names.join(", "))
}

/// What can be changed in place.
fn alter(difference: &ObjectDifference, steps: &mut Steps) {
    let key = &difference.key;
    let Some(object) = &difference.expected else {
        return;
    };
    if key.kind == CONTINUOUS_AGGREGATE {
        if let Some(aggregate) = typed::<ContinuousAggregate>(Some(object)) {
            let sql = format!(
                "ALTER MATERIALIZED VIEW {} SET (timescaledb.materialized_only = {})",
                qualified(&key.name),
                aggregate.materialized_only
            );
            steps.add(Phase::View, key, sql);
        }
        return;
    }
    let (wanted, found) = (
        typed::<View>(Some(object)),
        typed::<View>(difference.actual.as_ref()),
    );
    if key.kind == MATERIALIZED_VIEW {
        let (Some(wanted), Some(found)) = (wanted, found) else {
            return;
        };
        let name = qualified(&key.name);
        let gone: Vec<&str> = found
            .options
            .keys()
            .filter(|one| !wanted.options.contains_key(*one))
            .map(String::as_str)
            .collect();
        if !gone.is_empty() {
            steps.add(
                Phase::View,
                key,
                format!("ALTER MATERIALIZED VIEW {name} RESET ({})", gone.join(", ")),
            );
        }
        if !wanted.options.is_empty() {
            let options = tables::options(&wanted.options);
            steps.add(
                Phase::View,
                key,
                format!("ALTER MATERIALIZED VIEW {name} SET ({options})"),
            );
        }
        return;
    }
    if let Some(text) = definition(Some(object)) {
        let name = qualified(&key.name);
        let (columns, with) = (columns(object), with(object));
        let sql = format!("CREATE OR REPLACE VIEW {name}{columns}{with} AS {text}");
        steps.add(Phase::View, key, sql);
    }
}

/// Indexes, triggers and rules of a view that comes again.
fn parts(view: &Key, work: &Work<'_>, steps: &mut Steps) {
    for (key, object) in &work.expected.objects {
        if !belongs_to(key, &view.name) {
            continue;
        }
        match key.kind.as_str() {
            // Those of an aggregate's own come with it.
            INDEX
                if view.kind == CONTINUOUS_AGGREGATE
                    && key.name.contains("._materialized_hypertable_") => {}
            INDEX => indexes::make(key, object, Phase::Trigger, steps),
            TRIGGER => triggers::make(key, object, steps),
            RULE => triggers::make_rule(key, object, steps),
            _ => {}
        }
    }
}
