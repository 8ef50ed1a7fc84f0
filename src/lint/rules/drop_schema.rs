//! DROP DATABASE and DROP SCHEMA.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "drop-schema",
    subject: Subject::Loss,
    dialect: None,
    severity: Severity::Error,
    reason: "Everything in it is gone. A migration belongs to one database and has no business with another one as a whole.",
    safer: "DROP TABLE for each table that is meant",
    bad: "DROP SCHEMA reporting;",
    good: "CREATE VIEW named AS SELECT id FROM house;",
    find: Find::Statement(find),
};

fn find(at: &At<'_, '_>) -> Option<String> {
    let gone = at.read.statement.facts.verb == Verb::Drop
        && at
            .read
            .tokens
            .get(1)
            .is_some_and(|word| word.is_any(&["database", "schema"]));
    gone.then(|| "everything in it is gone for good".to_owned())
}
