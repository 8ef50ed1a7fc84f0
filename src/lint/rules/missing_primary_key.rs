//! A table whose rows have no name.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "missing-primary-key",
    subject: Subject::Design,
    dialect: None,
    severity: Severity::Warning,
    reason: "A row that is there twice cannot be told apart, changed or deleted alone. MySQL's replication by rows reads the whole \
             table for every row, and logical replication of PostgreSQL refuses changes. Hypertables are exempt: time is their key.",
    safer: "CREATE TABLE t (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, …); on MySQL: id BIGINT AUTO_INCREMENT PRIMARY KEY",
    bad: "CREATE TABLE house (name VARCHAR(40));",
    good: "CREATE TABLE house (name VARCHAR(40) PRIMARY KEY);",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let read = at.read;
    let table = read
        .table
        .as_deref()
        .filter(|_| read.what == What::CreateTable && !at.is_temporary())?;
    // LIKE, AS SELECT, PARTITION OF and INHERITS take their columns from elsewhere.
    let is_plain = !read.clauses.is_empty()
        && !read
            .clauses
            .iter()
            .any(|one| one.tokens.first().is_some_and(|first| first.is("like")))
        && !read
            .options()
            .iter()
            .any(|word| word.is_any(&["inherits", "select"]));
    let later = |next: &Read<'_>| {
        let of_table = next.table.as_deref() == Some(table);
        let is_hypertable = next.statement.facts.hypertable.as_deref() == Some(table);
        is_hypertable || of_table && next.clauses.iter().any(makes_primary_key)
    };
    let has = read.clauses.iter().any(makes_primary_key)
        || read.statement.facts.hypertable.is_some()
        || at.later().iter().any(later);
    (is_plain && !has).then(|| format!("{table} has no primary key"))
}
