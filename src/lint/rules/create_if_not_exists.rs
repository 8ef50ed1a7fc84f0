//! IF NOT EXISTS takes what is there, whatever it is.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "create-if-not-exists",
    subject: Subject::Design,
    dialect: None,
    severity: Severity::Warning,
    reason: "A table of that name with other columns is left as it is, and the file counts as applied. sgmp-db knows what is applied, \
             so that a file never needs it.",
    safer: "CREATE TABLE t (…); a database that already has the table: sgmp-db adopt",
    bad: "CREATE TABLE IF NOT EXISTS house (id INT PRIMARY KEY);",
    good: "CREATE TABLE house (id INT PRIMARY KEY);",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let made = at.read.what == What::CreateTable && !at.is_temporary();
    let head: Vec<Token<'_>> = at.read.tokens.iter().copied().take(6).collect();
    (made && contains(&head, &["if", "not", "exists"])).then(|| {
        format!(
            "another {} that is there would be taken for this one",
            at.table()
        )
    })
}
