//! PostgreSQL does not index what refers to another table.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "foreign-key-without-index",
    subject: Subject::Design,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "Every DELETE of a row that is referred to reads the whole table that refers, and so does every join. MySQL makes the \
             index by itself, PostgreSQL does not.",
    safer: "CREATE INDEX ON t (c)",
    bad: "CREATE TABLE device (id bigint PRIMARY KEY, house_id bigint REFERENCES house (id));",
    good: "CREATE TABLE device (id bigint PRIMARY KEY, house_id bigint REFERENCES house (id));\nCREATE INDEX device_by_house ON device (house_id);",
    find: Find::File(find),
};

fn find(file: &File<'_>, known: &Known) -> Vec<(usize, String)> {
    let mut told = Vec::new();
    for (index, read) in file.statements.iter().enumerate() {
        let Some(table) = read.table.as_deref() else {
            continue;
        };
        for clause in read.clauses.iter().filter(|clause| clause.refers()) {
            let columns = clause.key_columns();
            let begins = |one: &Vec<String>| {
                one.len() >= columns.len()
                    && columns
                        .iter()
                        .all(|column| one[..columns.len()].contains(column))
            };
            let has = known
                .indexes
                .get(table)
                .is_some_and(|indexes| indexes.iter().any(begins));
            if !has && !columns.is_empty() {
                told.push((
                    index,
                    format!(
                        "{table} ({}) refers to another table and has no index",
                        columns.join(", ")
                    ),
                ));
            }
        }
    }
    told
}
