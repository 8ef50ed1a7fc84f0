//! What is a check constraint?

use super::cells::Cells;
use crate::{
    engine::mysql::normal,
    schema::{Key, Object},
};
use anyhow::{Context, Result};
use mysql_async::Row;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The kind of these objects.
pub const KIND: &str = "check";

/// Which constraint is a check, and of which table. Not joined with the clauses: at 5,000 tables
/// the server takes minutes for that.
pub const QUERY: &str = "SELECT t.TABLE_NAME, \
     t.CONSTRAINT_NAME, \
     t.ENFORCED \
     FROM information_schema.TABLE_CONSTRAINTS AS t \
     WHERE t.CONSTRAINT_SCHEMA = DATABASE() \
     AND t.CONSTRAINT_TYPE = 'CHECK' \
     ORDER BY t.TABLE_NAME, t.CONSTRAINT_NAME";

/// A check's name is the schema's own.
pub const CLAUSES: &str = "SELECT c.CONSTRAINT_NAME, \
     c.CHECK_CLAUSE \
     FROM information_schema.CHECK_CONSTRAINTS AS c \
     WHERE c.CONSTRAINT_SCHEMA = DATABASE() \
     ORDER BY c.CONSTRAINT_NAME";

/// A check constraint as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// With its parentheses.
    pub expression: String,
    pub enforced: bool,
}

/// Every check of the tables in `columns`, each as an object.
pub fn read(
    rows: Vec<Row>,
    clauses: Vec<Row>,
    columns: &BTreeMap<String, BTreeSet<String>>,
) -> Result<Vec<Object>> {
    let mut by_name = BTreeMap::new();
    for row in clauses {
        let mut cells = Cells::new(row);
        by_name.insert(cells.text()?, cells.text()?);
    }
    let mut objects = Vec::new();
    for row in rows {
        let mut cells = Cells::new(row);
        let (table, name) = (cells.text()?, cells.text()?);
        let Some(names) = columns.get(&table) else {
            continue;
        };
        let clause = by_name
            .get(&name)
            .with_context(|| format!("the server does not tell what check {name} says"))?;
        let check = Check {
            expression: normal::expression(clause, names),
            enforced: cells.yes()?,
        };
        let key = Key::new(KIND, format!("{table}.{name}"));
        objects.push(Object::new(key, serde_json::to_value(check)?));
    }
    Ok(objects)
}
