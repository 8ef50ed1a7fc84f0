//! What is a check constraint?

use super::cells::Cells;
use crate::{
    engine::mysql::normal,
    schema::{Key, Object},
};
use anyhow::Result;
use mysql_async::Row;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The kind of these objects.
pub const KIND: &str = "check";

pub const QUERY: &str = "SELECT t.TABLE_NAME, \
     t.CONSTRAINT_NAME, \
     c.CHECK_CLAUSE, \
     t.ENFORCED \
     FROM information_schema.TABLE_CONSTRAINTS AS t \
     JOIN information_schema.CHECK_CONSTRAINTS AS c \
     ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA \
     AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME \
     WHERE t.CONSTRAINT_SCHEMA = DATABASE() \
     AND t.CONSTRAINT_TYPE = 'CHECK' \
     ORDER BY t.TABLE_NAME, t.CONSTRAINT_NAME";

/// A check constraint as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// With its parentheses.
    pub expression: String,
    pub enforced: bool,
}

/// Every check of the tables in `columns`, each as an object.
pub fn read(rows: Vec<Row>, columns: &BTreeMap<String, BTreeSet<String>>) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for row in rows {
        let mut cells = Cells::new(row);
        let (table, name, clause) = (cells.text()?, cells.text()?, cells.text()?);
        let Some(names) = columns.get(&table) else {
            continue;
        };
        let check = Check {
            expression: normal::expression(&clause, names),
            enforced: cells.yes()?,
        };
        let key = Key::new(KIND, format!("{table}.{name}"));
        objects.push(Object::new(key, serde_json::to_value(check)?));
    }
    Ok(objects)
}
