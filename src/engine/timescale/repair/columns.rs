//! What turns a column into the expected one where it is?

use super::{
    Work,
    column_sequences::{generated_as, sequence, sequence_of},
    steps::{column, default, own_name, qualified},
};
use crate::{
    engine::timescale::{
        catalog::{columns::Column, hypertables::HYPERTABLE, name},
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

    pub fn column(&self) -> Key {
        column(&self.key.name, self.name)
    }

    pub fn default(&self) -> Key {
        default(&self.key.name, self.name)
    }

    /// A statement on its sequence.
    pub fn sequence(&self, sql: String) -> Step {
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
    if let Some(compression) = &column.compression {
        sql.push_str(&format!(" COMPRESSION {compression}"));
    }
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
    if expected.compression != actual.compression {
        let compression = expected.compression.as_deref().unwrap_or("DEFAULT");
        steps.push(at.alter(&format!("SET COMPRESSION {compression}")));
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
