//! What is a foreign key? InnoDB treats RESTRICT, NO ACTION and nothing alike, so they are nothing.

use super::cells::Cells;
use crate::schema::{Key, Object};
use anyhow::Result;
use mysql_async::Row;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kind of these objects.
pub const KIND: &str = "foreign_key";

/// The order of information_schema's own rows is not fixed since 8.0.19.
pub const QUERY: &str = "SELECT k.TABLE_NAME, \
     k.CONSTRAINT_NAME, \
     k.COLUMN_NAME, \
     NULLIF(k.REFERENCED_TABLE_SCHEMA, DATABASE()), \
     k.REFERENCED_TABLE_NAME, \
     k.REFERENCED_COLUMN_NAME, \
     r.DELETE_RULE, \
     r.UPDATE_RULE \
     FROM information_schema.KEY_COLUMN_USAGE AS k \
     JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r \
     ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA \
     AND r.TABLE_NAME = k.TABLE_NAME \
     AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME \
     WHERE k.TABLE_SCHEMA = DATABASE() \
     AND k.REFERENCED_TABLE_NAME IS NOT NULL \
     ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION";

/// A foreign key as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    pub columns: Vec<String>,
    /// Another database, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references_database: Option<String>,
    pub references: String,
    pub referenced_columns: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_delete: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_update: Option<String>,
}

/// Every foreign key of the tables that `known` knows, each as an object.
pub fn read(rows: Vec<Row>, known: impl Fn(&str) -> bool) -> Result<Vec<Object>> {
    let mut keys: BTreeMap<(String, String), ForeignKey> = BTreeMap::new();
    for row in rows {
        let mut cells = Cells::new(row);
        let (table, name, column) = (cells.text()?, cells.text()?, cells.text()?);
        if !known(&table) {
            continue;
        }
        let (database, references) = (cells.maybe()?, cells.text()?);
        let referenced = cells.text()?;
        let (on_delete, on_update) = (action(&cells.text()?), action(&cells.text()?));
        let key = keys.entry((table, name)).or_insert(ForeignKey {
            columns: Vec::new(),
            references_database: database,
            references,
            referenced_columns: Vec::new(),
            on_delete,
            on_update,
        });
        key.columns.push(column);
        key.referenced_columns.push(referenced);
    }
    keys.into_iter()
        .map(|((table, name), key)| {
            let id = Key::new(KIND, format!("{table}.{name}"));
            Ok(Object::new(id, serde_json::to_value(key)?))
        })
        .collect()
}

fn action(rule: &str) -> Option<String> {
    (!["RESTRICT", "NO ACTION"].contains(&rule)).then(|| rule.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restrict_and_no_action_are_what_nothing_is() {
        assert_eq!(action("RESTRICT"), None);
        assert_eq!(action("NO ACTION"), None);
        assert_eq!(action("SET NULL").as_deref(), Some("SET NULL"));
    }
}
