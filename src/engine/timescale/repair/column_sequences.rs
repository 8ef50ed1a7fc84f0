//! What a column counts with: a sequence of its own or an identity, which goes on behind what is there.

use super::{
    columns::At,
    sequences,
    steps::{own_name, qualified, schema_and_name},
};
use crate::{
    engine::timescale::{
        catalog::{
            columns::{Column, ColumnSequence},
            sequences::SEQUENCE,
        },
        session,
    },
    schema::{Key, plan::Step},
};

/// The statements that create a column's sequence before it, and tie it to the column afterwards.
pub fn sequence_of(at: &At<'_>, column: &Column) -> Vec<Step> {
    let (None, Some(owned)) = (&column.identity, &column.sequence) else {
        return Vec::new();
    };
    let standing = Key::new(SEQUENCE, owned.name.clone());
    let name = qualified(&owned.name);
    let options = sequences::options(&owned.sequence);
    let first = match at.work.actual.objects.contains_key(&standing) {
        true => at
            .sequence(format!("ALTER SEQUENCE {name} {options}"))
            .altering(&standing),
        false => Step::about(at.key, format!("CREATE SEQUENCE {name} {options}"))
            .creating(&own_name(&owned.name)),
    };
    vec![first, own_sequence(at, owned)]
}

/// Ties a sequence to the column.
fn own_sequence(at: &At<'_>, owned: &ColumnSequence) -> Step {
    let sql = format!(
        "ALTER SEQUENCE {} OWNED BY {}.{}",
        qualified(&owned.name),
        qualified(&at.key.name),
        session::identifier(at.name)
    );
    at.sequence(sql)
        .needing(&at.column())
        .needing(&own_name(&owned.name))
}

/// Counts on behind what is there, and behind what the old sequence has given out.
fn count_on(at: &At<'_>, owned: &ColumnSequence, old: Option<&str>) -> Step {
    let ascending = owned.sequence.increment.unwrap_or(1) > 0;
    let (most, bound) = match ascending {
        true => ("max", format!(">= {}", owned.sequence.min.unwrap_or(1))),
        false => ("min", format!("<= {}", owned.sequence.max.unwrap_or(-1))),
    };
    let (table, own) = (qualified(&at.key.name), session::identifier(at.name));
    let old = old.map_or(String::new(), |old| {
        format!(" UNION ALL SELECT last_value FROM {old} WHERE is_called")
    });
    let sql = format!(
        "SELECT pg_catalog.setval({}, {most}(v)) FROM (SELECT {most}({own}) AS v FROM {table}{old}) AS given HAVING {most}(v) {bound}",
        session::text(&qualified(&owned.name))
    );
    at.sequence(sql)
        .needing(&own_name(&owned.name))
        .noting("so that no number is given out twice")
}

pub fn sequence(at: &At<'_>, expected: &Column, actual: &Column) -> Vec<Step> {
    match (&expected.identity, &actual.identity) {
        (Some(wanted), Some(found)) if wanted != found => {
            let what = format!("SET GENERATED {}", wanted.to_ascii_uppercase());
            let mut steps = vec![at.alter(&what)];
            steps.extend(count(at, expected, actual));
            steps
        }
        (Some(wanted), None) => identify(at, wanted, expected, actual),
        (None, Some(_)) => restore(at, expected),
        _ => count(at, expected, actual),
    }
}

/// An identity instead of a sequence of its own, whose count goes on.
fn identify(at: &At<'_>, identity: &str, expected: &Column, actual: &Column) -> Vec<Step> {
    let Some(owned) = &expected.sequence else {
        return Vec::new();
    };
    let what = format!("ADD GENERATED {}", generated_as(identity, owned));
    let add = at.alter(&what).creating(&own_name(&owned.name));
    let Some(old) = &actual.sequence else {
        return vec![add, count_on(at, owned, None)];
    };
    let (schema, own) = schema_and_name(&old.name);
    let aside = format!("{own}__before");
    let away = format!(
        "{}.{}",
        session::identifier(&schema),
        session::identifier(&aside)
    );
    let rename = format!(
        "ALTER SEQUENCE {} RENAME TO {}",
        qualified(&old.name),
        session::identifier(&aside)
    );
    vec![
        at.sequence(rename).dropping(&own_name(&old.name)),
        add,
        count_on(at, owned, Some(&away)),
        at.sequence(format!("DROP SEQUENCE {away}"))
            .needing(&own_name(&owned.name)),
    ]
}

pub fn count(at: &At<'_>, expected: &Column, actual: &Column) -> Vec<Step> {
    match (&expected.sequence, &actual.sequence) {
        (Some(wanted), Some(found)) => {
            let mut steps = Vec::new();
            if wanted.name != found.name {
                let (_, own) = schema_and_name(&wanted.name);
                let sql = format!(
                    "ALTER SEQUENCE {} RENAME TO {}",
                    qualified(&found.name),
                    session::identifier(&own)
                );
                let step = at.sequence(sql).creating(&own_name(&wanted.name));
                steps.push(step.dropping(&own_name(&found.name)));
            }
            if wanted.sequence != found.sequence {
                let options = sequences::options(&wanted.sequence);
                steps.push(at.sequence(format!(
                    "ALTER SEQUENCE {} {options}",
                    qualified(&wanted.name)
                )));
            }
            steps
        }
        (Some(_), None) => restore(at, expected),
        (None, Some(found)) => {
            let standing = Key::new(SEQUENCE, found.name.clone());
            if at.work.expected.objects.contains_key(&standing) {
                // It stays, and its owner goes: `sequences`.
                return Vec::new();
            }
            let sql = format!("DROP SEQUENCE {}", qualified(&found.name));
            let step = at.sequence(sql).dropping(&own_name(&found.name));
            vec![step.losing("the column counts with it, and is not expected to")]
        }
        (None, None) => Vec::new(),
    }
}

/// A sequence that is gone, or that the column no longer owns.
fn restore(at: &At<'_>, expected: &Column) -> Vec<Step> {
    let mut steps = sequence_of(at, expected);
    if let Some(owned) = &expected.sequence
        && !at
            .work
            .actual
            .objects
            .contains_key(&Key::new(SEQUENCE, owned.name.clone()))
    {
        steps.push(count_on(at, owned, None));
    }
    steps
}

pub fn generated_as(identity: &str, owned: &ColumnSequence) -> String {
    // The type of an identity's sequence is the column's and is not said.
    let options = sequences::options(&owned.sequence);
    let options = options
        .split_once(" INCREMENT")
        .map_or("", |(_, rest)| rest);
    format!(
        "{} AS IDENTITY (SEQUENCE NAME {} INCREMENT{options})",
        identity.to_ascii_uppercase(),
        qualified(&owned.name)
    )
}
