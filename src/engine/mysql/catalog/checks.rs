//! What is a check constraint?

use super::{
    answer,
    kind::{Draft, Kind},
};
use crate::engine::mysql::normal;
use anyhow::{Context, Result};
use mysql_async::Row;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kind of these objects.
pub const KIND: &str = "check";

/// Which constraint is a check, and of which table. Not joined with the clauses: at 5,000 tables
/// the server takes minutes for that.
const QUERY: &str = "SELECT t.TABLE_NAME, \
     t.CONSTRAINT_NAME, \
     t.ENFORCED \
     FROM information_schema.TABLE_CONSTRAINTS AS t \
     WHERE t.CONSTRAINT_SCHEMA = DATABASE() \
     AND t.CONSTRAINT_TYPE = 'CHECK' \
     ORDER BY t.TABLE_NAME, t.CONSTRAINT_NAME";

/// A check's name is the schema's own.
const CLAUSES: &str = "SELECT c.CONSTRAINT_NAME, \
     c.CHECK_CLAUSE \
     FROM information_schema.CHECK_CONSTRAINTS AS c \
     WHERE c.CONSTRAINT_SCHEMA = DATABASE() \
     ORDER BY c.CONSTRAINT_NAME";

pub const CHECKS: Kind = Kind {
    names: &[KIND],
    needs: &["SELECT"],
    queries: &[QUERY, CLAUSES],
    asks: None,
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Constraint {
    table_name: String,
    constraint_name: String,
    enforced: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Clause {
    constraint_name: String,
    check_clause: String,
}

/// A check constraint as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// With its parentheses.
    pub expression: String,
    pub enforced: bool,
}

fn read(rows: Vec<Vec<Row>>, draft: &mut Draft) -> Result<()> {
    let [constraints, clauses] = answer::of(rows)?;
    let clauses: BTreeMap<String, String> = answer::decode(clauses)?
        .into_iter()
        .map(|row: Clause| (row.constraint_name, row.check_clause))
        .collect();
    for row in answer::decode::<Constraint>(constraints)? {
        let Some(columns) = draft.columns.get(&row.table_name) else {
            continue;
        };
        let name = row.constraint_name;
        let clause = clauses
            .get(&name)
            .with_context(|| format!("the server does not tell what check {name} says"))?;
        let check = Check {
            expression: normal::expression(clause, columns),
            enforced: row.enforced,
        };
        draft.add(KIND, format!("{}.{name}", row.table_name), &check)?;
    }
    Ok(())
}
