//! A name that depends on the server's settings, or must be quoted.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "mixed-case-name",
    subject: Subject::Names,
    dialect: None,
    severity: Severity::Warning,
    reason: "PostgreSQL finds a quoted \"House\" only by quotes in every query. On MySQL House and house are two tables on Linux and \
             one elsewhere (lower_case_table_names), and RDS cannot change that later.",
    safer: "small letters and underscores: house_number",
    bad: "-- MySQL:\nCREATE TABLE House (id INT PRIMARY KEY);\n-- PostgreSQL:\nCREATE TABLE \"House\" (id INT PRIMARY KEY);",
    good: "CREATE TABLE house (id INT PRIMARY KEY);",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let facts = &at.read.statement.facts;
    let name = facts
        .objects
        .first()
        .filter(|one| one.kind == "table" && at.read.what == What::CreateTable)?;
    let mixed = name.name.chars().any(char::is_uppercase);
    mixed.then(|| format!("{} has capital letters", name.name))
}
