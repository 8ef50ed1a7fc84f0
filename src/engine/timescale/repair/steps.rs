//! How is an object named in a statement, and which parts of one have dependencies of their own?

use crate::{
    engine::timescale::{
        catalog::{dependencies::COLUMN, name},
        session,
    },
    schema::{Key, Object},
};
use serde::de::DeserializeOwned;

/// Why dropping what is not expected is destructive.
pub const NOT_EXPECTED: &str = "it is not expected, and what made it is not known";

/// A column as what views, triggers and policies depend on: `table.column`.
pub fn column(table: &str, own: &str) -> Key {
    Key::new(COLUMN, format!("{table}.{}", name::part(own)))
}

/// What computes a column's value, by default or always: it may depend on functions and types.
pub fn default(table: &str, own: &str) -> Key {
    Key::new("default", format!("{table}.{}", name::part(own)))
}

/// Kind of what `not_null` names.
pub const NOT_NULL: &str = "not null";

/// That a column is not null.
pub fn not_null(table: &str, own: &str) -> Key {
    Key::new(NOT_NULL, format!("{table}.{}", name::part(own)))
}

/// A check of a domain.
pub fn check(domain: &str, own: &str) -> Key {
    Key::new("check", format!("{domain}.{}", name::part(own)))
}

/// A name that relations of every kind and indexes share in a schema.
pub fn shared_name(schema: &str, own: &str) -> Key {
    Key::new("name", name::qualified(schema, own))
}

/// The name that a relation takes in its schema.
pub fn own_name(key_name: &str) -> Key {
    let (schema, own) = schema_and_name(key_name);
    shared_name(&schema, &own)
}

/// The name that an index, or the index behind a constraint, takes in its table's schema.
pub fn index_name(key_name: &str) -> Option<Key> {
    let (table, own) = of_table(key_name)?;
    Some(shared_name(&schema_and_name(&table).0, &own))
}

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
    is_part(key) && of_table(&key.name).is_some_and(|(of, _)| of == table)
}

/// Is it of a kind that belongs to a table or a view?
pub fn is_part(key: &Key) -> bool {
    use crate::engine::timescale::catalog::{
        constraints::CONSTRAINT, indexes::INDEX, row_policies::ROW_POLICY, rules::RULE,
        statistics::STATISTICS, triggers::TRIGGER,
    };
    [CONSTRAINT, INDEX, ROW_POLICY, RULE, STATISTICS, TRIGGER].contains(&key.kind.as_str())
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

/// Words of a text, quoted ones without their quotes.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text.split('"').enumerate().flat_map(move |(place, piece)| {
        // Between two quotes stands one identifier; a doubled quote in one is rare enough.
        let (quoted, plain) = match place % 2 {
            1 => (Some(piece), ""),
            _ => (None, piece),
        };
        let plain = plain
            .split(move |c| !inside(c))
            .filter(|word| !word.is_empty());
        quoted.into_iter().chain(plain)
    })
}
