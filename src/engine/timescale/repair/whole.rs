//! What repairs one object that is missing, not expected or changed, by its kind?

use super::{
    Work, hypertables, indexes, routines, sequences,
    steps::{NOT_EXPECTED, Phase, Steps, qualified},
    tables, triggers, types,
};
use crate::{
    engine::timescale::{
        catalog::{
            aggregates::AGGREGATE,
            constraints::CONSTRAINT,
            event_triggers::EVENT_TRIGGER,
            extensions::{EXTENSION, Extension},
            hypertables::HYPERTABLE,
            indexes::INDEX,
            name,
            routines::{FUNCTION, PROCEDURE},
            row_policies::ROW_POLICY,
            rules::RULE,
            schemas::SCHEMA,
            sequences::SEQUENCE,
            tables::{FOREIGN_TABLE, TABLE},
            triggers::TRIGGER,
            types::{COMPOSITE_TYPE, DOMAIN, ENUM, RANGE_TYPE},
        },
        session,
    },
    schema::{Change, ObjectDifference},
};

/// Adds what repairs it; views and aggregates come together later.
pub fn repair(difference: &ObjectDifference, work: &Work<'_>, steps: &mut Steps) {
    match difference.key.kind.as_str() {
        SCHEMA => schema(difference, steps),
        EXTENSION => extension(difference, steps),
        ENUM | DOMAIN | RANGE_TYPE | COMPOSITE_TYPE => types::repair(difference, work, steps),
        SEQUENCE => sequences::repair(difference, work, steps),
        TABLE => tables::repair(difference, steps),
        FOREIGN_TABLE => tables::repair_foreign(difference, steps),
        HYPERTABLE => hypertables::repair(difference, steps),
        INDEX => indexes::repair(difference, work, steps),
        CONSTRAINT => indexes::repair_constraint(difference, work, steps),
        FUNCTION | PROCEDURE => routines::repair(difference, work, steps),
        AGGREGATE => routines::repair_aggregate(difference, steps),
        TRIGGER => triggers::repair(difference, work, steps),
        RULE => triggers::repair_rule(difference, steps),
        ROW_POLICY => triggers::repair_policy(difference, steps),
        EVENT_TRIGGER => triggers::repair_event(difference, steps),
        _ => {}
    }
}

fn schema(difference: &ObjectDifference, steps: &mut Steps) {
    let key = &difference.key;
    let own = session::identifier(&name::parts(&key.name).concat());
    match difference.change() {
        Change::Missing => steps.add(Phase::Schema, key, format!("CREATE SCHEMA {own}")),
        Change::Unexpected => steps.lose(
            Phase::DropSchema,
            key,
            format!("DROP SCHEMA {own}"),
            NOT_EXPECTED,
        ),
        Change::Changed => {}
    }
}

/// One that is not expected stays: other objects, and other people, may need it.
fn extension(difference: &ObjectDifference, steps: &mut Steps) {
    let key = &difference.key;
    let own = session::identifier(&name::parts(&key.name).concat());
    let Some(extension) = super::steps::typed::<Extension>(difference.expected.as_ref()) else {
        return;
    };
    let schema = session::identifier(&extension.schema);
    match difference.change() {
        Change::Missing => steps.add(
            Phase::Extension,
            key,
            format!("CREATE EXTENSION {own} SCHEMA {schema}"),
        ),
        Change::Changed => steps.add(
            Phase::Extension,
            key,
            format!("ALTER EXTENSION {own} SET SCHEMA {schema}"),
        ),
        Change::Unexpected => {}
    }
}

/// Drops what is not expected, in that phase.
pub fn drop(difference: &ObjectDifference, phase: Phase, word: &str, steps: &mut Steps) {
    let sql = format!("DROP {word} {}", qualified(&difference.key.name));
    steps.lose(phase, &difference.key, sql, NOT_EXPECTED);
}
