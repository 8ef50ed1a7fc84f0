//! Data of tables with and without transactions in one file.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "mixed-engines",
    subject: Subject::Running,
    dialect: Some(Dialect::Mysql),
    severity: Severity::Warning,
    reason: "Rows of a table without transactions stay when the statements around them are rolled back, and after a crash nothing \
             tells which of them are there.",
    safer: "data of tables without transactions in a file of its own",
    bad: "CREATE TABLE seen (id INT PRIMARY KEY) ENGINE=MEMORY;\nINSERT INTO house (id) VALUES (1);\nINSERT INTO seen (id) VALUES (1);",
    good: "INSERT INTO house (id) VALUES (1);\nINSERT INTO street (id) VALUES (1);",
    find: Find::File(find),
};

fn find(file: &File<'_>, known: &Known) -> Vec<(usize, String)> {
    let engine = |read: &Read<'_>| known.engines.get(read.table.as_deref()?).cloned();
    let data = || {
        file.statements
            .iter()
            .enumerate()
            .filter(|(_, read)| read.is_data())
    };
    let without = data().find_map(|(index, read)| Some((index, engine(read)?)));
    let has_ordinary = data().any(|(_, read)| engine(read).is_none());
    let told = without.filter(|_| has_ordinary);
    told.into_iter()
        .map(|(index, engine)| {
            (
                index,
                format!("a {engine} table has no transactions, and other data of the file has"),
            )
        })
        .collect()
}
