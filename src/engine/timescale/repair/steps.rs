//! In which order do statements work, and how is an object named in one?

use crate::{
    engine::timescale::{catalog::name, session},
    schema::{Key, Object, Repair},
};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// When a statement runs; those of one phase in the order in which they were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Rename,
    DropTrigger,
    DropView,
    DropForeignKey,
    DropConstraint,
    DropIndex,
    Schema,
    Extension,
    Type,
    Sequence,
    EarlyRoutine,
    Table,
    Column,
    Partition,
    Rebuild,
    Hypertable,
    Routine,
    Index,
    Constraint,
    ForeignKey,
    View,
    Trigger,
    DropTable,
    DropRoutine,
    DropSequence,
    DropType,
    DropSchema,
    Keep,
}

/// Statements by phase.
#[derive(Debug, Default)]
pub struct Steps {
    steps: Vec<(Phase, Repair)>,
}

impl Steps {
    /// A statement that loses nothing. The same statement is not added twice.
    pub fn add(&mut self, phase: Phase, key: &Key, sql: String) {
        self.push(phase, key, sql, None);
    }

    /// A statement that loses something, and what.
    pub fn lose(&mut self, phase: Phase, key: &Key, sql: String, reason: &str) {
        self.push(phase, key, sql, Some(reason.to_owned()));
    }

    fn push(&mut self, phase: Phase, key: &Key, sql: String, destructive: Option<String>) {
        let known = |(other, step): &(Phase, Repair)| *other == phase && step.sql == sql;
        if !self.steps.iter().any(known) {
            let key = key.clone();
            self.steps.push((
                phase,
                Repair {
                    key,
                    sql,
                    destructive,
                    touches: BTreeSet::new(),
                    note: None,
                    commits: false,
                },
            ));
        }
    }

    /// All of them.
    pub fn in_order(mut self) -> Vec<Repair> {
        self.steps.sort_by_key(|(phase, _)| *phase);
        self.steps.into_iter().map(|(_, step)| step).collect()
    }
}

/// Why dropping what is not expected is destructive.
pub const NOT_EXPECTED: &str = "it is not expected, and what made it is not known";

/// The typed form of an object; none where a snapshot holds something else.
pub fn typed<T: DeserializeOwned>(object: Option<&Object>) -> Option<T> {
    serde_json::from_value(object?.value.clone()).ok()
}

/// The text of an object that a server rewrites in its own way.
pub fn definition(object: Option<&Object>) -> Option<String> {
    let text = object?.per_major.as_ref()?.get("definition")?;
    text.as_str().map(str::to_owned)
}

/// A name of a key as SQL, with its schema.
pub fn qualified(key_name: &str) -> String {
    let parts = name::parts(key_name);
    match parts.as_slice() {
        [own] => format!("public.{}", session::identifier(own)),
        [schema, own, ..] => format!(
            "{}.{}",
            session::identifier(schema),
            session::identifier(own)
        ),
        [] => String::new(),
    }
}

/// What belongs to a table: the table's name in keys, and its own name.
pub fn of_table(key_name: &str) -> Option<(String, String)> {
    let parts = name::parts(key_name);
    let (own, table) = parts.split_last()?;
    let table = match table {
        [table] => name::part(table),
        [schema, table] => name::qualified(schema, table),
        _ => return None,
    };
    Some((table, own.clone()))
}

/// `schema`, `name` of a key.
pub fn schema_and_name(key_name: &str) -> (String, String) {
    let mut parts = name::parts(key_name);
    let own = parts.pop().unwrap_or_default();
    let schema = parts.pop().unwrap_or_else(|| "public".to_owned());
    (schema, own)
}

/// Does this key belong to that table?
pub fn belongs_to(key: &Key, table: &str) -> bool {
    use crate::engine::timescale::catalog::{
        constraints::CONSTRAINT, indexes::INDEX, row_policies::ROW_POLICY, rules::RULE,
        triggers::TRIGGER,
    };
    [CONSTRAINT, INDEX, ROW_POLICY, RULE, TRIGGER].contains(&key.kind.as_str())
        && of_table(&key.name).is_some_and(|(of, _)| of == table)
}

/// How the server prints the name of a relation or a type when nothing is in its search path.
pub fn printed(key_name: &str) -> String {
    let (schema, own) = schema_and_name(key_name);
    format!("{}.{}", printed_part(&schema), printed_part(&own))
}

/// An identifier as `quote_ident` gives it, reserved words aside.
pub fn printed_part(identifier: &str) -> String {
    let plain = identifier
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !identifier.starts_with(|c: char| c.is_ascii_digit())
        && !identifier.is_empty();
    if plain {
        identifier.to_owned()
    } else {
        session::identifier(identifier)
    }
}
