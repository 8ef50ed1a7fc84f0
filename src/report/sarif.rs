//! Static Analysis Results Interchange Format 2.1.0 (OASIS), which GitHub's code scanning and editors read.
//!
//! Sources: the standard, 3.11.6 (messages with embedded links), 3.27 (results), 3.49 (rules); GitHub documentation, "SARIF
//! support for code scanning".

use super::{
    Screen,
    places::{Level, Place, places},
};
use crate::{outcome::Document, visible};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io};

/// What is told without a rule of its own: names, order, `migrations.sum`.
const FILES: &str = "files";

/// What a path may not have in a URI.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Writes the log and a line end.
pub fn write(document: &Document, out: &mut Screen<'_>) -> io::Result<()> {
    let text = serde_json::to_string_pretty(&log(document)).map_err(io::Error::from)?;
    out.exactly(&visible::json(&text))?;
    out.exactly("\n")
}

fn log(document: &Document) -> Value {
    let places: Vec<Place<'_>> = places(document).collect();
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    for place in &places {
        rules.entry(rule_of(place)).or_insert_with(|| rule(place));
    }
    let index = |place: &Place<'_>| rules.keys().position(|name| *name == rule_of(place));
    let results: Vec<Value> = places
        .iter()
        .map(|place| result(place, index(place)))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "sgmp-db",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": document.exit == 0, "exitCode": document.exit }],
            "results": results,
        }],
    })
}

fn rule_of<'a>(place: &Place<'a>) -> &'a str {
    place.ruled.map_or(FILES, |ruled| ruled.rule)
}

fn rule(place: &Place<'_>) -> Value {
    let Some(ruled) = place.ruled else {
        let text = "Names, order and contents of the migration files.";
        return json!({ "id": FILES, "shortDescription": { "text": text } });
    };
    json!({
        "id": ruled.rule,
        "shortDescription": { "text": text(ruled.reason) },
        "help": { "text": text(ruled.safer) },
        "defaultConfiguration": { "level": level(place.level) },
    })
}

fn result(place: &Place<'_>, index: Option<usize>) -> Value {
    let mut parts = vec![text(place.message)];
    parts.extend(place.ruled.map(|ruled| text(ruled.reason)));
    parts.extend(place.remedy.map(|remedy| match place.ruled {
        Some(_) => format!("Instead: {}", text(remedy)),
        None => text(remedy),
    }));
    let mut result = json!({
        "ruleId": rule_of(place),
        "ruleIndex": index,
        "level": level(place.level),
        "message": { "text": parts.join("\n") },
    });
    if let Some(file) = place.file {
        let mut physical = json!({ "artifactLocation": { "uri": uri(file) } });
        if let Some(line) = place.line {
            physical["region"] = json!({ "startLine": line });
        }
        result["locations"] = json!([{ "physicalLocation": physical }]);
    }
    result
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

/// A text on one line that holds no link: `[a](b)` would be one.
fn text(text: &str) -> String {
    visible::line(text).replace('[', "\\[").replace(']', "\\]")
}

/// A path as a relative reference, or as a URI where it is absolute.
fn uri(file: &str) -> String {
    let file = file.strip_prefix("./").unwrap_or(file);
    let encoded = utf8_percent_encode(file, PATH);
    match file.starts_with('/') {
        true => format!("file://{encoded}"),
        false => encoded.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_a_link_or_another_place() {
        assert_eq!(
            text("[a](javascript:b)\n\u{1b}"),
            "\\[a\\](javascript:b)\\n\\u{1b}"
        );
        assert_eq!(uri("./a b/%41\n#é.sql"), "a%20b/%2541%0A%23%C3%A9.sql");
        assert_eq!(uri("/a/b.sql"), "file:///a/b.sql");
    }
}
