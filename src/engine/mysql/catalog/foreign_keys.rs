//! What is a foreign key? InnoDB treats RESTRICT, NO ACTION and nothing alike, so they are nothing.

use super::{
    answer,
    kind::{Draft, Kind},
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kind of these objects.
pub const KIND: &str = "foreign_key";

/// The order of information_schema's own rows is not fixed since 8.0.19.
const QUERY: &str = "SELECT k.TABLE_NAME, \
     k.CONSTRAINT_NAME, \
     k.COLUMN_NAME, \
     NULLIF(k.REFERENCED_TABLE_SCHEMA, DATABASE()) AS OTHER_DATABASE, \
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

pub const FOREIGN_KEYS: Kind = Kind {
    names: &[KIND],
    needs: &["SELECT"],
    queries: &[QUERY],
    asks: None,
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Row {
    table_name: String,
    constraint_name: String,
    column_name: String,
    other_database: Option<String>,
    referenced_table_name: String,
    referenced_column_name: String,
    delete_rule: String,
    update_rule: String,
}

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

fn read(rows: Vec<Vec<mysql_async::Row>>, draft: &mut Draft) -> Result<()> {
    let [rows] = answer::of(rows)?;
    let mut keys: BTreeMap<String, ForeignKey> = BTreeMap::new();
    for row in answer::decode::<Row>(rows)? {
        if !draft.facts.tables.contains_key(&row.table_name) {
            continue;
        }
        let name = format!("{}.{}", row.table_name, row.constraint_name);
        let key = keys.entry(name).or_insert(ForeignKey {
            columns: Vec::new(),
            references_database: row.other_database,
            references: row.referenced_table_name,
            referenced_columns: Vec::new(),
            on_delete: action(&row.delete_rule),
            on_update: action(&row.update_rule),
        });
        key.columns.push(row.column_name);
        key.referenced_columns.push(row.referenced_column_name);
    }
    for (name, key) in keys {
        draft.add(KIND, name, &key)?;
    }
    Ok(())
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
