//! What one look at a database tells, before anything is decided.

use super::Record;
use crate::outcome::{Failure, Finding, ServerReport};

/// The answer to one look. Nothing was written to get it.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    pub server: ServerReport,
    pub database_exists: bool,
    /// Why this server takes no writes: a standby, a read-only setting.
    pub read_only: Option<String>,
    /// Who holds the lock right now.
    pub busy: Option<String>,
    pub record: Record,
    /// What stands in the schema that neither the record nor the extension accounts for.
    pub foreign: Vec<ForeignObject>,
    /// What would keep a migration from running: privileges, extension, settings.
    pub obstacles: Vec<Failure>,
    /// What would keep a migration from running that needs the database's extension.
    pub without_extension: Vec<Failure>,
    /// What a migration does without, and what that costs when it is cut short.
    pub cautions: Vec<Finding>,
    /// What the server takes of one statement, where it is known.
    pub statement_limit: Option<StatementLimit>,
}

/// A server's limit for one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementLimit {
    /// The setting's name, or the server's for what cannot be set.
    pub name: &'static str,
    /// The most bytes of a statement.
    pub bytes: usize,
    pub remedy: &'static str,
}

/// A table or view found in a database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignObject {
    pub kind: &'static str,
    pub name: String,
}
