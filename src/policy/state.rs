//! What a server has, as values.

use super::Interval;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A table with its schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName {
    pub schema: String,
    pub name: String,
}

impl TableName {
    /// `name` of schema public, or `schema.name`.
    pub fn parse(text: &str) -> TableName {
        let (schema, name) = text.split_once('.').unwrap_or(("public", text));
        TableName {
            schema: schema.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema != "public" {
            write!(f, "{}.", self.schema)?;
        }
        f.write_str(&self.name)
    }
}

/// A retention policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionJob {
    pub id: i64,
    /// None where the time column is a number, or the policy goes by creation time.
    pub drop_after: Option<Interval>,
    /// Not paused.
    pub scheduled: bool,
}

/// Everything that is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyState {
    /// Can policies exist here? Not under the Apache licence.
    pub can_have_policies: bool,
    pub hypertables: BTreeSet<TableName>,
    pub retention: BTreeMap<TableName, RetentionJob>,
    /// Chunks that lie wholly before the retention, by table; asked only where no policy can exist.
    pub overdue: BTreeMap<TableName, i64>,
}
