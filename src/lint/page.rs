//! The pages of the rules in docs/lint.md; `BLESS=1` writes them anew.

use super::{tests::part, *};
use std::{env, fmt::Write, fs, path::Path};

const BEGIN: &str = "<!-- written by src/lint/page.rs: BLESS=1 cargo test --lib lint -->\n";

fn pages() -> String {
    let mut text = String::from(BEGIN);
    text.push_str("## Refused before a run as well\n\n| rule | why | `allow` |\n|---|---|---|\n");
    for one in &REFUSALS {
        let can = if one.can_be_allowed { "yes" } else { "no" };
        writeln!(text, "| `{}` | {} | {can} |", one.name, one.reason).unwrap();
    }
    text.push_str("\n## All rules\n\n| rule | SQL | |\n|---|---|---|\n");
    let mut rules = RULES.to_vec();
    rules.sort_by_key(|rule| (rule.subject, rule.name));
    for rule in &rules {
        writeln!(
            text,
            "| [`{0}`](#{0}) | {1} | {2} |",
            rule.name,
            sql(rule),
            severity(rule)
        )
        .unwrap();
    }
    let mut subject = None;
    for rule in rules {
        if subject != Some(rule.subject) {
            subject = Some(rule.subject);
            writeln!(text, "\n## {}", title(rule.subject)).unwrap();
        }
        text.push_str(&page(rule));
    }
    text
}

fn page(rule: &Rule) -> String {
    let mut text = format!(
        "\n### {}\n{}, {}. {}\n\nInstead: {}\n\n",
        rule.name,
        sql(rule),
        severity(rule),
        rule.reason,
        rule.safer
    );
    write!(
        text,
        "```sql\n-- bad\n{}\n-- good\n{}\n```\n",
        shortened(rule.bad),
        shortened(rule.good)
    )
    .unwrap();
    text
}

/// An example of many equal lines by its first ones.
fn shortened(example: &str) -> String {
    let lines: Vec<&str> = example.lines().collect();
    match lines.len() {
        0..=12 => example.to_owned(),
        count => format!(
            "{}\n-- … {} more of these",
            lines[..2].join("\n"),
            count - 2
        ),
    }
}

fn sql(rule: &Rule) -> &'static str {
    match rule.dialect {
        None => "both",
        Some(Dialect::Mysql) => "MySQL",
        Some(Dialect::Postgres) => "PostgreSQL",
    }
}

fn severity(rule: &Rule) -> &'static str {
    match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn title(subject: Subject) -> &'static str {
    match subject {
        Subject::Locks => "What locks or rewrites a table",
        Subject::Loss => "What loses data",
        Subject::Running => "What fails half-way, or while the application runs",
        Subject::Design => "How a table should be",
        Subject::Names => "Names",
        Subject::Elsewhere => "What belongs elsewhere",
    }
}

#[test]
fn the_pages_are_those_of_the_rules() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint.md");
    let text = fs::read_to_string(&file).unwrap();
    let begin = text.find(BEGIN).expect("the mark");
    if env::var_os("BLESS").is_some() {
        fs::write(&file, format!("{}{}", &text[..begin], pages())).unwrap();
        return;
    }
    assert!(
        text[begin..] == pages(),
        "docs/lint.md differs; write it anew: BLESS=1 cargo test --lib lint"
    );
}

#[test]
fn examples_of_both_servers_are_taken_apart() {
    let example = "-- MySQL:\na\n-- PostgreSQL:\nb";
    assert_eq!(
        (
            part(Dialect::Mysql, example),
            part(Dialect::Postgres, example)
        ),
        ("a", "b")
    );
}
