//! A new value of an enum in the transaction that makes it.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "enum-value-used",
    subject: Subject::Running,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "PostgreSQL refuses a new value until the transaction that made it has ended (55P04), so that the file fails.",
    safer: "ALTER TYPE … ADD VALUE in one file, its first use in the next",
    bad: "ALTER TYPE mood ADD VALUE 'glad';\nUPDATE house SET mood = 'glad' WHERE id = 1;",
    good: "ALTER TYPE mood ADD VALUE 'glad';",
    find: Find::File(find),
};

fn find(file: &File<'_>, _: &Known) -> Vec<(usize, String)> {
    let mut values: Vec<&str> = Vec::new();
    let mut told = Vec::new();
    for (index, read) in file.statements.iter().enumerate().filter(|_| file.atomic) {
        if read.begins(&["alter", "type"]) {
            let value = read
                .tokens
                .iter()
                .find(|token| token.kind == TokenKind::String);
            values.extend(
                value
                    .filter(|_| read.has(&["add", "value"]))
                    .map(|token| token.text),
            );
        } else if let Some(value) = values
            .iter()
            .find(|value| read.statement.text().contains(**value))
        {
            told.push((
                index,
                format!("{value} cannot be used in the transaction that adds it"),
            ));
        }
    }
    told
}
