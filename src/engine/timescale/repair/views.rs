//! What makes views, materialised views and continuous aggregates the expected ones?

use super::{
    Work,
    dependencies::parts_of,
    indexes,
    steps::{column, definition, own_name, qualified, typed},
    tables, whole,
    whole::{Maker, drop_named, only_at},
};
use crate::{
    engine::timescale::{
        catalog::{
            continuous_aggregates::{CONTINUOUS_AGGREGATE, ContinuousAggregate},
            indexes::{INDEX, Index},
            rules::RULE,
            triggers::TRIGGER,
            views::{MATERIALIZED_VIEW, VIEW, View},
        },
        session,
    },
    schema::{Key, Object, ObjectDifference, plan::Step},
};
use std::collections::BTreeMap;

pub const VIEWS: Maker = Maker {
    names: &[VIEW],
    create,
    drop,
    alter: alter_view,
    loss: None,
    movable: true,
};

pub const MATERIALIZED_VIEWS: Maker = Maker {
    names: &[MATERIALIZED_VIEW],
    create,
    drop,
    alter: alter_materialized,
    loss: Some("its rows are thrown away and computed again"),
    movable: true,
};

pub const AGGREGATES: Maker = Maker {
    names: &[CONTINUOUS_AGGREGATE],
    create: create_aggregate,
    drop,
    alter: alter_aggregate,
    loss: Some(
        "the aggregate is created again: what it holds of rows that its source no longer has is lost, and its policies with it",
    ),
    movable: true,
};

fn word(kind: &str) -> &'static str {
    if kind == VIEW {
        "VIEW"
    } else {
        "MATERIALIZED VIEW"
    }
}

/// With its indexes, triggers and rules.
fn drop(object: &Object, work: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let step = drop_named(word(&key.kind), key).dropping(&own_name(&key.name));
    let parts = [INDEX, TRIGGER, RULE];
    let parts = parts
        .iter()
        .flat_map(|kind| parts_of(work.actual, kind, &key.name));
    let parts = parts.filter(|part| !indexes::drops_itself(&part.key, work));
    vec![parts.fold(step, |step, part| step.dropping(&part.key))]
}

fn create(object: &Object, work: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let Some(text) = definition(Some(object)) else {
        return Vec::new();
    };
    let name = qualified(&key.name);
    let (columns, with) = (columns(object), with(object));
    let data = if key.kind == VIEW { "" } else { " WITH DATA" };
    let sql = format!(
        "CREATE {} {name}{columns}{with} AS {text}{data}",
        word(&key.kind)
    );
    let mut step = created(object, sql);
    if key.kind == VIEW
        && let Some(view) = typed::<View>(Some(object))
    {
        // In a cycle, as pg_dump does it: the columns first, where they come from later.
        let nulls: Vec<String> = view
            .column_order
            .iter()
            .filter_map(|own| {
                Some(format!(
                    "NULL::{} AS {}",
                    view.columns.get(own)?,
                    session::identifier(own)
                ))
            })
            .collect();
        let stub = format!("CREATE VIEW {name} AS SELECT {}", nulls.join(", "));
        let whole = format!("CREATE OR REPLACE VIEW {name}{columns}{with} AS {text}");
        step = step.or_stub(stub, whole);
    }
    let mut steps = vec![step];
    let none = BTreeMap::new();
    let wanted = typed::<View>(Some(object)).map(|view| view.defaults);
    steps.extend(defaults(key, (&wanted.unwrap_or_default(), &none)).map(|step| step.with(key)));
    steps.extend(parts(object, work));
    steps
}

/// From the one set of defaults of columns to the other.
fn defaults<'d>(
    key: &'d Key,
    (wanted, found): (&'d BTreeMap<String, String>, &'d BTreeMap<String, String>),
) -> impl Iterator<Item = Step> + 'd {
    let alter = |own: &String, what: String| {
        let (view, own) = (qualified(&key.name), session::identifier(own));
        Step::alter(key, format!("ALTER VIEW {view} ALTER COLUMN {own} {what}"))
    };
    let set = wanted
        .iter()
        .filter(|(own, text)| found.get(*own) != Some(*text));
    let set = set.map(move |(own, text)| alter(own, format!("SET DEFAULT {text}")));
    let gone = found.keys().filter(|own| !wanted.contains_key(*own));
    set.chain(gone.map(move |own| alter(own, "DROP DEFAULT".to_owned())))
}

fn created(object: &Object, sql: String) -> Step {
    let key = &object.key;
    let step = Step::create(key, sql).creating(&own_name(&key.name));
    let columns = object
        .value
        .get("columns")
        .and_then(serde_json::Value::as_object);
    let columns = columns.into_iter().flat_map(serde_json::Map::keys);
    columns.fold(step, |step, own| step.creating(&column(&key.name, own)))
}

fn create_aggregate(object: &Object, work: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let (Some(text), Some(aggregate)) = (
        definition(Some(object)),
        typed::<ContinuousAggregate>(Some(object)),
    ) else {
        return Vec::new();
    };
    let (groups, made) = group_indexes(object, work);
    let without = if groups {
        ""
    } else {
        ", timescaledb.create_group_indexes = false"
    };
    let sql = format!(
        "CREATE MATERIALIZED VIEW {} WITH (timescaledb.continuous, timescaledb.materialized_only = {}{without}) AS {text} WITH NO DATA",
        qualified(&key.name),
        aggregate.materialized_only
    );
    let step = made.iter().fold(created(object, sql), |step, index| {
        step.creating(&index.key)
    });
    let mut steps = vec![step];
    if aggregate.columnstore == Some(true) {
        steps.push(set_aggregate(key, "compress", true).with(key));
    }
    steps.extend(
        parts(object, work)
            .into_iter()
            .filter(|part| !made.iter().any(|index| index.key == *part.key())),
    );
    steps
}

/// Does the server make all expected indexes of the groups by itself, and which does it make then? It makes
/// one for each column in GROUP BY beside the bucket, or none of them; the bucket's own it always makes.
fn group_indexes<'w>(object: &'w Object, work: &'w Work<'_>) -> (bool, Vec<&'w Object>) {
    let own: Vec<&Object> = parts_of_storage(work, &object.key.name);
    let keys = |index: &Object| typed::<Index>(Some(index)).map_or(0, |index| index.keys.len());
    let text = definition(Some(object)).unwrap_or_default();
    let groups = text.rsplit("GROUP BY").next().unwrap_or_default();
    let groups = indexes::split_commas(groups).len().saturating_sub(1);
    let of_groups = own.iter().filter(|index| keys(index) > 1).count();
    let all = groups > 0 && of_groups >= groups;
    let made = own.into_iter().filter(|index| all || keys(index) == 1);
    (all || groups == 0, made.collect())
}

fn parts_of_storage<'w>(work: &'w Work<'_>, aggregate: &'w str) -> Vec<&'w Object> {
    let indexes = parts_of(work.expected, INDEX, aggregate);
    indexes
        .filter(|index| indexes::is_of_storage(&index.key))
        .collect()
}

/// Indexes, triggers and rules of one that is created again, unless they are missing by themselves.
fn parts(object: &Object, work: &Work<'_>) -> Vec<Step> {
    let kinds = [INDEX, TRIGGER, RULE];
    let all = kinds
        .iter()
        .flat_map(|kind| parts_of(work.expected, kind, &object.key.name));
    let again = all.filter(|part| work.of(&part.key).is_none_or(|one| one.actual.is_some()));
    again
        .filter_map(|part| Some((whole::maker(&part.key.kind)?.create)(part, work)))
        .flatten()
        .collect()
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

/// CREATE OR REPLACE takes no column away and changes none.
fn alter_view(difference: &ObjectDifference, _: &Work<'_>) -> Option<Vec<Step>> {
    if difference
        .paths
        .iter()
        .any(|one| one.path.starts_with("column"))
    {
        return None;
    }
    let object = difference.expected.as_ref()?;
    let key = &difference.key;
    let (wanted, found) = (
        typed::<View>(Some(object))?,
        typed::<View>(difference.actual.as_ref())?,
    );
    let defaults = defaults(key, (&wanted.defaults, &found.defaults));
    if only_at(difference, &["defaults"]) {
        return Some(defaults.collect());
    }
    let sql = format!(
        "CREATE OR REPLACE VIEW {}{}{} AS {}",
        qualified(&difference.key.name),
        columns(object),
        with(object),
        definition(Some(object))?
    );
    let step = Step::alter(key, sql);
    Some([step].into_iter().chain(defaults).collect())
}

fn alter_materialized(difference: &ObjectDifference, _: &Work<'_>) -> Option<Vec<Step>> {
    if !only_at(difference, &["options"]) {
        return None;
    }
    let key = &difference.key;
    let wanted = typed::<View>(difference.expected.as_ref())?;
    let found = typed::<View>(difference.actual.as_ref())?;
    let name = qualified(&key.name);
    let gone = found
        .options
        .keys()
        .filter(|one| !wanted.options.contains_key(*one));
    let gone: Vec<&str> = gone.map(String::as_str).collect();
    let mut steps = Vec::new();
    if !gone.is_empty() {
        let sql = format!("ALTER MATERIALIZED VIEW {name} RESET ({})", gone.join(", "));
        steps.push(Step::alter(key, sql));
    }
    if !wanted.options.is_empty() {
        let options = tables::options(&wanted.options);
        steps.push(Step::alter(
            key,
            format!("ALTER MATERIALIZED VIEW {name} SET ({options})"),
        ));
    }
    Some(steps)
}

fn alter_aggregate(difference: &ObjectDifference, _: &Work<'_>) -> Option<Vec<Step>> {
    if !only_at(difference, &["materialized_only", "columnstore"]) {
        return None;
    }
    let key = &difference.key;
    let aggregate = typed::<ContinuousAggregate>(difference.expected.as_ref())?;
    let asked = |part: &str| difference.paths.iter().any(|one| one.path == part);
    let mut steps = Vec::new();
    if asked("materialized_only") {
        let value = aggregate.materialized_only;
        steps.push(set_aggregate(key, "materialized_only", value));
    }
    if let Some(value) = aggregate.columnstore.filter(|_| asked("columnstore")) {
        steps.push(set_aggregate(key, "compress", value));
    }
    Some(steps)
}

fn set_aggregate(key: &Key, setting: &str, value: bool) -> Step {
    let sql = format!(
        "ALTER MATERIALIZED VIEW {} SET (timescaledb.{setting} = {value})",
        qualified(&key.name)
    );
    Step::alter(key, sql)
}
