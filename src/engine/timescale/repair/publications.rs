//! What makes a publication the expected one? Each of its tables comes and goes by a statement of its own,
//! because a table that is made again leaves its publications.

use super::{
    Work,
    steps::{qualified, typed},
    whole::Maker,
};
use crate::{
    engine::timescale::{
        catalog::{
            name,
            publications::{PUBLICATION, Publication, Published},
        },
        session,
    },
    schema::{Key, Object, ObjectDifference, plan::Step},
};

pub const MAKER: Maker = Maker {
    names: &[PUBLICATION],
    create,
    drop: |object, _| {
        let key = &object.key;
        let step = Step::drop(key, format!("DROP PUBLICATION {}", own(key)));
        let tables = typed::<Publication>(Some(object)).unwrap_or_default();
        let tables = tables.tables.into_keys();
        vec![tables.fold(step, |step, table| step.dropping(&published(key, &table)))]
    },
    alter,
    loss: Some("subscribers miss what happens in between, and must be refreshed"),
    movable: false,
};

/// That a publication has a table.
pub fn published(publication: &Key, table: &str) -> Key {
    Key::new("published", format!("{}.{table}", publication.name))
}

/// A table in a publication, in the way of what is done to the table.
pub fn around(node: &Key, work: &Work<'_>) -> Option<Vec<Step>> {
    if node.kind != published(node, "").kind {
        return None;
    }
    let all = work.actual.objects.iter();
    let (key, table) = all
        .filter(|(key, _)| key.kind == PUBLICATION)
        .filter_map(|(key, object)| Some((key, typed::<Publication>(Some(object))?)))
        .flat_map(|(key, one)| one.tables.into_keys().map(move |table| (key, table)))
        .find(|(key, table)| published(key, table) == *node)?;
    let wanted = typed::<Publication>(work.expected.objects.get(key)).unwrap_or_default();
    let again = wanted.tables.get(&table);
    let again = again.map(|one| add(key, &table, one));
    let steps = [leave(key, &table)].into_iter().chain(again);
    Some(steps.map(|step| step.with(node)).collect())
}

fn create(object: &Object, _: &Work<'_>) -> Vec<Step> {
    let key = &object.key;
    let Some(publication) = typed::<Publication>(Some(object)) else {
        return Vec::new();
    };
    let all = if publication.all_tables {
        " FOR ALL TABLES"
    } else {
        ""
    };
    let sql = format!(
        "CREATE PUBLICATION {}{all} WITH ({})",
        own(key),
        settings(&publication, &Publication::default())
    );
    let tables = publication.tables.iter();
    let tables = tables.map(|(table, one)| add(key, table, one).with(key));
    let schemas = publication.schemas.iter();
    let schemas = schemas.map(|schema| in_schema(key, "ADD", schema).with(key));
    [Step::create(key, sql)]
        .into_iter()
        .chain(tables)
        .chain(schemas)
        .collect()
}

fn alter(difference: &ObjectDifference, _: &Work<'_>) -> Option<Vec<Step>> {
    let key = &difference.key;
    let wanted = typed::<Publication>(difference.expected.as_ref())?;
    let found = typed::<Publication>(difference.actual.as_ref())?;
    if wanted.all_tables != found.all_tables {
        return None;
    }
    let asked = |start: String| {
        let mut paths = difference.paths.iter();
        paths.any(|one| start.starts_with(&one.path) || one.path.starts_with(&start))
    };
    let mut steps = Vec::new();
    for table in found.tables.keys() {
        if asked(format!("tables.{table}")) {
            steps.push(leave(key, table));
        }
    }
    for (table, one) in &wanted.tables {
        if asked(format!("tables.{table}")) {
            steps.push(add(key, table, one));
        }
    }
    let gone = found.schemas.difference(&wanted.schemas);
    steps.extend(gone.map(|schema| in_schema(key, "DROP", schema)));
    let come = wanted.schemas.difference(&found.schemas);
    steps.extend(come.map(|schema| in_schema(key, "ADD", schema)));
    let is_set = |one: &Publication| {
        (
            one.publish.clone(),
            one.via_partition_root,
            one.generated_columns.clone(),
        )
    };
    if is_set(&wanted) != is_set(&found) {
        let sql = format!(
            "ALTER PUBLICATION {} SET ({})",
            own(key),
            settings(&wanted, &found)
        );
        steps.push(Step::alter(key, sql));
    }
    Some(steps)
}

/// Tables that inherit are published by themselves, hence ONLY.
fn add(key: &Key, table: &str, one: &Published) -> Step {
    let columns = one.columns.as_ref().map(|columns| {
        let columns: Vec<String> = columns.iter().map(|own| session::identifier(own)).collect();
        format!(" ({})", columns.join(", "))
    });
    let rows = one.rows.as_ref().map(|rows| format!(" WHERE ({rows})"));
    let sql = format!(
        "ALTER PUBLICATION {} ADD TABLE ONLY {}{}{}",
        own(key),
        qualified(table),
        columns.unwrap_or_default(),
        rows.unwrap_or_default()
    );
    Step::about(key, sql).creating(&published(key, table))
}

fn leave(key: &Key, table: &str) -> Step {
    let (own, table_name) = (own(key), qualified(table));
    let sql = format!("ALTER PUBLICATION {own} DROP TABLE ONLY {table_name}");
    Step::about(key, sql).dropping(&published(key, table))
}

fn in_schema(key: &Key, verb: &str, schema: &str) -> Step {
    let (own, schema) = (own(key), session::identifier(schema));
    let sql = format!("ALTER PUBLICATION {own} {verb} TABLES IN SCHEMA {schema}");
    Step::alter(key, sql)
}

/// `other` tells whether the server knows a setting of newer versions that is absent here.
fn settings(one: &Publication, other: &Publication) -> String {
    let mut settings = format!(
        "publish = {}, publish_via_partition_root = {}",
        session::text(&one.publish),
        one.via_partition_root
    );
    if one.generated_columns.is_some() || other.generated_columns.is_some() {
        let generated = one.generated_columns.as_deref().unwrap_or("none");
        settings.push_str(&format!(", publish_generated_columns = {generated}"));
    }
    settings
}

fn own(key: &Key) -> String {
    session::identifier(&name::parts(&key.name).concat())
}
