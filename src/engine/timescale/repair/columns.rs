//! What turns a column into the expected one where it is?

use super::{
    Work, sequences,
    steps::{column, default, own_name, qualified, schema_and_name},
};
use crate::{
    engine::timescale::{
        catalog::{
            columns::{Column, ColumnSequence},
            hypertables::HYPERTABLE,
            name,
            sequences::SEQUENCE,
        },
        session,
    },
    schema::{Key, plan::Step},
};

/// A column of a table that is being repaired.
pub struct At<'a> {
    pub key: &'a Key,
    pub name: &'a str,
    pub work: &'a Work<'a>,
}

impl At<'_> {
    /// A statement on it.
    pub fn alter(&self, what: &str) -> Step {
        let sql = format!(
            "ALTER TABLE {} ALTER COLUMN {} {what}",
            qualified(&self.key.name),
            session::identifier(self.name)
        );
        Step::alter(self.key, sql).altering(&self.column())
    }

    fn column(&self) -> Key {
        column(&self.key.name, self.name)
    }

    fn default(&self) -> Key {
        default(&self.key.name, self.name)
    }

    /// A statement on its sequence.
    fn sequence(&self, sql: String) -> Step {
        Step::alter(self.key, sql)
    }

    fn drop_default(&self) -> Step {
        let own = session::identifier(self.name);
        let sql = format!(
            "ALTER TABLE {} ALTER COLUMN {own} DROP DEFAULT",
            qualified(&self.key.name)
        );
        Step::about(self.key, sql).dropping(&self.default())
    }

    fn set_default(&self, text: &str) -> Step {
        let own = session::identifier(self.name);
        let table = qualified(&self.key.name);
        let sql = format!("ALTER TABLE {table} ALTER COLUMN {own} SET DEFAULT {text}");
        Step::about(self.key, sql)
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

/// The statements that add it.
pub fn add(at: &At<'_>, column: &Column) -> Vec<Step> {
    let mut steps = sequence_of(at, column);
    let sql = format!(
        "ALTER TABLE {} ADD COLUMN {}",
        qualified(&at.key.name),
        definition(at.name, column)
    );
    let mut step = Step::alter(at.key, sql)
        .creating(&at.column())
        .creating(&at.default());
    match (&column.identity, &column.sequence) {
        (None, Some(owned)) => step = step.needing(&own_name(&owned.name)),
        (Some(_), Some(owned)) => step = step.creating(&own_name(&owned.name)),
        _ => {}
    }
    let filled = column.nullable
        || column.default.is_some()
        || column.generated.is_some()
        || column.identity.is_some();
    if !filled {
        step = step.noting(
            "a table with rows refuses this, since nothing says what they get: add the column without NOT NULL, fill it, then SET NOT NULL",
        );
    }
    steps.push(step);
    steps
}

/// The statement that drops one whose values are computed.
pub fn drop(at: &At<'_>) -> Step {
    let own = session::identifier(at.name);
    let sql = format!("ALTER TABLE {} DROP COLUMN {own}", qualified(&at.key.name));
    Step::about(at.key, sql)
        .dropping(&at.column())
        .dropping(&at.default())
}

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

/// Can the column become the expected one without making its table anew?
pub fn is_alterable(expected: &Column, actual: &Column) -> bool {
    match (&expected.generated, &actual.generated) {
        (None, None) => true,
        (None, Some(actual)) => actual.stored,
        (Some(expected), Some(actual)) => expected == actual,
        (Some(_), None) => false,
    }
}

/// The statements that alter it.
pub fn repair(at: &At<'_>, expected: &Column, actual: &Column) -> Vec<Step> {
    let mut steps = Vec::new();
    if expected.generated.is_none() && actual.generated.is_some() {
        steps.push(at.alter("DROP EXPRESSION").dropping(&at.default()));
    }
    if expected.identity.is_none() && actual.identity.is_some() {
        let step = at.alter("DROP IDENTITY");
        steps.push(match &actual.sequence {
            Some(owned) => step.dropping(&own_name(&owned.name)),
            None => step,
        });
    }
    let retyped = expected.type_name != actual.type_name || expected.collation != actual.collation;
    let drops_default = actual.default.is_some() && (retyped || expected.default.is_none());
    if drops_default {
        let step = at.drop_default();
        steps.push(match &actual.sequence {
            Some(owned) => step.freeing(&own_name(&owned.name)),
            None => step,
        });
    }
    if retyped {
        steps.push(retype(at, expected, actual));
    }
    if expected.nullable != actual.nullable {
        // Identity and NOT NULL depend on each other, in both directions; a primary key needs it.
        let not_null = super::steps::not_null(&at.key.name, at.name);
        steps.push(match expected.nullable {
            true => at.alter("DROP NOT NULL").dropping(&not_null),
            false => at.alter("SET NOT NULL").creating(&not_null),
        });
    }
    steps.extend(sequence(at, expected, actual));
    if let Some(text) = &expected.default
        && (retyped || expected.default != actual.default)
    {
        let step = at.set_default(text);
        let step = match actual.default.is_some() && !drops_default {
            true => step.altering(&at.default()).needing(&at.column()),
            false => step.creating(&at.default()),
        };
        steps.push(match (&expected.identity, &expected.sequence) {
            (None, Some(owned)) => step.needing(&own_name(&owned.name)),
            _ => step,
        });
    }
    if expected.storage != actual.storage {
        let storage = match (&expected.storage, expected.type_name.as_str()) {
            (Some(storage), _) => storage,
            (None, name) if name.starts_with("numeric") => "main",
            (None, _) => "extended",
        };
        steps.push(at.alter(&format!("SET STORAGE {storage}")));
    }
    steps
}

/// A default in the way of what it calls.
pub fn default_around(at: &At<'_>, expected: Option<&Column>) -> Vec<Step> {
    let group = at.default();
    let again = expected.and_then(|column| column.default.as_ref());
    let again = again.map(|text| at.set_default(text).creating(&at.default()));
    let steps = [at.drop_default()].into_iter().chain(again);
    steps.map(|step| step.with(&group)).collect()
}

fn retype(at: &At<'_>, expected: &Column, actual: &Column) -> Step {
    let mut what = format!("TYPE {}", expected.type_name);
    if let Some(collation) = &expected.collation {
        what.push_str(&format!(" COLLATE {}", collation_name(collation)));
    }
    let own = session::identifier(at.name);
    what.push_str(&format!(" USING {own}::{}", expected.type_name));
    let mut step = at.alter(&what).disturbing(&at.column());
    if at.work.found(HYPERTABLE, &at.key.name).is_some() {
        step = step.noting(super::hypertables::if_compressed(&at.key.name));
    }
    if expected.type_name == actual.type_name || is_wider(&expected.type_name, &actual.type_name) {
        step
    } else {
        step.losing("values may be cut or rounded to the other type")
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

fn sequence(at: &At<'_>, expected: &Column, actual: &Column) -> Vec<Step> {
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

fn count(at: &At<'_>, expected: &Column, actual: &Column) -> Vec<Step> {
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
