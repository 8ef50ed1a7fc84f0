//! A password in a file that everybody reads.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "password-in-migration",
    subject: Subject::Elsewhere,
    dialect: None,
    severity: Severity::Error,
    reason: "It stays in version control, in the binary, in sgmp_db_ledger and in the server's logs, and is the same on every server.",
    safer: "CREATE ROLE r without LOGIN in the migration; logins and their passwords where secrets are kept",
    bad: "-- MySQL:\nCREATE USER reader IDENTIFIED BY 'secret';\n-- PostgreSQL:\nCREATE ROLE reader LOGIN PASSWORD 'secret';",
    good: "CREATE ROLE reader;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let read = at.read;
    let account = read
        .tokens
        .get(1)
        .is_some_and(|word| word.is_any(&["user", "role", "group"]));
    let verbs = matches!(read.statement.facts.verb, Verb::Create | Verb::Alter) && account
        || read.statement.facts.verb == Verb::Grant;
    let sets = read.begins(&["set", "password"]);
    let mapping =
        read.begins(&["create", "user", "mapping"]) || read.begins(&["alter", "user", "mapping"]);
    let says = |words: &[&str]| {
        let at = (0..read.tokens.len()).find(|at| sequence(&read.tokens[*at..], words));
        let next = at.and_then(|at| read.tokens.get(at + words.len()));
        next.is_some_and(|next| next.kind == TokenKind::String && next.text.len() > 2)
    };
    let word = says(&["password"]) || says(&["by"]) && read.has(&["identified"]);
    ((verbs || mapping) && word || sets).then(|| "a password stands in the file".to_owned())
}
