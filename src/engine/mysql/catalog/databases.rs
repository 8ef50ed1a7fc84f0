//! What do tables inherit from the database they stand in?
//!
//! The default collation is one object. A table records its collation only where it is not the
//! database's, a column only where it is not its table's, and a parameter only where it is not the
//! database's: the same migrations on a server with another default differ here and nowhere else.
//! A collation implies its character set, so the set is not told again.

use super::{answer, kind::Kind};
use crate::engine::mysql::normal;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The kind of these objects.
pub const KIND: &str = "database";

/// The one object: not the database's name, which differs between installs of one schema.
pub const NAME: &str = "defaults";

pub const QUERY: &str = "SELECT VERSION() AS VERSION, \
     s.SCHEMA_NAME, \
     s.DEFAULT_COLLATION_NAME, \
     s.DEFAULT_ENCRYPTION \
     FROM information_schema.SCHEMATA AS s \
     WHERE s.SCHEMA_NAME = DATABASE()";

/// The row is among the facts that every kind rests on.
pub const DATABASES: Kind = Kind {
    names: &[KIND],
    needs: &[],
    queries: &[],
    asks: None,
    read: |_, draft| {
        let defaults = draft.facts.database.defaults.clone();
        draft.add(KIND, NAME.to_owned(), &defaults).map(drop)
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Row {
    version: String,
    schema_name: String,
    default_collation_name: String,
    default_encryption: bool,
}

/// What everything else in the schema rests on.
#[derive(Debug, Clone)]
pub struct Database {
    /// `8.4`, `9.7`.
    pub server_major: String,
    pub name: String,
    pub defaults: Defaults,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Defaults {
    pub collation: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub encryption: bool,
}

/// The database of this session.
pub fn understand(rows: Vec<mysql_async::Row>) -> Result<Database> {
    let row = answer::decode::<Row>(rows)?.into_iter().next();
    let row = row.context("the login does not see its own database")?;
    Ok(Database {
        server_major: major(&row.version),
        name: row.schema_name,
        defaults: Defaults {
            collation: normal::collation(&row.default_collation_name),
            encryption: row.default_encryption,
        },
    })
}

impl Database {
    /// A collation where it is not the database's.
    pub fn deviating(&self, collation: Option<String>) -> Option<String> {
        collation
            .map(|raw| normal::collation(&raw))
            .filter(|collation| *collation != self.defaults.collation)
    }
}

fn major(version: &str) -> String {
    let mut parts = version.split('.');
    let (first, second) = (parts.next(), parts.next());
    format!("{}.{}", first.unwrap_or_default(), second.unwrap_or("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_major_version_of_two_numbers() {
        assert_eq!(major("8.0.36-28.1"), "8.0");
        assert_eq!(major("9.7.4-2"), "9.7");
    }
}
