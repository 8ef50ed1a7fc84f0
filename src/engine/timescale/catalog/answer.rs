//! How does an answer become a typed row? The server makes each row a JSON object.

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use std::fmt;
use tokio_postgres::SimpleQueryRow;

/// The schema changed while it was read: a name was in the transaction's view, and the function that
/// prints its definition, which looks at the present, no longer found it.
#[derive(Debug)]
pub struct Moved;

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the schema changed while it was read")
    }
}

impl std::error::Error for Moved {}

/// The query whose rows are those of `sql`, each as one JSON object.
pub fn query(sql: &str) -> String {
    format!("SELECT pg_catalog.row_to_json(r) FROM ({sql}) AS r")
}

/// Rows of `query` as what they are.
///
/// # Errors
/// A row is not of that form, and says so.
pub fn decode<T: DeserializeOwned>(rows: &[SimpleQueryRow]) -> Result<Vec<T>> {
    rows.iter()
        .map(|row| {
            let text = row.try_get(0).ok().flatten().unwrap_or_default();
            serde_json::from_str(text)
                .with_context(|| format!("the catalog has a row of unknown form: {text}"))
        })
        .collect()
}

/// A definition that must be there.
///
/// # Errors
/// `Moved`.
pub fn present<T>(definition: Option<T>) -> Result<T> {
    definition.ok_or_else(|| Moved.into())
}
