//! One object of a schema, as every engine describes it: a key and an ordered value.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// Identity of an object: its kind (`table`, `index`, `foreign_key`, …) and its name, which for
/// what belongs to a table is `table.name`. Kinds are constants in the engines' catalog files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    pub kind: String,
    pub name: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// A part of an object that is compared only when it is asked for (`--include`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    Owners,
    Grants,
    Comments,
    Definers,
}

/// An object with everything that is compared, serialised once from a typed struct of its engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    #[serde(flatten)]
    pub key: Key,
    /// In the order of the typed struct's fields; absent means the server's default.
    pub value: Value,
    /// Compared only on request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub optional: BTreeMap<Class, Value>,
}

/// Everything that stands in one database, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    pub objects: BTreeMap<Key, Object>,
}
