//! Whole outputs kept beside the tests; `BLESS=1` writes them anew.

use serde_json::{Map, Value};
use similar::TextDiff;
use std::{env, fs, path::Path};

/// Compares with `tests/golden/NAME`.
#[track_caller]
pub fn golden(name: &str, actual: &str) {
    // The built-in files are named by the binary's version.
    let version = concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"");
    let actual = actual.replace(version, "\"version\": \"<version>\"");
    let actual = actual.as_str();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of the goldens");
        fs::write(&path, actual).expect("a golden file");
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{name} differs; if that is right, run the tests once with BLESS=1\n{}",
        TextDiff::from_lines(&expected, actual)
            .unified_diff()
            .header("expected", "actual")
    );
}

/// Compares a document of `--json` with `tests/golden/NAME.json`: that it has the members of the contract and
/// `beside` (what the command says beyond them), and that all values are as ever. Of what differs from run
/// to run, times, versions and people are known by their keys; `volatile` are texts with what to read instead.
#[track_caller]
pub fn golden_document(name: &str, document: &Value, beside: &[&str], volatile: &[(&str, &str)]) {
    is_contract(document, beside);
    let mut normal = document.clone();
    settle(&mut normal, "", volatile);
    let text = serde_json::to_string_pretty(&normal).expect("JSON");
    golden(&format!("{name}.json"), &format!("{text}\n"));
}

/// Fails unless every part of the document has the members of the contract, in any order, and no others.
#[track_caller]
pub fn is_contract(document: &Value, beside: &[&str]) {
    let always = [
        "format",
        "command",
        "exit",
        "exits",
        "migrations",
        "targets",
        "ran",
        "findings",
        "notes",
        "error",
    ];
    let all: Vec<&str> = always.iter().chain(beside).copied().collect();
    members(document, "document", &all, &["errors"]);
    for error in document["errors"].as_array().into_iter().flatten() {
        members(
            error,
            "error",
            &["message", "remedy", "target", "file", "line", "statement"],
            &[],
        );
    }
    assert_eq!(document["format"], 1);
    match document["migrations"]["source"].as_str() {
        None => assert!(document["migrations"].is_null(), "{document:#}"),
        Some("built-in") => members(
            &document["migrations"],
            "migrations",
            &["source", "version"],
            &["same_as"],
        ),
        Some(_) => members(
            &document["migrations"],
            "migrations",
            &["source", "directory"],
            &[],
        ),
    }
    for (name, target) in document["targets"].as_object().expect("targets") {
        assert!(["mysql", "timescale"].contains(&name.as_str()), "{name}");
        members(
            target,
            "target",
            &["version", "latest", "applied", "pending", "server"],
            &[],
        );
        for applied in list(&target["applied"]) {
            members(
                applied,
                "applied",
                &["version", "name", "sha256", "applied_on", "duration_ms"],
                &[],
            );
        }
        for pending in list(&target["pending"]) {
            members(pending, "pending", &["version", "name"], &["sql"]);
        }
        if !target["server"].is_null() {
            members(
                &target["server"],
                "server",
                &["version"],
                &["extension", "licence"],
            );
        }
    }
    for ran in list(&document["ran"]) {
        members(
            ran,
            "ran",
            &[
                "target",
                "version",
                "name",
                "statements",
                "duration_ms",
                "outcome",
            ],
            &[],
        );
    }
    let parts = [
        "target", "object", "change", "path", "expected", "actual", "remedy",
    ];
    for finding in list(&document["findings"]) {
        members(finding, "finding", &["kind", "message"], &parts);
    }
    for note in list(&document["notes"]) {
        members(
            note,
            "note",
            &["message"],
            &[&parts[..], &["kind"]].concat(),
        );
    }
    if !document["error"].is_null() {
        members(
            &document["error"],
            "error",
            &["message", "remedy", "target", "file", "line", "statement"],
            &[],
        );
    }
    let first = list(&document["exits"])
        .first()
        .cloned()
        .unwrap_or(Value::from(0));
    assert_eq!(
        document["exit"], first,
        "the exit code is the first of them all"
    );
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

#[track_caller]
fn members(value: &Value, what: &str, always: &[&str], sometimes: &[&str]) {
    let object: &Map<String, Value> = value
        .as_object()
        .unwrap_or_else(|| panic!("{what} is no object: {value}"));
    for name in always {
        assert!(object.contains_key(*name), "{what} lacks {name}: {value:#}");
    }
    for name in object.keys() {
        let known = always.contains(&name.as_str()) || sometimes.contains(&name.as_str());
        assert!(
            known,
            "{what} has {name}, which is not in the contract: {value:#}"
        );
    }
}

/// Replaces what differs from run to run by what it is. Null stays null.
fn settle(value: &mut Value, key: &str, volatile: &[(&str, &str)]) {
    match value {
        Value::Object(members) => {
            let server = key == "server" || key == "migrations";
            for (name, member) in members.iter_mut() {
                let shown = match name.as_str() {
                    "duration_ms" => Some("<milliseconds>"),
                    "applied_on" | "started_at" => Some("<time>"),
                    "who" => Some("<who>"),
                    "tool_version" | "extension" => Some("<version>"),
                    "version" if server => Some("<version>"),
                    _ => None,
                };
                match shown {
                    Some(shown) if !member.is_null() => *member = Value::from(shown),
                    _ => settle(member, name, volatile),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|one| settle(one, key, volatile)),
        Value::String(text) => {
            for (from, to) in volatile {
                *text = text.replace(from, to);
            }
        }
        _ => {}
    }
}
