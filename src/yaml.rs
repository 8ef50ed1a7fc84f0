//! YAML with places: the only room that knows serde_yaml, which is archived.
//!
//! serde_yaml tells a line only in its errors, and of some errors the wrong one. So lines are looked
//! for in the text, by key and indentation.

use crate::outcome::Failure;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A value as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Yaml {
    Null,
    /// Booleans and numbers are kept as their text would be read: `1_000` and `no` stay strings.
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Yaml>),
    /// In the order of the file.
    Map(Vec<(String, Yaml)>),
}

/// A parsed file.
#[derive(Debug, Clone)]
pub struct Document {
    pub file: String,
    pub root: Yaml,
    text: String,
}

/// The way to a value: keys of maps, from the root.
pub type Path<'a> = &'a [&'a str];

impl Document {
    /// Parses a text; `file` is for messages.
    ///
    /// # Errors
    /// Exit 2 with file and line: not YAML, a key twice, a key that is not a string.
    pub fn parse(text: &str, file: &str) -> Result<Document, Failure> {
        let text = text.trim_start_matches('\u{feff}');
        let root = if text
            .lines()
            .all(|line| line.trim().is_empty() || line.trim().starts_with('#'))
        {
            Yaml::Map(Vec::new())
        } else {
            serde_yaml::from_str::<Yaml>(text).map_err(|error| {
                let words = error.to_string();
                let line = second_occurrence(text, &words)
                    .or_else(|| error.location().map(|place| place.line()));
                let words = words.split(" at line ").next().unwrap_or(&words).to_owned();
                if let Some(tab) = tab(text, line) {
                    return Failure::usage("the line begins with a tab; YAML wants spaces")
                        .at(file, Some(tab))
                        .remedy("indent it with spaces, as many as the lines beside it");
                }
                Failure::usage(format!("the YAML cannot be read: {words}")).at(file, line)
            })?
        };
        Ok(Document {
            file: file.to_owned(),
            root,
            text: text.to_owned(),
        })
    }

    /// The line of a key, from 1.
    ///
    /// Looked for in the text by key and indentation: block style and one-line flow style, which
    /// is what people write; elsewhere the line of the nearest outer key.
    pub fn line(&self, path: Path<'_>) -> Option<usize> {
        let lines: Vec<&str> = self.text.lines().collect();
        let (mut from, mut to, mut found) = (0, lines.len(), None);
        for key in path {
            let Some(index) = (from..to).find(|index| has_key(lines[*index], key)) else {
                break;
            };
            found = Some(index + 1);
            let depth = indentation(lines[index]);
            let end = (index + 1..to)
                .find(|next| !is_blank(lines[*next]) && indentation(lines[*next]) <= depth)
                .unwrap_or(to);
            // In flow style the inner key stands on the same line.
            (from, to) = (index, end);
        }
        found
    }

    /// A failure about the value at that path.
    pub fn wrong(&self, path: Path<'_>, message: impl Into<String>) -> Failure {
        Failure::usage(message).at(self.file.clone(), self.line(path))
    }
}

impl Yaml {
    /// The text of a scalar; none for lists, maps and null.
    pub fn scalar(&self) -> Option<String> {
        match self {
            Yaml::Bool(value) => Some(value.to_string()),
            Yaml::Number(text) | Yaml::Text(text) => Some(text.clone()),
            Yaml::Null | Yaml::List(_) | Yaml::Map(_) => None,
        }
    }

    /// The entries of a map; null is an empty one.
    pub fn entries(&self) -> Option<&[(String, Yaml)]> {
        match self {
            Yaml::Map(entries) => Some(entries),
            Yaml::Null => Some(&[]),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Yaml::Null => "nothing",
            Yaml::Bool(_) => "a boolean",
            Yaml::Number(_) => "a number",
            Yaml::Text(_) => "a string",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a map",
        }
    }
}

/// The known word that is nearest to a wrong one, if it is near enough to be meant; of several, the
/// one in the same case.
pub fn nearest<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = wrong.to_lowercase();
    known
        .into_iter()
        .map(|word| {
            let distance = strsim::osa_distance(&lower, &word.to_lowercase());
            (distance, strsim::osa_distance(wrong, word), word)
        })
        .filter(|(distance, _, word)| *distance <= 1 + word.len() / 4 && *distance < wrong.len())
        .min()
        .map(|(_, _, word)| word)
}

/// The first line, at most one behind where the parser stopped, that is indented with a tab.
fn tab(text: &str, stopped: Option<usize>) -> Option<usize> {
    let tabbed = |line: &str| {
        let indented = line.len() - line.trim_start().len();
        !is_blank(line) && line[..indented].contains('\t')
    };
    text.lines()
        .take(stopped.map_or(usize::MAX, |line| line + 1))
        .position(tabbed)
        .map(|index| index + 1)
}

/// The line of the second of two equal keys; serde_yaml tells where their map begins.
fn second_occurrence(text: &str, words: &str) -> Option<usize> {
    let key = words
        .split("the key ")
        .nth(1)?
        .split(" is there twice")
        .next()?;
    let lines: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| has_key(line, key))
        .collect();
    let second = lines.iter().enumerate().skip(1).find(|(index, (_, line))| {
        lines[..*index]
            .iter()
            .any(|(_, before)| indentation(before) == indentation(line))
    });
    let (line, _) = second.map(|(_, found)| found).or_else(|| lines.first())?;
    Some(line + 1)
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Does a key of that name stand in the line, plain or quoted, in block or flow style?
fn has_key(line: &str, key: &str) -> bool {
    if is_blank(line) {
        return false;
    }
    let mut rest = line;
    while let Some(at) = rest.find(key) {
        let before = rest[..at].trim_end_matches(['"', '\'']).chars().next_back();
        let after = rest[at + key.len()..]
            .trim_start_matches(['"', '\''])
            .trim_start();
        if before.is_none_or(|c| c.is_whitespace() || "{,-[".contains(c)) && after.starts_with(':')
        {
            return true;
        }
        rest = &rest[at + key.len()..];
    }
    false
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Yaml, D::Error> {
        deserializer.deserialize_any(Build)
    }
}

struct Build;

impl<'de> Visitor<'de> for Build {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value.to_string()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Yaml, E> {
        Ok(Yaml::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Yaml, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Yaml::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Yaml, A::Error> {
        let mut map: Vec<(String, Yaml)> = Vec::new();
        while let Some(key) = entries.next_key::<Yaml>()? {
            let Yaml::Text(key) = key else {
                return Err(de::Error::custom(format!(
                    "a key must be a string, not {}",
                    key.kind()
                )));
            };
            if key == "<<" {
                return Err(de::Error::custom(
                    "merge keys (<<) are not read; write the values out",
                ));
            }
            if map.iter().any(|(other, _)| *other == key) {
                return Err(de::Error::custom(format!("the key {key} is there twice")));
            }
            map.push((key, entries.next_value()?));
        }
        Ok(Yaml::Map(map))
    }

    fn visit_enum<A: de::EnumAccess<'de>>(self, _: A) -> Result<Yaml, A::Error> {
        Err(de::Error::custom("tags (!…) are not read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_their_lines_are_found_in_block_and_flow_style() {
        let text = "# c\na:\n  b: 1\n  c: { d: x, e: [y] }\nf:\n  b: 2\n";
        let document = Document::parse(text, "f.yaml").unwrap();
        let line = |path: &[&str]| document.line(path);
        assert_eq!(line(&["a"]), Some(2));
        assert_eq!(line(&["a", "b"]), Some(3));
        assert_eq!(line(&["a", "c", "d"]), Some(4));
        assert_eq!(line(&["f", "b"]), Some(6));
        assert_eq!(line(&["f", "nothing"]), Some(5));
    }

    #[test]
    fn a_key_that_is_there_twice_is_an_error_with_its_line_at_every_level() {
        for (text, line) in [
            ("a: 1\nb: 2\na: 3\n", 3),
            ("x:\n  a: 1\n  a: 2\n", 3),
            ("x: {a: 1, a: 2}\n", 1),
        ] {
            let failure = Document::parse(text, "f.yaml").unwrap_err();
            assert!(failure.message.contains("twice"), "{failure:?}");
            assert!(
                failure.line.is_some_and(|told| told <= line),
                "{text}: {failure:?}"
            );
        }
    }

    #[test]
    fn what_yaml_would_bend_stays_as_written() {
        let document = Document::parse("a: no\nb: 1_000\nc: 0o17\nd: 12\ne:\n", "f").unwrap();
        let values: Vec<_> = document
            .root
            .entries()
            .unwrap()
            .iter()
            .map(|(_, value)| value.scalar())
            .collect();
        assert_eq!(values[0].as_deref(), Some("no"));
        assert_eq!(values[1].as_deref(), Some("1_000"));
        assert_eq!(values[3].as_deref(), Some("12"));
        assert_eq!(values[4], None);
    }

    #[test]
    fn broken_yaml_and_odd_keys_are_errors_with_a_line() {
        for text in [
            "a: [\n",
            "a: b: c\n",
            "1: x\n",
            "? [a]\n: b\n",
            "a: !x y\n",
            "a: &x 1\nb:\n  <<: {c: 1}\n",
        ] {
            let failure = Document::parse(text, "f.yaml").unwrap_err();
            assert_eq!(failure.file.as_deref(), Some("f.yaml"), "{text}");
        }
    }

    #[test]
    fn a_tab_is_told_with_its_line_wherever_it_indents() {
        for (text, line) in [
            ("a:\n\tb: 1\n", 2),
            ("a:\n  b:\n  \tc: 1\n    d: 2\n", 3),
            ("\ta: 1\n", 1),
            ("a:\n  b: 1\n\tc: 2\n", 3),
            ("# \tx\na:\n \n\t- 1\n\t- 2\n", 4),
        ] {
            let failure = Document::parse(text, "f.yaml").unwrap_err();
            assert!(
                failure.message.contains("YAML wants spaces"),
                "{text:?}: {failure:?}"
            );
            assert_eq!(failure.line, Some(line), "{text:?}");
        }
        // A tab elsewhere is a blank like any other, and no other error is taken for one.
        assert!(Document::parse("a:\t1\nb: 2\t# x\n", "f").is_ok());
        let failure = Document::parse("a: [\nb:\n", "f").unwrap_err();
        assert!(!failure.message.contains("tab"), "{failure:?}");
    }

    #[test]
    fn a_near_miss_is_found_and_a_far_one_is_not() {
        assert_eq!(
            nearest("MYSQL_HOTS", ["MYSQL_HOST", "TSDB_HOST"]),
            Some("MYSQL_HOST")
        );
        assert_eq!(nearest("IOT_ENDPOINT", ["MYSQL_HOST", "TSDB_HOST"]), None);
        assert_eq!(
            nearest("mysql_hots", ["MYSQL_HOST", "mysql_host"]),
            Some("mysql_host")
        );
        assert_eq!(nearest("a", ["ca"]), None);
    }
}
