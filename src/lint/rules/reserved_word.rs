//! A name that must be quoted for ever.

use super::{super::reserved::is_reserved, prelude::*};

pub const RULE: Rule = Rule {
    name: "reserved-word",
    subject: Subject::Names,
    dialect: None,
    severity: Severity::Warning,
    reason: "Whoever forgets the quotes gets a syntax error, in every query and every tool.",
    safer: "another name: app_user, sort_order, row_limit",
    bad: "-- MySQL:\nCREATE TABLE house (id INT PRIMARY KEY, `order` INT);\n\
          -- PostgreSQL:\nCREATE TABLE house (id INT PRIMARY KEY, \"order\" INT);",
    good: "CREATE TABLE house (id INT PRIMARY KEY, sort_order INT);",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let made = matches!(at.read.what, What::CreateTable | What::AlterTable);
    let table = at
        .read
        .table
        .iter()
        .filter(|_| at.read.what == What::CreateTable)
        .map(String::as_str);
    let columns = at
        .read
        .clauses
        .iter()
        .filter(|one| one.is_column())
        .filter_map(|one| one.name.as_deref());
    let word = table
        .chain(columns)
        .find(|name| is_reserved(at.file.dialect, name))
        .filter(|_| made)?;
    Some(format!(
        "{word} is a word of SQL's and must be quoted in every query"
    ))
}
