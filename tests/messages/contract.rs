//! What every golden of a failure has: what is in the database, and a command that this binary takes.

use super::support::remedies::{accepted, commands};
use std::{fs, path::Path};

/// How a message says what is in the database.
const THERE: [&str; 13] = [
    "in the database",
    "nothing was changed",
    "nothing was recorded",
    "no file was begun",
    "how far they are is not known",
    "is pending",
    "is not applied",
    "after it was applied",
    "is what was applied",
    "is recorded as applied",
    "newest applied migration",
    // Nothing was asked about one that the database has.
    "there is no migration V",
    "is a migration of both databases",
];

/// One command with what it said.
struct Step<'a> {
    typed: &'a str,
    code: &'a str,
    said: Vec<&'a str>,
}

fn steps(story: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for line in story.lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            steps.push(Step {
                typed,
                code: "",
                said: Vec::new(),
            });
        } else if let Some(step) = steps.last_mut() {
            match line.split_at(2) {
                ("> ", code) => step.code = code,
                ("| " | "! ", said) => step.said.push(said),
                _ => {}
            }
        }
    }
    steps
}

/// What the step tells people to type.
fn remedies(step: &Step<'_>) -> Vec<String> {
    let told = step.said.iter().map(|line| line.trim_start());
    told.filter(|line| line.starts_with("hint:") || line.starts_with("-> "))
        .flat_map(commands)
        .collect()
}

/// What a step that failed lacks.
fn lacks(step: &Step<'_>) -> Option<String> {
    if step.code == "exit 0" {
        return None;
    }
    let remedies = remedies(step);
    if remedies.is_empty() {
        return Some("says nothing to type".to_owned());
    }
    if let Some(wrong) = remedies.iter().find(|command| !accepted(command)) {
        return Some(format!("tells people to type what is no command: {wrong}"));
    }
    let offline = step.typed.starts_with("sgmp-db check");
    let there = THERE
        .iter()
        .any(|words| step.said.iter().any(|line| line.contains(words)));
    (!there && !offline).then(|| "does not say what is in the database".to_owned())
}

#[test]
fn every_failure_says_what_is_in_the_database_and_what_to_type_next() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/messages");
    let mut failures = 0;
    let tunnel = folder.join("tunnel");
    let entries = [&folder, &tunnel].map(|folder| fs::read_dir(folder).unwrap());
    for path in entries.into_iter().flatten() {
        let path = path.unwrap().path();
        // Where no database was reached, nothing is said of one.
        let name = path.file_name().unwrap().to_string_lossy();
        let is_story = name.contains(".mysql.") || name.contains(".timescale.");
        if path.is_dir() || path.parent() == Some(&tunnel) && !is_story {
            continue;
        }
        let story = fs::read_to_string(&path).unwrap();
        for step in steps(&story) {
            failures += usize::from(step.code != "exit 0");
            let lacks = lacks(&step);
            assert_eq!(
                lacks,
                None,
                "{}: {} {}",
                path.display(),
                step.typed,
                step.said.join("\n")
            );
        }
    }
    assert!(failures > 100, "only {failures} failures were looked at");
}

#[test]
fn a_message_that_lacks_one_of_both_is_found() {
    let found = |said: &str| {
        let story = format!("$ sgmp-db upgrade\n> exit 7\n{said}");
        lacks(&steps(&story)[0])
    };
    let fact = "! error: 1 of 2 statements are in the database\n";
    assert_eq!(found(fact).unwrap(), "says nothing to type");
    let hint = "!  hint: go on with: sgmp-db upgrade --only mysql\n";
    assert_eq!(found(hint).unwrap(), "does not say what is in the database");
    let wrong = format!("{fact}!  hint: sgmp-db conjure\n");
    assert!(found(&wrong).unwrap().contains("sgmp-db conjure"));
    assert_eq!(found(&format!("{fact}{hint}")), None);
}
