//! A foreign key copies the table.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "foreign-key-copies",
    subject: Subject::Locks,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "MySQL copies the table to check every row, and nobody can write to it meanwhile. With foreign_key_checks=0 it does \
             neither, and keeps rows that refer to nothing.",
    safer: "give the key with the table's CREATE TABLE; on a table in use, at a quiet time",
    bad: "ALTER TABLE device ADD FOREIGN KEY (house_id) REFERENCES house (house_id);",
    good: "CREATE TABLE device (id INT PRIMARY KEY, house_id INT NOT NULL, FOREIGN KEY (house_id) REFERENCES house (house_id));",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at
        .used_table()
        .filter(|_| clause.act == Act::AddKey && clause.refers())?;
    Some(format!(
        "{table} is copied to check every row, and nobody can write to it meanwhile"
    ))
}
