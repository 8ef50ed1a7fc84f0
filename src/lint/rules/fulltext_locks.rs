//! A full text or spatial index lets nobody write.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "fulltext-locks",
    subject: Subject::Locks,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "MySQL builds it while nobody can write; the first full text index of a table also writes the table anew.",
    safer: "give the index with the table's CREATE TABLE; on a table in use, at a quiet time",
    bad: "CREATE FULLTEXT INDEX house_words ON house (description);",
    good: "CREATE TABLE house (id INT PRIMARY KEY, description TEXT, FULLTEXT INDEX house_words (description));",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let table = at.used_table()?;
    let is_one =
        |token: Option<&Token<'_>>| token.is_some_and(|word| word.is_any(&["fulltext", "spatial"]));
    let added = |one: &Clause<'_>| one.act == Act::AddKey && is_one(one.tokens.get(1));
    let made = at.read.what == What::CreateIndex && is_one(at.read.tokens.get(1));
    (made || at.read.clauses.iter().any(added))
        .then(|| format!("nobody can write to {table} until the index is built"))
}
