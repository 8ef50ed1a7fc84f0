//! A new column that must have a value, and none for the rows that are there.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "required-column",
    subject: Subject::Running,
    dialect: None,
    severity: Severity::Warning,
    reason: "PostgreSQL refuses it where the table has rows. MySQL invents a value for each (an empty text, 0), which nobody can \
             tell from a real one later. The application that still runs cannot insert either.",
    safer: "ALTER TABLE t ADD COLUMN c VARCHAR(40) NOT NULL DEFAULT 'a value that is true of the old rows'",
    bad: "ALTER TABLE house ADD COLUMN street VARCHAR(256) NOT NULL;",
    good: "ALTER TABLE house ADD COLUMN street VARCHAR(256) NOT NULL DEFAULT 'unknown';",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at.used_table().filter(|_| clause.act == Act::AddColumn)?;
    let given = ["default", "generated", "as", "auto_increment"]
        .iter()
        .any(|word| clause.has(&[word]));
    let counts = clause.base().contains("serial");
    let required = clause.has(&["not", "null"]) && !given && !counts;
    let name = clause.name.as_deref().filter(|_| required)?;
    Some(match at.file.dialect {
        Dialect::Mysql => format!("the rows of {table} get a value for {name} that MySQL invents"),
        Dialect::Postgres => format!(
            "{name} has no value for the rows of {table}, so this fails where there are any"
        ),
    })
}
