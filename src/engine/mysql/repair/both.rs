//! Both sides of a repair, and the names that are in them.

use crate::{
    engine::mysql::catalog::tables,
    schema::{Key, Object, ObjectDifference, Schema},
};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// Both sides and what differs between them.
pub struct Both<'a> {
    pub expected: &'a Schema,
    pub actual: &'a Schema,
    pub differences: BTreeMap<&'a Key, &'a ObjectDifference>,
    /// Names of the tables of both sides.
    pub tables: BTreeSet<&'a str>,
}

impl<'a> Both<'a> {
    /// Of these differences only: what is ignored or unseen is not touched.
    pub fn new(
        differences: &'a [ObjectDifference],
        expected: &'a Schema,
        actual: &'a Schema,
    ) -> Both<'a> {
        let keys = expected.objects.keys().chain(actual.objects.keys());
        Both {
            expected,
            actual,
            differences: differences.iter().map(|one| (&one.key, one)).collect(),
            tables: keys
                .filter(|key| key.kind == tables::KIND)
                .map(|key| key.name.as_str())
                .collect(),
        }
    }

    /// The differences of one kind.
    pub fn of_kind<'b>(
        &'b self,
        kind: &'b str,
    ) -> impl Iterator<Item = &'a ObjectDifference> + use<'a, 'b> {
        self.differences
            .values()
            .copied()
            .filter(move |one| one.key.kind == kind)
    }

    /// The difference of one object.
    pub fn difference(&self, kind: &str, name: &str) -> Option<&'a ObjectDifference> {
        self.differences.get(&Key::new(kind, name)).copied()
    }

    /// An object as the repair leaves it: as expected where it differs, else as it is.
    pub fn wanted(&self, key: &Key) -> Option<&'a Object> {
        match self.differences.get(key) {
            Some(difference) => difference.expected.as_ref(),
            None => self.actual.objects.get(key),
        }
    }

    /// The table and the own name of a part: `table.name`.
    pub fn split<'n>(&self, key: &'n Key) -> Option<(&'n str, &'n str)> {
        split(&key.name, &self.tables)
    }

    /// Every part of that kind and table on either side: its own name, as wanted and as it is.
    pub fn parts<T: DeserializeOwned>(
        &self,
        kind: &str,
        table: &str,
    ) -> Vec<(String, Option<T>, Option<T>)> {
        let beginning = Key::new(kind, format!("{table}."));
        let mut keys: BTreeSet<&Key> = BTreeSet::new();
        for schema in [self.expected, self.actual] {
            let behind = schema.objects.range(&beginning..).map(|(key, _)| key);
            keys.extend(
                behind.take_while(|key| key.kind == kind && key.name.starts_with(&beginning.name)),
            );
        }
        keys.into_iter()
            .filter_map(|key| {
                let (owner, own) = self.split(key)?;
                let (wanted, found) = (self.wanted(key), self.actual.objects.get(key));
                (owner == table).then(|| (own.to_owned(), typed(wanted), typed(found)))
            })
            .collect()
    }
}

/// The typed form of an object; none where a snapshot was written by a hand that knows other fields.
pub fn typed<T: DeserializeOwned>(object: Option<&Object>) -> Option<T> {
    serde_json::from_value(object?.value.clone()).ok()
}

/// The table and the own name in `table.name`. A table's name may have dots too, so the longest
/// known table wins.
pub fn split<'a>(name: &'a str, tables: &BTreeSet<&str>) -> Option<(&'a str, &'a str)> {
    name.char_indices()
        .rev()
        .filter(|(_, character)| *character == '.')
        .map(|(at, _)| (&name[..at], &name[at + 1..]))
        .find(|(table, _)| tables.contains(table))
        .or_else(|| name.split_once('.'))
}

/// Is any difference at this path, below it, or of a whole that it is a part of?
pub fn touches(difference: &ObjectDifference, path: &str) -> bool {
    let is_within = |whole: &str, part: &str| {
        let rest = part.strip_prefix(whole);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let mut paths = difference.paths.iter();
    paths.any(|one| is_within(path, &one.path) || is_within(&one.path, path))
}
