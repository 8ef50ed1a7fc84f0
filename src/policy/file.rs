//! `policies.yaml`: what is wanted, with file and line for what is wrong.

use super::{Interval, TableName};
use crate::{
    outcome::Failure,
    yaml::{Document, Yaml, nearest},
};
use std::collections::BTreeMap;

/// What to do with a policy that the file does not mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unmanaged {
    /// A note.
    #[default]
    Report,
    /// A finding.
    Fail,
    /// It goes.
    Remove,
}

/// How long data of a hypertable lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    DropAfter(Interval),
    /// There must be no policy.
    None,
}

/// The whole file, for one environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    pub unmanaged: Unmanaged,
    pub retention: BTreeMap<TableName, Retention>,
}

const TOP: [&str; 3] = ["unmanaged", "hypertables", "environments"];
const HYPERTABLE: [&str; 1] = ["retention"];

impl Policies {
    /// Reads the text, with the values of `environment` over the common ones.
    ///
    /// # Errors
    /// Everything that is wrong, with file and line (exit 2).
    pub fn parse(
        text: &str,
        file: &str,
        environment: Option<&str>,
    ) -> Result<Policies, Vec<Failure>> {
        let document = Document::parse(text, file).map_err(|failure| vec![failure])?;
        let mut reader = Reader {
            document: &document,
            wrong: Vec::new(),
        };
        let mut policies = Policies::default();
        reader.policies(&document.root, &[], &TOP, &mut policies);
        let mut found = environment.is_none();
        for (name, yaml) in reader.map(member(&document.root, "environments"), &["environments"]) {
            let mut overridden = policies.clone();
            reader.policies(
                yaml,
                &["environments", name],
                &["unmanaged", "hypertables"],
                &mut overridden,
            );
            if Some(name.as_str()) == environment {
                found = true;
                policies = overridden;
            }
        }
        if !found {
            let name = environment.unwrap_or_default();
            let failure =
                document.wrong(&["environments"], format!("there is no environment {name}"));
            reader
                .wrong
                .push(failure.remedy("add it below environments:, or leave --env out"));
        }
        if reader.wrong.is_empty() {
            Ok(policies)
        } else {
            Err(reader.wrong)
        }
    }
}

fn member<'y>(yaml: &'y Yaml, key: &str) -> &'y Yaml {
    let found = yaml
        .entries()
        .and_then(|entries| entries.iter().find(|(name, _)| name == key));
    found.map_or(&Yaml::Null, |(_, value)| value)
}

struct Reader<'d> {
    document: &'d Document,
    wrong: Vec<Failure>,
}

impl<'d> Reader<'d> {
    fn policies(&mut self, yaml: &'d Yaml, path: &[&str], keys: &[&str], into: &mut Policies) {
        for (key, value) in self.map(yaml, path) {
            let at = [path, &[key.as_str()]].concat();
            match key.as_str() {
                _ if !keys.contains(&key.as_str()) => self.unknown(&at, keys),
                "unmanaged" => match value.scalar().as_deref() {
                    Some("report") => into.unmanaged = Unmanaged::Report,
                    Some("fail") => into.unmanaged = Unmanaged::Fail,
                    Some("remove") => into.unmanaged = Unmanaged::Remove,
                    _ => self.say(&at, "unmanaged must be report, fail or remove"),
                },
                "hypertables" => {
                    for (table, value) in self.map(value, &at) {
                        let at = [at.as_slice(), &[table.as_str()]].concat();
                        self.hypertable(&TableName::parse(table), value, &at, into);
                    }
                }
                _ => {}
            }
        }
    }

    fn hypertable(
        &mut self,
        table: &TableName,
        yaml: &'d Yaml,
        path: &[&str],
        into: &mut Policies,
    ) {
        for (key, value) in self.map(yaml, path) {
            let at = [path, &[key.as_str()]].concat();
            if key != "retention" {
                self.unknown(&at, &HYPERTABLE);
            } else if value.scalar().as_deref() == Some("none") {
                into.retention.insert(table.clone(), Retention::None);
            } else if let Some(interval) = self.retention(value, &at) {
                into.retention
                    .insert(table.clone(), Retention::DropAfter(interval));
            }
        }
    }

    fn retention(&mut self, yaml: &'d Yaml, path: &[&str]) -> Option<Interval> {
        let mut found = None;
        let before = self.wrong.len();
        for (key, value) in self.map(yaml, path) {
            let at = [path, &[key.as_str()]].concat();
            if key != "drop_after" {
                self.unknown(&at, &["drop_after"]);
                continue;
            }
            let text = value.scalar().unwrap_or_default();
            match Interval::parse(&text) {
                Some(interval) if interval.is_positive() => found = Some(interval),
                _ => self.say(
                    &at,
                    &format!("`{text}` is not an interval; write it as in 1 month or 7 days"),
                ),
            }
        }
        if found.is_none() && self.wrong.len() == before {
            self.say(
                path,
                "retention must be none, or have drop_after as in { drop_after: 1 month }",
            );
        }
        found
    }

    /// The entries of a map; anything else is told.
    fn map(&mut self, yaml: &'d Yaml, path: &[&str]) -> &'d [(String, Yaml)] {
        yaml.entries().unwrap_or_else(|| {
            let name = path.last().copied().unwrap_or("the file");
            self.say(
                path,
                &format!("{name} must hold keys and values, not {}", yaml.kind()),
            );
            &[]
        })
    }

    fn unknown(&mut self, path: &[&str], known: &[&str]) {
        let key = path.last().copied().unwrap_or_default();
        let failure = self
            .document
            .wrong(path, format!("there is no key {key} here"));
        self.wrong.push(match nearest(key, known.iter().copied()) {
            Some(near) => failure.remedy(format!("perhaps {near} is meant")),
            None => failure.remedy(format!("the keys here are {}", known.join(", "))),
        });
    }

    fn say(&mut self, path: &[&str], message: &str) {
        self.wrong.push(self.document.wrong(path, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "unmanaged: fail\nhypertables:\n  house_data:\n    retention: { drop_after: 1 month }\n  other.events:\n    retention: none\n\
        environments:\n  staging:\n    hypertables: { house_data: { retention: { drop_after: 7 days } } }\n";

    #[test]
    fn an_environment_overrides_single_values() {
        let policies = |environment| Policies::parse(TEXT, "p.yaml", environment).unwrap();
        let days = |policies: &Policies| match policies.retention[&TableName::parse("house_data")] {
            Retention::DropAfter(interval) => interval.to_string(),
            Retention::None => "none".to_owned(),
        };
        assert_eq!(days(&policies(None)), "1 month");
        assert_eq!(days(&policies(Some("staging"))), "7 days");
        assert_eq!(policies(Some("staging")).unmanaged, Unmanaged::Fail);
        assert_eq!(
            policies(None).retention[&TableName::parse("other.events")],
            Retention::None
        );
        let failure = &Policies::parse(TEXT, "p.yaml", Some("prod")).unwrap_err()[0];
        assert!(
            failure.message.contains("prod") && failure.line == Some(7),
            "{failure:?}"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let lines = |text: &str| {
            let wrong = Policies::parse(text, "p.yaml", None).unwrap_err();
            wrong.iter().map(|failure| failure.line).collect::<Vec<_>>()
        };
        assert_eq!(lines("hypertable:\n  a: {}\n"), [Some(1)]);
        assert_eq!(
            lines("hypertables:\n  a:\n    retension: none\n"),
            [Some(3)]
        );
        assert_eq!(
            lines("hypertables:\n  a:\n    retention: { drop_after: soon }\n"),
            [Some(3)]
        );
        assert_eq!(
            lines("hypertables:\n  a:\n    retention: { drop_after: 0 days }\n"),
            [Some(3)]
        );
        assert_eq!(
            lines("unmanaged: maybe\nhypertables: [a]\n"),
            [Some(1), Some(2)]
        );
        assert_eq!(lines("hypertables:\n  a:\n    retention: {}\n"), [Some(3)]);
        assert_eq!(lines("hypertables:\n  a: {}\n  a: {}\n"), [Some(3)]);
    }
}
