//! A default that is worked out for each row makes PostgreSQL write every row anew.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "volatile-default",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "PostgreSQL adds a column with a constant default in an instant. Where the default differs from row to row it \
             writes the whole table and its indexes anew, and nobody can even read it meanwhile.",
    safer: "ALTER TABLE t ADD COLUMN c uuid; ALTER TABLE t ALTER COLUMN c SET DEFAULT gen_random_uuid(); then fill the old rows in batches",
    bad: "ALTER TABLE house ADD COLUMN token uuid DEFAULT gen_random_uuid();",
    good: "ALTER TABLE house ADD COLUMN token uuid;\nALTER TABLE house ALTER COLUMN token SET DEFAULT gen_random_uuid();",
    find: Find::Clause(find),
};

/// Functions of PostgreSQL and its usual extensions that give another value at each call.
const VOLATILE: [&str; 13] = [
    "random",
    "random_normal",
    "clock_timestamp",
    "timeofday",
    "gen_random_uuid",
    "gen_random_bytes",
    "uuidv4",
    "uuidv7",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "nextval",
    "setval",
    "txid_current",
];

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at.used_table().filter(|_| clause.act == Act::AddColumn)?;
    let default = clause.default()?;
    let function = default
        .windows(2)
        .find(|two| two[0].is_any(&VOLATILE) && two[1].is_symbol("("))?;
    let function = function[0].text;
    Some(format!(
        "{function}() gives each row of {table} another value, so the whole table is written anew"
    ))
}
