//! Which objects does a written text hold? The way back from `canonical.rs`.

use super::{
    Class, Key, Object,
    canonical::{ASIDE, DEPENDS_ON, PER_MAJOR, VALUE},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is wrong with a text, and on which line (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    pub line: usize,
    pub message: String,
}

/// One line that is not blank.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub number: usize,
    /// Without its indentation.
    pub text: &'a str,
    depth: usize,
}

impl<'a> Line<'a> {
    /// The lines of a text. A carriage return at the end is a checkout's, not the text's.
    pub(super) fn all(text: &'a str) -> Result<Vec<Line<'a>>, Malformed> {
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            let inner = line.trim_start_matches(' ');
            if inner.is_empty() {
                continue;
            }
            let number = index + 1;
            if ["<<<<<<<", "=======", ">>>>>>>"]
                .iter()
                .any(|mark| line.starts_with(mark))
            {
                return Err(Malformed {
                    line: number,
                    message: "two branches changed the schema: the file has a merge conflict"
                        .to_owned(),
                });
            }
            let blanks = line.len() - inner.len();
            if blanks % 2 != 0 {
                return Err(Malformed {
                    line: number,
                    message: "the line is indented by an odd number of blanks".to_owned(),
                });
            }
            lines.push(Line {
                number,
                text: inner,
                depth: blanks / 2,
            });
        }
        Ok(lines)
    }

    /// Does it stand at the margin?
    pub(super) fn is_head(&self) -> bool {
        self.depth == 0
    }

    pub(super) fn wrong<T>(&self, message: impl Into<String>) -> Result<T, Malformed> {
        Err(Malformed {
            line: self.number,
            message: message.into(),
        })
    }
}

/// One object: its head, and the lines below it.
pub(super) fn object(head: &str, line: Line<'_>, below: &[Line<'_>]) -> Result<Object, Malformed> {
    let mut object = Object::new(key(head, line)?, Value::Null);
    let (mut parts, mut whole) = (Map::new(), None);
    for Entry { aside, name, value } in entries(below, 1)? {
        if !aside {
            parts.insert(name, value);
            continue;
        }
        match Class::from_name(&name) {
            Some(class) => {
                object.optional.insert(class, value);
            }
            None if name == PER_MAJOR => object.per_major = Some(value),
            None if name == VALUE => whole = Some(value),
            None if name == DEPENDS_ON => {
                object.depends_on = serde_json::from_value(value).or_else(|error| {
                    line.wrong(format!("`{DEPENDS_ON}` lists no keys: {error}"))
                })?;
            }
            None => return line.wrong(format!("`{name}` is nothing that is set aside")),
        }
    }
    object.value = whole.unwrap_or(Value::Object(parts));
    Ok(object)
}

/// Kind and name.
pub(super) fn key(head: &str, line: Line<'_>) -> Result<Key, Malformed> {
    let (kind, rest) = name(head, line)?;
    let rest = rest.trim_start_matches(' ');
    let name = match rest.starts_with('"') {
        true => serde_json::from_str::<String>(rest)
            .or_else(|error| line.wrong(format!("the name is not JSON: {error}")))?,
        false => rest.to_owned(),
    };
    match name.is_empty() && rest.is_empty() {
        true => line.wrong("an object has a kind and a name"),
        false => Ok(Key::new(kind, name)),
    }
}

/// A name in front, as written without quotes or as JSON, and what follows it.
fn name<'a>(text: &'a str, line: Line<'_>) -> Result<(String, &'a str), Malformed> {
    if !text.starts_with('"') {
        let end = text.find([' ', ':']).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    }
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
    match stream.next() {
        Some(Ok(name)) => Ok((name, &text[stream.byte_offset()..])),
        _ => line.wrong("the name is not a JSON string"),
    }
}

/// A named part.
struct Entry {
    /// Is it compared only sometimes?
    aside: bool,
    name: String,
    value: Value,
}

/// The named parts at that depth.
fn entries(lines: &[Line<'_>], depth: usize) -> Result<Vec<Entry>, Malformed> {
    let mut found: BTreeMap<(bool, String), usize> = BTreeMap::new();
    let mut entries = Vec::new();
    for (line, below) in groups(lines, depth)? {
        let (aside, text) = match line.text.strip_prefix(ASIDE) {
            Some(text) => (true, text),
            None => (false, line.text),
        };
        let (name, rest) = name(text, line)?;
        let Some(rest) = rest.strip_prefix(':') else {
            return line.wrong("a part is written `name: value`");
        };
        if let Some(first) = found.insert((aside, name.clone()), line.number) {
            return line.wrong(format!("`{name}` is on line {first} already"));
        }
        let value = value(rest, line, below, depth)?;
        entries.push(Entry { aside, name, value });
    }
    Ok(entries)
}

/// What stands after a name or a dash, and below it.
fn value(rest: &str, line: Line<'_>, below: &[Line<'_>], depth: usize) -> Result<Value, Malformed> {
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    if !rest.is_empty() {
        return match below.first() {
            Some(more) => more.wrong("a value on one line has nothing below it"),
            None => scalar(rest, line),
        };
    }
    let Some(first) = below.first() else {
        return line.wrong("the value is missing");
    };
    if first.text.starts_with('|') {
        let lines: Result<Vec<&str>, Malformed> = groups(below, depth + 1)?
            .into_iter()
            .map(|(line, _)| match line.text.strip_prefix('|') {
                Some(text) => Ok(text.strip_prefix(' ').unwrap_or(text)),
                None => line.wrong("every line of a text begins with `|`"),
            })
            .collect();
        return Ok(Value::String(lines?.join("\n")));
    }
    if first.text == "-" || first.text.starts_with("- ") {
        let items: Result<Vec<Value>, Malformed> = groups(below, depth + 1)?
            .into_iter()
            .map(|(line, below)| match line.text.strip_prefix('-') {
                Some(rest) => value(rest, line, below, depth + 1),
                None => line.wrong("every item of a list begins with `-`"),
            })
            .collect();
        return Ok(Value::Array(items?));
    }
    let parts = entries(below, depth + 1)?;
    if parts.iter().any(|part| part.aside) {
        return first.wrong("only a whole object has parts that are set aside");
    }
    let parts = parts.into_iter().map(|part| (part.name, part.value));
    Ok(Value::Object(parts.collect()))
}

fn scalar(text: &str, line: Line<'_>) -> Result<Value, Malformed> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(error) if text.starts_with(['"', '[', '{']) => {
            line.wrong(format!("the value is not JSON: {error}"))
        }
        Err(_) => Ok(Value::String(text.to_owned())),
    }
}

/// Each line at that depth with the deeper ones that follow it.
fn groups<'a, 'l>(
    lines: &'l [Line<'a>],
    depth: usize,
) -> Result<Vec<(Line<'a>, &'l [Line<'a>])>, Malformed> {
    let mut groups = Vec::new();
    let mut rest = lines;
    while let Some((first, more)) = rest.split_first() {
        if first.depth != depth {
            return first.wrong("the line is indented deeper than what it belongs to");
        }
        let end = more
            .iter()
            .position(|line| line.depth <= depth)
            .unwrap_or(more.len());
        groups.push((*first, &more[..end]));
        rest = &more[end..];
    }
    Ok(groups)
}

/// Every object of these lines.
pub(super) fn objects(lines: &[Line<'_>]) -> Result<Vec<Object>, Malformed> {
    groups(lines, 0)?
        .into_iter()
        .map(|(line, below)| object(line.text, line, below))
        .collect()
}
