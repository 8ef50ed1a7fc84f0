//! `drift-ignore.yaml`: which differences does nobody want to hear of, and why?
//!
//! ```yaml
//! table export_*:            # kind and name as status prints them; * and ? stand for anything
//!   reason: made and dropped by the nightly export
//! table device:
//!   path: columns.legacy     # only this part of the object, or a list of parts
//!   reason: read by the old dashboard until June
//!   optional: true           # no note where there is no such difference
//! ```

use super::{Key, ObjectDifference, PathDifference, Schema};
use crate::{
    outcome::Failure,
    yaml::{self, Document, Yaml},
};
use wildmatch::WildMatch;

const KEYS: [&str; 3] = ["path", "reason", "optional"];

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// As written: kind and name.
    pub object: String,
    kind: WildMatch,
    name: WildMatch,
    /// All parts where there is none.
    paths: Vec<String>,
    pub reason: String,
    /// Some servers differ in this and others do not, so that a rule without a match is no mistake.
    optional: bool,
}

/// Every rule of a file.
#[derive(Debug, Clone, Default)]
pub struct Ignore {
    pub rules: Vec<Rule>,
    /// Parts of objects that another file states: compared with it, and with nothing else.
    stated: Vec<(Key, &'static str)>,
}

impl Ignore {
    /// Reads the file's text; `file` is for messages.
    ///
    /// # Errors
    /// Everything that is wrong, with file and line (exit 2).
    pub fn parse(text: &str, file: &str) -> Result<Ignore, Vec<Failure>> {
        let document = Document::parse(text, file).map_err(|failure| vec![failure])?;
        let Some(entries) = document.root.entries() else {
            let wrong = document.wrong(&[], "the file is a map of `kind name` to a rule");
            return Err(vec![wrong]);
        };
        let (mut rules, mut failures) = (Vec::new(), Vec::new());
        for (object, body) in entries {
            match rule(&document, object, body) {
                Ok(rule) => rules.push(rule),
                Err(failure) => failures.push(failure),
            }
        }
        match failures.is_empty() {
            true => Ok(Ignore {
                rules,
                ..Ignore::default()
            }),
            false => Err(failures),
        }
    }

    /// Another file states that part of that object.
    pub fn leave(&mut self, key: Key, part: &'static str) {
        self.stated.push((key, part));
    }

    /// The schema without what another file states: what is written down beside the migrations.
    pub fn without_stated(&self, schema: &Schema) -> Schema {
        let mut schema = schema.clone();
        for (key, part) in &self.stated {
            let object = schema.objects.get_mut(key);
            if let Some(parts) = object.and_then(|object| object.value.as_object_mut()) {
                parts.remove(*part);
            }
        }
        schema
    }

    /// What is left of the differences, and the rules that nothing matched though they should.
    pub fn apply(&self, differences: Vec<ObjectDifference>) -> (Vec<ObjectDifference>, Vec<&Rule>) {
        let mut used = vec![false; self.rules.len()];
        let left = differences
            .into_iter()
            .filter_map(|difference| self.left(difference, &mut used))
            .collect();
        let unmatched = self
            .rules
            .iter()
            .zip(used)
            .filter(|(rule, used)| !used && !rule.optional);
        (left, unmatched.map(|(rule, _)| rule).collect())
    }

    fn left(&self, mut one: ObjectDifference, used: &mut [bool]) -> Option<ObjectDifference> {
        for (_, part) in self.stated.iter().filter(|(key, _)| *key == one.key) {
            let count = one.paths.len();
            one.paths.retain(|path| !is_within(part, path));
            if one.paths.is_empty() && count > 0 {
                return None;
            }
        }
        for (rule, used) in self.rules.iter().zip(used) {
            if !rule.kind.matches(&one.key.kind) || !rule.name.matches(&one.key.name) {
                continue;
            }
            if rule.paths.is_empty() {
                *used = true;
                return None;
            }
            let count = one.paths.len();
            one.paths.retain(|path| !rule.covers(path));
            *used |= one.paths.len() < count;
            if one.paths.is_empty() && count > 0 {
                return None;
            }
        }
        Some(one)
    }
}

fn is_within(part: &str, difference: &PathDifference) -> bool {
    let rest = difference.path.strip_prefix(part);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Rule {
    /// The part itself, and everything below it.
    fn covers(&self, difference: &PathDifference) -> bool {
        self.paths.iter().any(|path| {
            let below = format!("{path}.*");
            WildMatch::new(path).matches(&difference.path)
                || WildMatch::new(&below).matches(&difference.path)
        })
    }
}

fn rule(document: &Document, object: &str, body: &Yaml) -> Result<Rule, Failure> {
    let at = [object];
    let Some((kind, name)) = object.split_once(' ') else {
        return Err(document
            .wrong(&at, format!("`{object}` is not a kind and a name"))
            .remedy("write it as status prints the object, for example: table export_*"));
    };
    let Some(entries) = body.entries() else {
        let message = format!("a rule is a map with `reason`, not {}", body.kind());
        return Err(document.wrong(&at, message));
    };
    if let Some((unknown, _)) = entries
        .iter()
        .find(|(key, _)| !KEYS.contains(&key.as_str()))
    {
        let failure = document.wrong(
            &[object, unknown],
            format!("`{unknown}` is no part of a rule"),
        );
        return Err(match yaml::nearest(unknown, KEYS) {
            Some(near) => failure.remedy(format!("did you mean `{near}`?")),
            None => failure.remedy("the parts are reason, path and optional"),
        });
    }
    let of = |key: &str| {
        entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    };
    let reason = of("reason").and_then(Yaml::scalar).unwrap_or_default();
    if reason.trim().is_empty() {
        return Err(document
            .wrong(&at, format!("the rule for `{object}` has no reason"))
            .remedy("say why it is ignored: reason: …"));
    }
    let wrong = || {
        document.wrong(
            &[object, "path"],
            "`path` is one part of an object, or a list of them",
        )
    };
    let optional = match of("optional")
        .map(|value| value.scalar().unwrap_or_default())
        .as_deref()
    {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            let message = "`optional` is true or false";
            return Err(document.wrong(&[object, "optional"], message));
        }
    };
    let paths = match of("path") {
        None => Vec::new(),
        Some(Yaml::List(items)) => {
            let paths: Option<Vec<String>> = items.iter().map(Yaml::scalar).collect();
            paths.filter(|paths| !paths.is_empty()).ok_or_else(wrong)?
        }
        Some(value) => vec![value.scalar().ok_or_else(wrong)?],
    };
    Ok(Rule {
        object: object.to_owned(),
        kind: WildMatch::new(kind),
        name: WildMatch::new(name.trim()),
        paths,
        reason,
        optional,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Key, Object, Schema, Scope, diff};
    use serde_json::json;

    fn differences() -> Vec<ObjectDifference> {
        let object = |name: &str, value| Object::new(Key::new("table", name), value);
        let (mut expected, mut actual) = (Schema::default(), Schema::default());
        expected.insert(object(
            "device",
            json!({"columns": {"a": {"type": "int"}}, "engine": 1}),
        ));
        actual.insert(object(
            "device",
            json!({"columns": {"a": {"type": "int"}, "legacy": {"type": "int"}}, "engine": 2}),
        ));
        actual.insert(object("export_1", json!({})));
        diff(&expected, &actual, &Scope::default())
    }

    fn left(text: &str) -> (Vec<String>, Vec<String>) {
        let ignore = Ignore::parse(text, "f").unwrap();
        let (left, unmatched) = ignore.apply(differences());
        let left = left.iter().flat_map(|one| match one.paths.as_slice() {
            [] => vec![one.key.to_string()],
            paths => paths
                .iter()
                .map(|path| format!("{}: {}", one.key, path.path))
                .collect(),
        });
        let unmatched = unmatched.iter().map(|rule| rule.object.clone()).collect();
        (left.collect(), unmatched)
    }

    #[test]
    fn a_rule_takes_away_what_it_names_and_nothing_else() {
        let all = [
            "table device: columns.legacy",
            "table device: engine",
            "table export_1",
        ];
        assert_eq!(left("# none").0, all);
        assert_eq!(left("table export_*: {reason: x}").0, all[..2]);
        let (rest, unmatched) =
            left("table device:\n  path: columns.leg*\n  reason: x\nview v: {reason: y}");
        assert_eq!(rest, all[1..]);
        assert_eq!(unmatched, ["view v"]);
        assert_eq!(
            left("table device: {path: [columns, engine], reason: x}").0,
            all[2..]
        );
        assert_eq!(left("\"* *\": {reason: x}").0, [""; 0]);
        assert_eq!(left("view v: {reason: y, optional: true}").1, [""; 0]);
    }

    #[test]
    fn a_wrong_rule_is_told_with_file_and_line() {
        for (text, line, words) in [
            ("table a: {reason: x}\ntable b: {}", 2, "no reason"),
            ("table a:\n  reasn: x", 2, "reasn"),
            ("table:\n  reason: x", 1, "not a kind and a name"),
            ("table a:\n  reason: x\n  path: {a: b}", 3, "path"),
            ("table a:\n  reason: x\n  optional: no way", 3, "optional"),
        ] {
            let failures = Ignore::parse(text, "f").unwrap_err();
            assert_eq!(failures[0].line, Some(line), "{text}");
            assert!(
                failures[0].message.contains(words),
                "{}",
                failures[0].message
            );
        }
    }
}
