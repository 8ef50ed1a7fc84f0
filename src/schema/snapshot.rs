//! `schema.snapshot`: which schema do the migrations leave? A head, then every object as
//! `canonical.rs` writes it, by kind and name.

use super::{Schema, canonical, written};
use crate::{outcome::Failure, target::Target};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use written::{Line, Malformed};

const FORMAT: &str = "1";
const FIRST_LINE: &str = "# The schema that the migrations leave. Written by: sgmp-db snapshot";

/// A schema that is written down, with where it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub target: Target,
    /// Major version of the server that it was read from.
    pub server_major: String,
    /// Version of the newest migration in it.
    pub version: i32,
    pub schema: Schema,
}

impl Snapshot {
    /// The text, as committed and as stored in the ledger.
    pub fn render(&self) -> String {
        let body = body(&self.schema);
        format!(
            "{FIRST_LINE}\n{}version: {}\nfingerprint: {}\n{body}",
            head(self.target, &self.server_major),
            self.version,
            hash(&body),
        )
    }

    /// Reads a text back; `file` is for messages.
    ///
    /// # Errors
    /// Exit 2 with file and line: not of this form, or not what its fingerprint is of.
    pub fn parse(text: &str, file: &str) -> Result<Snapshot, Failure> {
        read(text).map_err(|wrong| malformed(wrong, file))
    }
}

/// `sha256:<hex>` of the schema as written.
pub fn fingerprint(schema: &Schema) -> String {
    hash(&body(schema))
}

/// What both files beside the migrations say first.
pub(super) fn head(target: Target, server_major: &str) -> String {
    format!("format: {FORMAT}\nengine: {target}\nserver: {server_major}\n")
}

pub(super) fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().fold("sha256:".to_owned(), |mut hex, byte| {
        // Writing to a string does not fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
        hex
    })
}

pub(super) fn malformed(wrong: Malformed, file: &str) -> Failure {
    Failure::usage(wrong.message)
        .at(file, Some(wrong.line))
        .remedy("restore it from version control, or write it anew: sgmp-db snapshot")
}

fn body(schema: &Schema) -> String {
    schema
        .objects
        .values()
        .map(|object| format!("\n{}", canonical::render(object)))
        .collect()
}

fn read(text: &str) -> Result<Snapshot, Malformed> {
    let lines = Line::all(text)?;
    let mut head = Head::new(&lines);
    let (target, server_major) = head.common()?;
    let version = head.take("version")?;
    let Ok(version) = version.1.parse() else {
        return version.0.wrong("the version is not a number");
    };
    let stated = head.take("fingerprint")?;
    let mut schema = Schema::default();
    for object in written::objects(head.rest)? {
        schema.insert(object);
    }
    let actual = fingerprint(&schema);
    if stated.1 != actual {
        return stated.0.wrong(format!(
            "the fingerprint is not that of the objects below it ({actual}): the file was edited by hand, or a merge mixed two of them"
        ));
    }
    Ok(Snapshot {
        target,
        server_major,
        version,
        schema,
    })
}

/// The lines of a head, taken one after the other.
pub(super) struct Head<'a, 'l> {
    last: Option<Line<'a>>,
    pub rest: &'l [Line<'a>],
}

impl<'a, 'l> Head<'a, 'l> {
    pub(super) fn new(lines: &'l [Line<'a>]) -> Head<'a, 'l> {
        let comments = lines
            .iter()
            .position(|line| !line.text.starts_with('#'))
            .unwrap_or(lines.len());
        Head {
            last: lines.first().copied(),
            rest: &lines[comments..],
        }
    }

    /// The value of the next line, which must have that name.
    pub(super) fn take(&mut self, name: &str) -> Result<(Line<'a>, &'a str), Malformed> {
        let Some((line, rest)) = self.rest.split_first() else {
            return Err(Malformed {
                line: self.last.map_or(1, |line| line.number),
                message: format!("the head ends before `{name}:`"),
            });
        };
        let value = line.text.strip_prefix(name);
        let Some(value) = value.and_then(|rest| rest.strip_prefix(": ")) else {
            return line.wrong(format!("`{name}:` is expected here"));
        };
        (self.last, self.rest) = (Some(*line), rest);
        Ok((*line, value))
    }

    /// Format, engine and server.
    pub(super) fn common(&mut self) -> Result<(Target, String), Malformed> {
        let format = self.take("format")?;
        if format.1 != FORMAT {
            return format.0.wrong(format!(
                "format {} is not known to this sgmp-db, which reads format {FORMAT}",
                format.1
            ));
        }
        let engine = self.take("engine")?;
        let Some(target) = Target::from_name(engine.1) else {
            return engine.0.wrong(format!("there is no engine `{}`", engine.1));
        };
        Ok((target, self.take("server")?.1.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Class, Key, Object};
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    fn snapshot(objects: Vec<Object>) -> Snapshot {
        let mut schema = Schema::default();
        objects.into_iter().for_each(|object| schema.insert(object));
        Snapshot {
            target: Target::Mysql,
            server_major: "9.7".to_owned(),
            version: 3,
            schema,
        }
    }

    fn table() -> Snapshot {
        snapshot(vec![Object::new(
            Key::new("table", "t"),
            json!({"columns": {"a": {"type": "int"}}}),
        )])
    }

    #[test]
    fn a_change_by_hand_is_refused_with_its_line() {
        let text = table().render();
        assert_eq!(Snapshot::parse(&text, "f").unwrap(), table());
        assert_eq!(
            Snapshot::parse(&text.replace('\n', "\r\n"), "f").unwrap(),
            table()
        );
        for (from, to, line, words) in [
            ("type: int", "type: text", 6, "fingerprint"),
            ("format: 1", "format: 9", 2, "format 9"),
            ("engine: mysql", "engine: oracle", 3, "oracle"),
            ("    a:", "   a:", 10, "odd"),
            ("      type: int", "      type", 11, "name: value"),
            ("    a:", "<<<<<<< ours", 10, "merge"),
            ("version: 3\n", "", 5, "version"),
        ] {
            let failure = Snapshot::parse(&text.replacen(from, to, 1), "f").unwrap_err();
            assert_eq!(failure.line, Some(line), "{to}: {}", failure.message);
            assert!(failure.message.contains(words), "{}", failure.message);
            assert!(failure.remedy.unwrap().contains("sgmp-db snapshot"));
        }
        assert_eq!(Snapshot::parse("", "f").unwrap_err().line, Some(1));
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z_]{1,6}",
            "\\PC{0,12}",
            any::<String>(),
            "[ |~:\"\\[{#0-9e.-]{0,6}",
            "([a-z ]{0,5}\n){1,3}[a-z]{0,3}",
            prop::sample::select(vec![
                "true", "null", "1", "1e999", "[]", "=======", "- a", "|"
            ])
            .prop_map(str::to_owned),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::vec((text(), inner), 0..4)
                    .prop_map(|parts| Value::Object(parts.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    fn object() -> impl Strategy<Value = Object> {
        let class = prop::sample::select(Class::ALL.to_vec());
        (
            (text(), text()),
            value(),
            prop::option::of(value()),
            prop::collection::btree_map(class, value(), 0..2),
        )
            .prop_map(|((kind, name), value, per_major, optional)| Object {
                depends_on: [(name.clone(), [kind.clone(), name.clone()].into())].into(),
                key: Key::new(kind, name),
                value,
                per_major,
                optional,
            })
            .prop_filter("no part's own name begins so", |object| {
                let parts = object.value.as_object();
                parts.is_none_or(|parts| parts.keys().all(|name| !name.starts_with("~ ")))
            })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(objects in prop::collection::vec(object(), 0..4)) {
            let written = snapshot(objects);
            prop_assert_eq!(Snapshot::parse(&written.render(), "f").unwrap(), written);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>(), cut in 0usize..400) {
            prop_assert!(Snapshot::parse(&text, "f").is_err());
            let mut whole = table().render();
            whole.truncate(cut.min(whole.len()));
            whole.push_str(&text);
            if let Err(failure) = Snapshot::parse(&whole, "f") {
                prop_assert!(failure.line.is_some());
            }
        }
    }
}
