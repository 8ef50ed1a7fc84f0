//! The secrets file: the JSON object that the deployment keeps in its secret store.

use crate::outcome::Failure;
use secrecy::SecretString;
use serde_json::Value;
use std::{io::Read, path::Path};

/// The passwords that we need of it.
#[derive(Clone, Default)]
pub struct Secrets {
    /// MySQL, user `sgmp`.
    pub rds: Option<SecretString>,
    /// TimescaleDB's superuser.
    pub tsdb_postgres: Option<SecretString>,
    /// TimescaleDB's application role `sgmp`.
    pub tsdb_sgmp: Option<SecretString>,
}

/// Reads the file, or standard input for `-`.
///
/// # Errors
/// Exit 2, never with a word of the contents.
pub fn read(name: &str, directory: &Path) -> Result<Secrets, Failure> {
    let wrong = |why: String| {
        Failure::usage(why).at(name, None).remedy(
            "--secrets-file takes one JSON object with the keys rds, tsdb_postgres and tsdb_sgmp",
        )
    };
    let text = if name == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(directory.join(name))
    };
    let text = text.map_err(|error| wrong(format!("the secrets cannot be read: {error}")))?;
    // serde_json's own message can quote what it found, so only its place is told.
    let json: Value = serde_json::from_str(&text).map_err(|error| {
        wrong(format!(
            "the secrets are not JSON (line {}, column {})",
            error.line(),
            error.column()
        ))
    })?;
    let Value::Object(object) = json else {
        return Err(wrong("the secrets are not one JSON object".to_owned()));
    };
    let password = |key: &str| match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(SecretString::from(text.as_str()))),
        Some(Value::Object(inner)) => match inner.get("password") {
            Some(Value::String(text)) => Ok(Some(SecretString::from(text.as_str()))),
            _ => Err(wrong(format!("{key} has no password"))),
        },
        Some(_) => Err(wrong(format!("{key} is not a string"))),
    };
    Ok(Secrets {
        rds: password("rds")?,
        tsdb_postgres: password("tsdb_postgres")?,
        tsdb_sgmp: password("tsdb_sgmp")?,
    })
}
