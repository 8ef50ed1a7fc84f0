//! INSERT that relies on the order of columns.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "insert-without-columns",
    subject: Subject::Design,
    dialect: None,
    severity: Severity::Warning,
    reason: "It goes wrong, in the worst case without an error, as soon as a table has another column or another order, as after adopt \
             or on a server that was repaired by hand.",
    safer: "INSERT INTO t (a, b) VALUES (1, 2)",
    bad: "INSERT INTO house VALUES (1, 'a');",
    good: "INSERT INTO house (id, name) VALUES (1, 'a');",
    find: Find::Rows(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    if !matches!(at.read.statement.facts.verb, Verb::Insert | Verb::Replace) {
        return None;
    }
    let verbs = [
        "insert",
        "replace",
        "into",
        "ignore",
        "low_priority",
        "delayed",
        "high_priority",
    ];
    let from = skip(&at.read.tokens, &verbs);
    let (table, used) = name(at.file.dialect, at.read.tokens.get(from..)?)?;
    let next = at.read.tokens.get(from + used)?;
    next.is_any(&["values", "value", "select", "table"])
        .then(|| format!("the values rely on the order of the columns of {table}"))
}
