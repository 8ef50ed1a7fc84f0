//! What settling a migration by hand records.

use super::{EntryState, Identity};

/// Everything that one resolution writes, in one transaction.
#[derive(Debug, Clone)]
pub struct Resolution<'a> {
    pub version: i32,
    pub name: &'a str,
    /// The script's text.
    pub text: &'a str,
    /// `sha256:v1:<hex>`.
    pub checksum: String,
    pub refinery_checksum: u64,
    pub statements_total: usize,
    /// How many are in the database; at most the total.
    pub statements_done: usize,
    pub state: EntryState,
    pub history: HistoryChange,
    /// The entry that is settled.
    pub continues: Option<i64>,
    /// What was declared, and why.
    pub details: &'a str,
    pub identity: &'a Identity,
}

/// What happens to the version's row in refinery's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryChange {
    Keep,
    Add,
    Remove,
    /// Its checksum becomes the file's.
    Checksum,
}
