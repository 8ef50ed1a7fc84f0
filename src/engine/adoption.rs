//! What taking over a database records: a history row and a ledger entry for each version it stands for.

use super::Identity;

/// Everything that an adoption writes, in one transaction.
#[derive(Debug, Clone)]
pub struct Adoption<'a> {
    /// By version.
    pub migrations: Vec<Adopted<'a>>,
    /// Of the schema that was proven to be there, for the newest entry.
    pub snapshot: &'a StoredSnapshot,
    /// Who made the database, in words.
    pub details: &'a str,
    /// RFC 3339, as refinery writes it.
    pub now: String,
    pub identity: &'a Identity,
}

/// One version that the database has already.
#[derive(Debug, Clone)]
pub struct Adopted<'a> {
    pub version: i32,
    pub name: &'a str,
    /// The script's text, which stands for what made the schema.
    pub text: &'a str,
    /// `sha256:v1:<hex>`.
    pub checksum: String,
    pub refinery_checksum: u64,
    /// Has refinery's history the row already?
    pub in_history: bool,
    /// Has the ledger an entry already?
    pub in_ledger: bool,
}

/// A schema as text, with its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSnapshot {
    pub text: String,
    /// `sha256:<hex>`.
    pub fingerprint: String,
}
