//! What do all kinds rest on? The database with its defaults, what the login may see, and which
//! relations are tables.

use super::{
    databases::{self, Database},
    grants::{self, Sight},
    tables::{self, Bare},
};
use anyhow::Result;
use mysql_async::Row;
use std::collections::BTreeMap;

/// Asked before the queries of the kinds, in the same packet and snapshot.
pub const QUERIES: [&str; 3] = [databases::QUERY, grants::PRINTED, tables::QUERY];

/// Known before any kind is read.
pub struct Facts {
    pub database: Database,
    pub sight: Sight,
    /// Without the tables that hold a record of migrations.
    pub tables: BTreeMap<String, Bare>,
}

impl Facts {
    /// From the rows of `QUERIES`.
    pub fn read([database, printed, tables]: [Vec<Row>; 3]) -> Result<Facts> {
        let database = databases::understand(database)?;
        Ok(Facts {
            sight: Sight::new(&printed, &database.name),
            tables: tables::bare(tables)?,
            database,
        })
    }
}
