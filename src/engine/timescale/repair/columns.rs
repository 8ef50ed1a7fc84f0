//! What turns a column into the expected one where it stands?

use super::{
    sequences,
    steps::{Phase, Steps, qualified, schema_and_name},
};
use crate::{
    engine::timescale::{
        catalog::{
            columns::{Column, ColumnSequence},
            name,
        },
        session,
    },
    schema::Key,
};

/// A column of a table that is being repaired.
pub struct At<'a> {
    pub key: &'a Key,
    pub name: &'a str,
}

impl At<'_> {
    fn alter(&self, what: &str) -> String {
        format!(
            "ALTER TABLE {} ALTER COLUMN {} {what}",
            qualified(&self.key.name),
            session::identifier(self.name)
        )
    }
}

/// A column as CREATE TABLE and ADD COLUMN take it.
pub fn definition(own: &str, column: &Column) -> String {
    let mut sql = format!("{} {}", session::identifier(own), column.type_name);
    if let Some(collation) = &column.collation {
        sql.push_str(&format!(" COLLATE {}", collation_name(collation)));
    }
    if let Some(generated) = &column.generated {
        let kept = if generated.stored {
            "STORED"
        } else {
            "VIRTUAL"
        };
        sql.push_str(&format!(
            " GENERATED ALWAYS AS ({}) {kept}",
            generated.expression
        ));
    }
    if let (Some(identity), Some(sequence)) = (&column.identity, &column.sequence) {
        sql.push_str(&format!(" GENERATED {}", generated_as(identity, sequence)));
    }
    if let Some(default) = &column.default {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    if !column.nullable {
        sql.push_str(" NOT NULL");
    }
    sql
}

/// The sequence that a default calls must be there first.
pub fn sequence_before(at: &At<'_>, column: &Column, steps: &mut Steps) {
    if let (None, Some(owned)) = (&column.identity, &column.sequence) {
        let sql = format!(
            "CREATE SEQUENCE {} {}",
            qualified(&owned.name),
            sequences::options(&owned.sequence)
        );
        steps.add(Phase::Sequence, at.key, sql);
        own_sequence(at, owned, steps);
    }
}

/// Ties a sequence to the column.
pub fn own_sequence(at: &At<'_>, owned: &ColumnSequence, steps: &mut Steps) {
    let sql = format!(
        "ALTER SEQUENCE {} OWNED BY {}.{}",
        qualified(&owned.name),
        qualified(&at.key.name),
        session::identifier(at.name)
    );
    steps.add(Phase::Partition, at.key, sql);
}

/// Can the column become the expected one without making its table anew?
pub fn is_alterable(expected: &Column, actual: &Column) -> bool {
    match (&expected.generated, &actual.generated) {
        (None, None) => true,
        (None, Some(actual)) => actual.stored,
        (Some(expected), Some(actual)) => expected == actual,
        (Some(_), None) => false,
    }
}

/// Adds what alters it.
pub fn repair(at: &At<'_>, expected: &Column, actual: &Column, steps: &mut Steps) {
    if expected.generated.is_none() && actual.generated.is_some() {
        steps.add(Phase::Column, at.key, at.alter("DROP EXPRESSION"));
    }
    if expected.identity.is_none() && actual.identity.is_some() {
        steps.add(Phase::Column, at.key, at.alter("DROP IDENTITY"));
    }
    let retyped = expected.type_name != actual.type_name || expected.collation != actual.collation;
    if actual.default.is_some() && (retyped || expected.default.is_none()) {
        steps.add(Phase::Column, at.key, at.alter("DROP DEFAULT"));
    }
    if retyped {
        retype(at, expected, actual, steps);
    }
    if expected.nullable != actual.nullable {
        let what = if expected.nullable {
            "DROP NOT NULL"
        } else {
            "SET NOT NULL"
        };
        // Identity and NOT NULL depend on each other, in both directions.
        steps.add(Phase::Column, at.key, at.alter(what));
    }
    sequence(at, expected, actual, steps);
    if let Some(default) = &expected.default
        && (retyped || expected.default != actual.default)
    {
        let sql = at.alter(&format!("SET DEFAULT {default}"));
        steps.add(Phase::Column, at.key, sql);
    }
    if expected.storage != actual.storage {
        let storage = match (&expected.storage, expected.type_name.as_str()) {
            (Some(storage), _) => storage,
            (None, name) if name.starts_with("numeric") => "main",
            (None, _) => "extended",
        };
        steps.add(
            Phase::Column,
            at.key,
            at.alter(&format!("SET STORAGE {storage}")),
        );
    }
}

fn retype(at: &At<'_>, expected: &Column, actual: &Column, steps: &mut Steps) {
    let mut what = format!("TYPE {}", expected.type_name);
    let collation = expected.collation.as_deref();
    if let Some(collation) = collation {
        what.push_str(&format!(" COLLATE {}", collation_name(collation)));
    }
    let column = session::identifier(at.name);
    what.push_str(&format!(" USING {column}::{}", expected.type_name));
    let sql = at.alter(&what);
    if expected.type_name == actual.type_name || is_wider(&expected.type_name, &actual.type_name) {
        steps.add(Phase::Column, at.key, sql);
    } else {
        let reason = "values may be cut or rounded to the other type";
        steps.lose(Phase::Column, at.key, sql, reason);
    }
}

/// Does every value of the actual type stay as it is in the expected one?
fn is_wider(expected: &str, actual: &str) -> bool {
    let limit = |text: &str| -> Option<u32> {
        let digits = text.strip_prefix("character varying(")?.strip_suffix(')')?;
        digits.parse().ok()
    };
    let numbers = ["smallint", "integer", "bigint", "numeric"];
    let rank = |text: &str| numbers.iter().position(|name| *name == text);
    match (limit(expected), limit(actual)) {
        (Some(wanted), Some(found)) => wanted >= found,
        (None, Some(_)) => expected == "text" || expected == "character varying",
        _ if actual == "character varying" => expected == "text",
        _ if actual == "text" => expected == "character varying",
        _ => rank(expected)
            .zip(rank(actual))
            .is_some_and(|(wanted, found)| wanted >= found),
    }
}

fn sequence(at: &At<'_>, expected: &Column, actual: &Column, steps: &mut Steps) {
    match (&expected.identity, &actual.identity) {
        (Some(wanted), Some(found)) if wanted != found => {
            let what = format!("SET GENERATED {}", wanted.to_ascii_uppercase());
            steps.add(Phase::Column, at.key, at.alter(&what));
        }
        (Some(wanted), None) => {
            if let Some(owned) = &expected.sequence {
                let what = format!("ADD GENERATED {}", generated_as(wanted, owned));
                steps.add(Phase::Column, at.key, at.alter(&what));
            }
            return;
        }
        (None, Some(_)) => return restore(at, expected, steps),
        _ => {}
    }
    match (&expected.sequence, &actual.sequence) {
        (Some(wanted), Some(found)) => {
            if wanted.name != found.name {
                let (_, own) = schema_and_name(&wanted.name);
                let sql = format!(
                    "ALTER SEQUENCE {} RENAME TO {}",
                    qualified(&found.name),
                    session::identifier(&own)
                );
                steps.add(Phase::Rename, at.key, sql);
            }
            if wanted.sequence != found.sequence {
                let options = sequences::options(&wanted.sequence);
                let sql = format!("ALTER SEQUENCE {} {options}", qualified(&wanted.name));
                steps.add(Phase::Column, at.key, sql);
            }
        }
        (Some(_), None) => restore(at, expected, steps),
        (None, Some(found)) => {
            let sql = format!("DROP SEQUENCE {}", qualified(&found.name));
            let reason = "the column counts with it, and is not expected to";
            steps.lose(Phase::DropSequence, at.key, sql, reason);
        }
        (None, None) => {}
    }
}

/// A sequence that is gone, or that the column no longer owns.
fn restore(at: &At<'_>, expected: &Column, steps: &mut Steps) {
    if let Some(owned) = &expected.sequence {
        let sql = format!(
            "CREATE SEQUENCE IF NOT EXISTS {} {}",
            qualified(&owned.name),
            sequences::options(&owned.sequence)
        );
        steps.add(Phase::Column, at.key, sql);
        own_sequence(at, owned, steps);
    }
}

fn generated_as(identity: &str, owned: &ColumnSequence) -> String {
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

/// A collation of a key as SQL; the system's schema goes without saying in keys.
pub fn collation_name(collation: &str) -> String {
    match name::parts(collation).as_slice() {
        [own] => format!("pg_catalog.{}", session::identifier(own)),
        parts => parts
            .iter()
            .map(|part| session::identifier(part))
            .collect::<Vec<_>>()
            .join("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_type_that_keeps_every_value_is_wider() {
        assert!(is_wider("character varying(20)", "character varying(10)"));
        assert!(is_wider("text", "character varying(10)") && is_wider("bigint", "integer"));
        assert!(!is_wider("character varying(10)", "text") && !is_wider("integer", "bigint"));
        assert!(!is_wider("date", "timestamp with time zone"));
    }
}
