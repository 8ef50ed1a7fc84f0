//! A foreign key checks every row while nobody can write to either table.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "foreign-key-validates",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "PostgreSQL checks every row while nobody can write to this table nor to the one referred to. With NOT VALID it checks \
             only new rows, and VALIDATE later lets others write.",
    safer: "ADD CONSTRAINT x FOREIGN KEY (c) REFERENCES u (id) NOT VALID; in the next file VALIDATE CONSTRAINT x",
    bad: "CREATE INDEX CONCURRENTLY device_by_house ON device (house_id);\n\
          ALTER TABLE device ADD CONSTRAINT device_house FOREIGN KEY (house_id) REFERENCES house (id);",
    good: "-- sgmp-db: no-transaction\nCREATE INDEX CONCURRENTLY device_by_house ON device (house_id);\n\
           ALTER TABLE device ADD CONSTRAINT device_house FOREIGN KEY (house_id) REFERENCES house (id) NOT VALID;",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at
        .used_table()
        .filter(|_| clause.act == Act::AddKey && clause.refers())?;
    let other = clause.referred().unwrap_or_default();
    (!clause.has(&["not", "valid"])).then(|| {
        format!("every row of {table} is checked while nobody can write to it nor to {other}")
    })
}
