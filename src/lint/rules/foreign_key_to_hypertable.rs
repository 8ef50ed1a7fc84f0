//! A foreign key that refers to a hypertable.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "foreign-key-to-hypertable",
    subject: Subject::Design,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "TimescaleDB before 2.16 refuses it, every version refuses it from another hypertable, and a retention policy fails or takes the \
             referring rows along.",
    safer: "an ordinary column without REFERENCES, and a check in the application",
    bad: "SELECT create_hypertable('reading', 'taken');\n\
          CREATE TABLE note (id bigint PRIMARY KEY, taken timestamptz, FOREIGN KEY (id, taken) REFERENCES reading (id, taken));\n\
          CREATE INDEX note_by_reading ON note (id, taken);",
    good: "SELECT create_hypertable('reading', 'taken');\nCREATE TABLE note (id bigint PRIMARY KEY, taken timestamptz);",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let other = clause.referred().filter(|_| clause.refers())?;
    at.known
        .hypertables
        .contains_key(&other)
        .then(|| format!("{other} is a hypertable"))
}
