//! How is an object written down so that a person can review it? `written.rs` reads it back.
//!
//! The head of an object stands at the margin, its parts below it, two blanks deeper for each level:
//! `name: value`, `- item`, `| a line of a longer text`. A string stands without quotes where it
//! cannot be taken for something else; anything that could be is JSON.

use super::{Key, Object};
use serde_json::Value;

/// Before the name of what is compared only sometimes; no part's own name begins so.
pub(super) const ASIDE: &str = "~ ";
/// An object whose value has no parts.
pub(super) const VALUE: &str = "value";
pub(super) const PER_MAJOR: &str = "per_major";
pub(super) const DEPENDS_ON: &str = "depends_on";

/// Longest list that stays on one line.
const ONE_LINE: usize = 100;

/// The object's head and its parts, each line with its line end.
pub fn render(object: &Object) -> String {
    let mut out = head(&object.key);
    out.push('\n');
    match &object.value {
        Value::Object(parts) => parts
            .iter()
            .for_each(|(name, value)| part(&word(name), value, 1, &mut out)),
        value => part(&format!("{ASIDE}{VALUE}"), value, 1, &mut out),
    }
    if let Some(value) = &object.per_major {
        part(&format!("{ASIDE}{PER_MAJOR}"), value, 1, &mut out);
    }
    for (class, value) in &object.optional {
        part(&format!("{ASIDE}{}", class.name()), value, 1, &mut out);
    }
    if !object.depends_on.is_empty() {
        let parts = object.depends_on.iter();
        let parts = parts.map(|(part, keys)| (part.clone(), keys.iter().cloned().collect()));
        let value = Value::Object(parts.collect());
        part(&format!("{ASIDE}{DEPENDS_ON}"), &value, 1, &mut out);
    }
    out
}

/// Kind and name.
pub fn head(key: &Key) -> String {
    let name = if is_plain_line(&key.name) {
        key.name.clone()
    } else {
        quoted(&key.name)
    };
    format!("{} {name}", word(&key.kind))
}

fn part(name: &str, value: &Value, depth: usize, out: &mut String) {
    indent(depth, out);
    out.push_str(name);
    out.push(':');
    below(value, depth, out);
}

/// A value after its name or dash: on the same line where it fits, else on lines of its own.
fn below(value: &Value, depth: usize, out: &mut String) {
    if let Some(text) = inline(value) {
        out.push(' ');
        out.push_str(&text);
        out.push('\n');
        return;
    }
    out.push('\n');
    match value {
        Value::Object(parts) => parts
            .iter()
            .for_each(|(name, value)| part(&word(name), value, depth + 1, out)),
        Value::Array(items) => {
            for item in items {
                indent(depth + 1, out);
                out.push('-');
                below(item, depth + 1, out);
            }
        }
        Value::String(text) => {
            for line in text.split('\n') {
                indent(depth + 1, out);
                out.push('|');
                if !line.is_empty() {
                    out.push(' ');
                    out.push_str(line);
                }
                out.push('\n');
            }
        }
        // Every other value is written on one line.
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The value on one line, where it goes there.
pub(super) fn inline(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if is_block(text) => None,
        Value::String(text) if is_plain_line(text) && !is_json(text) => Some(text.clone()),
        Value::Object(parts) if !parts.is_empty() => None,
        Value::Array(items) => {
            let items: Option<Vec<String>> = items
                .iter()
                .map(|item| match item {
                    Value::Object(_) | Value::Array(_) => None,
                    Value::String(text) if is_block(text) => None,
                    scalar => Some(scalar.to_string()),
                })
                .collect();
            let list = format!("[{}]", items?.join(", "));
            (list.len() <= ONE_LINE || list.len() == 2).then_some(list)
        }
        scalar => Some(scalar.to_string()),
    }
}

/// A text of several lines that can be written as such.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t')
}

/// Can it stand on a line without quotes and come back the same?
fn is_plain_line(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.chars().any(char::is_control)
        && !text.starts_with(['"', '[', '{'])
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok()
}

/// A name that ends at the first blank or colon, else JSON.
fn word(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_$.-".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn indent(depth: usize, out: &mut String) {
    (0..depth).for_each(|_| out.push_str("  "));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_reads_like_a_table() {
        let object = Object {
            per_major: Some(json!({"definition": "SELECT 1\n\n  FROM t"})),
            ..Object::new(
                Key::new("table", "device"),
                json!({
                    "columns": {"device_id": {"type": "int", "default": "0", "nullable": false}},
                    "primary_key": ["device_id"],
                    "parts": [{"a": 1}, "b"],
                }),
            )
        };
        let expected = "\
table device
  columns:
    device_id:
      type: int
      default: \"0\"
      nullable: false
  primary_key: [\"device_id\"]
  parts:
    -
      a: 1
    - b
  ~ per_major:
    definition:
      | SELECT 1
      |
      |   FROM t
";
        assert_eq!(render(&object), expected);
    }
}
