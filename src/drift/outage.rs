//! What changed while a file lay half-applied and cannot be the file's doing?
//!
//! What a run changed is told by the schemas before and after it. An interrupted run has only the
//! one that was stored before it began, and somebody's change by hand in between would count as the
//! file's. So what no statement of the file could have reached is taken to have been so before.

use crate::{
    engine::{Engine, Event, Record},
    schema::{Object, Schema},
    sql::{SqlText, Verb},
};
use anyhow::Result;
use std::collections::BTreeSet;

/// `before`, with what stands there now wherever the scripts begun after the ledger's entry `since`
/// could not have changed it.
pub async fn before(
    engine: &mut dyn Engine,
    record: &Record,
    since: i64,
    before: Schema,
) -> Result<Schema> {
    let mut reach = Reach::default();
    for entry in &record.ledger {
        if entry.id <= since
            || !matches!(entry.event, Event::Apply | Event::Revert | Event::Resolve)
        {
            continue;
        }
        match engine.recorded_script(entry.id).await? {
            Some(script) => reach.add(&SqlText::new(engine.dialect(), script)),
            None => reach.everything = true,
        }
    }
    if reach.everything {
        return Ok(before);
    }
    let now = engine.schema().await?.schema;
    Ok(reach.rest_of(before, &now))
}

/// What scripts could have changed. Rather too much than too little: what is left out here is told
/// as drift.
#[derive(Debug, Default)]
struct Reach {
    /// Every word of the texts.
    words: BTreeSet<String>,
    /// The objects that statements are about: what depends on them changes with them.
    objects: BTreeSet<String>,
    /// A statement may do anything.
    everything: bool,
}

impl Reach {
    fn add(&mut self, script: &SqlText) {
        self.words.extend(words(script.as_str()));
        let Ok(statements) = script.parsed() else {
            self.everything = true;
            return;
        };
        for statement in statements {
            let facts = &statement.facts;
            let first = words(statement.text()).next().unwrap_or_default();
            // Functions and programs may run statements of their own.
            self.everything |= matches!(facts.verb, Verb::Call | Verb::Select)
                || ["do", "execute", "load"].contains(&first.as_str());
            for object in &facts.objects {
                self.objects.extend(words(&object.name));
                self.objects
                    .extend(object.on.iter().flat_map(|on| words(on)));
            }
        }
        self.everything |= self.words.contains("cascade");
    }

    fn rest_of(&self, mut before: Schema, now: &Schema) -> Schema {
        let gone: Vec<_> = before
            .objects
            .iter()
            .filter(|(key, object)| !now.objects.contains_key(key) && !self.covers(object))
            .map(|(key, _)| key.clone())
            .collect();
        for key in gone {
            before.objects.remove(&key);
        }
        for object in now.objects.values() {
            let covers_old = before
                .objects
                .get(&object.key)
                .is_some_and(|old| self.covers(old));
            if !covers_old && !self.covers(object) {
                before.insert(object.clone());
            }
        }
        before
    }

    /// Is the object named, does its name begin with a word of the scripts, as the names do that a
    /// server makes up (`reading_at_idx`), or does it speak of what a statement is about?
    fn covers(&self, object: &Object) -> bool {
        let made_up = |name: &str| {
            name.match_indices('_')
                .any(|(end, _)| self.words.contains(&name[..end]))
        };
        let named =
            words(&object.key.name).any(|name| self.words.contains(&name) || made_up(&name));
        let speaks = || {
            let optional = object.optional.values();
            [Some(&object.value), object.per_major.as_ref()]
                .into_iter()
                .flatten()
                .chain(optional)
                .any(|value| words(&value.to_string()).any(|word| self.objects.contains(&word)))
        };
        object.key.kind == "database" || named || speaks()
    }
}

/// Names and everything else that looks like one, in small letters.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{schema::Key, sql::Dialect};
    use serde_json::json;

    fn object(kind: &str, name: &str, value: serde_json::Value) -> Object {
        Object::new(Key::new(kind, name), value)
    }

    #[test]
    fn only_what_a_script_names_or_what_depends_on_it_is_its_doing() {
        let mut reach = Reach::default();
        reach.add(&SqlText::new(
            Dialect::Postgres,
            "ALTER TABLE reading RENAME TO measurement;\nCREATE INDEX ON house (name);",
        ));
        for (kind, name, value) in [
            ("table", "measurement", json!({})),
            ("table", "Reading", json!({})),
            ("index", "house_name_idx", json!({})),
            (
                "foreign_key",
                "device.fk",
                json!({"references": "reading (id)"}),
            ),
            (
                "view",
                "totals",
                json!({"definition": "SELECT * FROM public.reading"}),
            ),
        ] {
            assert!(reach.covers(&object(kind, name, value)), "{kind} {name}");
        }
        assert!(!reach.covers(&object(
            "table",
            "device",
            json!({"columns": {"id": "int"}})
        )));
        assert!(!reach.everything);
        reach.add(&SqlText::new(Dialect::Postgres, "SELECT rebuild()"));
        assert!(reach.everything);
    }

    #[test]
    fn somebody_elses_change_is_taken_to_have_been_there_before() {
        let mut reach = Reach::default();
        reach.add(&SqlText::new(
            Dialect::Mysql,
            "ALTER TABLE a ADD COLUMN b int;",
        ));
        let schema = |objects: &[(&str, i32)]| {
            let mut schema = Schema::default();
            for (name, value) in objects {
                schema.insert(object("table", name, json!(value)));
            }
            schema
        };
        let before = schema(&[("a", 1), ("changed", 1), ("dropped", 1)]);
        let now = schema(&[("a", 2), ("changed", 2), ("made", 1)]);
        let expected = schema(&[("a", 1), ("changed", 2), ("made", 1)]);
        assert_eq!(reach.rest_of(before, &now), expected);
    }
}
