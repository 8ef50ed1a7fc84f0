//! A setting's text with where it came from, and its reading as a number, a duration, a switch.

use crate::outcome::Failure;
use std::{collections::BTreeMap, fmt, time::Duration};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Flag(String),
    Variable(String),
    File {
        file: String,
        line: Option<usize>,
        key: String,
    },
}

impl Origin {
    /// Which place wins over which: the greater number.
    pub fn strength(&self) -> u8 {
        match self {
            Origin::File { .. } => 0,
            Origin::Variable(_) => 1,
            Origin::Flag(_) => 2,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(flag) => write!(f, "--{flag}"),
            Origin::Variable(name) => write!(f, "the variable {name}"),
            Origin::File { key, .. } => write!(f, "{key}"),
        }
    }
}

/// A value as written. May be a password, so it has no `Debug`.
#[derive(Clone)]
pub struct Value {
    pub text: String,
    pub origin: Origin,
}

/// Values by the setting's variable.
pub type Values = BTreeMap<&'static str, Value>;

impl Value {
    /// A failure (exit 2) about this value, at its place. Never quotes the value by itself.
    pub fn wrong(&self, message: &str) -> Failure {
        let failure = Failure::usage(format!("{}: {message}", self.origin));
        match &self.origin {
            Origin::File { file, line, .. } => failure.at(file.clone(), *line),
            _ => failure,
        }
    }

    /// A TCP port.
    pub fn port(&self) -> Result<u16, Failure> {
        match self.text.trim().parse::<u16>() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(self.wrong(&format!("`{}` is not a port (1 to 65535)", self.text))),
        }
    }

    /// A duration as people write it: 10s, 5m, 1h 30m.
    pub fn duration(&self) -> Result<Duration, Failure> {
        humantime::parse_duration(self.text.trim()).map_err(|error| {
            self.wrong(&format!("`{}` is not a duration ({error})", self.text))
                .remedy("write it as in 10s, 5m or 1h 30m")
        })
    }

    /// A switch.
    pub fn switch(&self) -> Result<bool, Failure> {
        match self.text.trim().to_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(true),
            "0" | "false" | "no" | "off" => Ok(false),
            other => Err(self.wrong(&format!("`{other}` is neither true nor false"))),
        }
    }
}
