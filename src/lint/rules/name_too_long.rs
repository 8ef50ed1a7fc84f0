//! A name that the server refuses or cuts.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "name-too-long",
    subject: Subject::Names,
    dialect: None,
    severity: Severity::Error,
    reason: "MySQL refuses a name of more than 64 characters (error 1059). PostgreSQL cuts it at 63 bytes without an error, so that two \
             names may become one and no query finds the name as written.",
    safer: "a shorter name",
    bad: "CREATE TABLE a_name_that_goes_on_and_on_and_on_until_no_server_will_take_it_as_it_is (id INT PRIMARY KEY);",
    good: "CREATE TABLE house (id INT PRIMARY KEY);",
    find: Find::Statement(find),
};

/// Source: MySQL 8.4 Reference Manual, 11.2.1; PostgreSQL documentation, 4.1.1 (NAMEDATALEN).
fn is_too_long(dialect: Dialect, name: &str) -> bool {
    match dialect {
        Dialect::Mysql => name.chars().count() > 64,
        Dialect::Postgres => name.len() > 63,
    }
}

fn find(at: &At<'_, '_>) -> Option<String> {
    if !matches!(
        at.read.statement.facts.verb,
        Verb::Create | Verb::Alter | Verb::Rename
    ) || at.read.is_program()
    {
        return None;
    }
    let is_name = |token: &&Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::Quoted);
    let starts_as_name = |name: &String| !name.starts_with(|c: char| c.is_ascii_digit());
    let dialect = at.file.dialect;
    let names = at
        .read
        .tokens
        .iter()
        .filter(is_name)
        .map(|token| token.name(dialect))
        .filter(starts_as_name);
    let long = names.into_iter().find(|name| is_too_long(dialect, name))?;
    Some(format!("{long} has {} characters", long.chars().count()))
}
