//! One object of a schema, as every engine describes it: a key and an ordered value.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Identity of an object: its kind (`table`, `index`, `foreign_key`, …) and its name, which for
/// what belongs to a table is `table.name`. Kinds are constants in the engines' catalog files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    pub kind: String,
    pub name: String,
}

impl Key {
    /// The object of that kind and name.
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Key {
        Key {
            kind: kind.into(),
            name: name.into(),
        }
    }
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

impl Class {
    /// Every class.
    pub const ALL: [Class; 4] = [
        Class::Owners,
        Class::Grants,
        Class::Comments,
        Class::Definers,
    ];

    /// The class of that name.
    pub fn from_name(name: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.name() == name)
    }

    /// As typed after `--include`, and as the first part of a path.
    pub fn name(self) -> &'static str {
        match self {
            Class::Owners => "owners",
            Class::Grants => "grants",
            Class::Comments => "comments",
            Class::Definers => "definers",
        }
    }
}

/// An object with everything that is compared, serialised once from a typed struct of its engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    #[serde(flatten)]
    pub key: Key,
    /// In the order of the typed struct's fields; absent means the server's default.
    pub value: Value,
    /// Texts that a server rewrites in its own way (a view's definition): compared only between
    /// servers of one major version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_major: Option<Value>,
    /// Compared only on request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub optional: BTreeMap<Class, Value>,
    /// What each part depends on, by the part's path (`definition` for the whole) and as keys are written:
    /// never compared, it orders repairs. Snapshots of older versions do not have it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub depends_on: BTreeMap<String, BTreeSet<String>>,
}

impl Object {
    /// An object with that value and nothing that is compared only sometimes.
    pub fn new(key: Key, value: Value) -> Object {
        Object {
            key,
            value,
            per_major: None,
            optional: BTreeMap::new(),
            depends_on: BTreeMap::new(),
        }
    }
}

/// Everything that stands in one database, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    pub objects: BTreeMap<Key, Object>,
}

impl Schema {
    /// Takes an object in; one that is there under the same key is replaced.
    pub fn insert(&mut self, object: Object) {
        self.objects.insert(object.key.clone(), object);
    }
}

/// One look at a schema.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    pub schema: Schema,
    /// What this login cannot see: known from its grants, never concluded from an empty answer.
    pub unseen: Vec<Unseen>,
    /// What stands there and is of a kind that nobody compares, by that kind.
    pub uncompared: BTreeMap<String, BTreeSet<String>>,
    /// Major version of the server as it counts them (`8.4`, `17`).
    pub server_major: String,
}

/// Kinds of objects that could not be read, or not wholly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    pub kinds: Vec<String>,
    /// The grant that is missing, by its name.
    pub grant: String,
    /// The statement that an administrator types.
    pub remedy: String,
}

/// One statement that brings the actual schema nearer to the expected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Which object it is for.
    pub key: Key,
    /// Every object that it creates, drops or alters; the one that it is for need not be repeated.
    pub touches: BTreeSet<Key>,
    /// Without a semicolon at the end. Empty where no statement does it, and the note says what to do.
    pub sql: String,
    /// Why it loses something, or belongs to what does: data, or an object that is not expected.
    pub destructive: Option<String>,
    /// What a reader should know: why it is needed, or what is to be done first.
    pub note: Option<String>,
    /// What it does can be used only after a commit: a script commits behind it and begins again.
    pub commits: bool,
}
