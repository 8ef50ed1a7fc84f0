//! What makes extended statistics the expected ones? They hold nothing that ANALYZE does not gather again.

use super::{
    Work,
    dependencies::parts_of,
    indexes,
    steps::{of_table, qualified, schema_and_name, typed},
    whole::{Maker, only_at},
};
use crate::{
    engine::timescale::{
        catalog::statistics::{STATISTICS, Statistics},
        session,
    },
    schema::{Key, Object, plan::Step},
};

pub const MAKER: Maker = Maker {
    names: &[STATISTICS],
    create,
    drop: |object, work| {
        if indexes::goes_with_its_table(work, &object.key) {
            return Vec::new();
        }
        let name = name(object).unwrap_or_default();
        let step = Step::drop(&object.key, format!("DROP STATISTICS {name}"));
        vec![step.dropping(&own_name(&name))]
    },
    alter: |difference, _| {
        let object = difference.expected.as_ref()?;
        only_at(difference, &["target"]).then(|| target(object).into_iter().collect())
    },
    loss: None,
    movable: true,
};

fn create(object: &Object, _: &Work<'_>) -> Vec<Step> {
    let (Some(statistics), Some(name), Some((table, _))) = (
        typed::<Statistics>(Some(object)),
        name(object),
        of_table(&object.key.name),
    ) else {
        return Vec::new();
    };
    let kinds = statistics.kinds.map(|kinds| format!(" ({kinds})"));
    let sql = format!(
        "CREATE STATISTICS {name}{} ON {} FROM {}",
        kinds.unwrap_or_default(),
        statistics.of,
        qualified(&table)
    );
    let target = statistics.target.and_then(|_| target(object));
    let target = target.map(|step| step.with(&object.key));
    let step = Step::create(&object.key, sql).creating(&own_name(&name));
    [step].into_iter().chain(target).collect()
}

fn target(object: &Object) -> Option<Step> {
    let target = typed::<Statistics>(Some(object))?.target.unwrap_or(-1);
    let sql = format!("ALTER STATISTICS {} SET STATISTICS {target}", name(object)?);
    Some(Step::alter(&object.key, sql))
}

/// The names that a table's statistics have.
pub fn names<'w>(table: &'w str, work: &'w Work<'_>) -> impl Iterator<Item = Key> {
    let own = parts_of(work.actual, STATISTICS, table);
    own.filter_map(name).map(|name| own_name(&name))
}

/// Statistics share their names in a schema, whichever tables they are of.
fn own_name(name: &str) -> Key {
    Key::new("statistics name", name)
}

/// With its own schema, which need not be its table's.
fn name(object: &Object) -> Option<String> {
    let statistics = typed::<Statistics>(Some(object))?;
    let (table, _) = of_table(&object.key.name)?;
    let schema = statistics
        .schema
        .unwrap_or_else(|| schema_and_name(&table).0);
    Some(format!(
        "{}.{}",
        session::identifier(&schema),
        session::identifier(&statistics.name)
    ))
}
