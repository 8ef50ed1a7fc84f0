//! A statement whose end nobody recorded, and what evidence says about it.

use crate::sql::Statement;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A statement whose end nobody recorded.
#[derive(Debug, Clone)]
pub struct Flight<'a> {
    /// The ledger entry of the run that sent it.
    pub entry: i64,
    /// As it was sent.
    pub statement: &'a Statement,
    /// `SET` statements of the file before it.
    pub settings: &'a [&'a str],
}

/// What evidence says about a statement in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the database: go on after it.
    Applied,
    /// It is not, or running it again changes nothing: run it again.
    NotApplied,
    /// Nothing tells; why.
    Unknown(String),
}

/// Lower-case hexadecimal SHA-256 of a statement as sent.
pub fn fingerprint(statement: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(statement.as_bytes()) {
        // Writing to a String cannot fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
    }
    hex
}
