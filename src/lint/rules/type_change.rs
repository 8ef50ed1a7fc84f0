//! A column's new type writes the table anew.

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "type-change",
    subject: Subject::Locks,
    dialect: Some(Dialect::Postgres),
    severity: Severity::Warning,
    reason: "PostgreSQL writes the table and its indexes anew while nobody can read it. Only a type that takes whatever the old \
             one took in the same form (varchar(10) to varchar(20) or text, numeric(8,2) to numeric(10,2)) costs nothing.",
    safer: "add a column of the new type, keep both equal by a trigger, fill it in batches, and rename in the end",
    bad: "ALTER TABLE house ALTER COLUMN number TYPE bigint;",
    good: "CREATE TABLE street (id bigint PRIMARY KEY, name varchar(40));\nALTER TABLE street ALTER COLUMN name TYPE varchar(80);",
    find: Find::Clause(find),
};

fn find(clause: &Clause<'_>, at: &At<'_, '_>) -> Option<String> {
    let table = at.used_table().filter(|_| clause.act == Act::AlterColumn)?;
    let (name, new) = (clause.name.clone()?, new_kind(clause)?);
    let old = at.known.column(table, &name);
    let is_wider = old.is_some_and(|old| widens(&old.kind, &new));
    (!is_wider).then(|| format!("{table}.{name} becomes {new}, so the table may be written anew while nobody can read it"))
}

/// Takes the new type whatever the old one took, in the same form?
fn widens(old: &str, new: &str) -> bool {
    let (old, new) = (parsed(old), parsed(new));
    let text = ["varchar", "character varying", "text"];
    if text.contains(&old.0) && text.contains(&new.0) {
        let length = |kind: &(&str, Vec<u32>)| kind.1.first().copied().unwrap_or(u32::MAX);
        return length(&new) >= length(&old);
    }
    let numbers = ["numeric", "decimal"];
    match (
        numbers.contains(&old.0) && numbers.contains(&new.0),
        &old.1[..],
        &new.1[..],
    ) {
        (true, _, []) => true,
        (true, [precision, scale], [more, same]) => more >= precision && same == scale,
        _ => old == new,
    }
}

/// `numeric(8,2)` as `numeric` and its numbers.
fn parsed(kind: &str) -> (&str, Vec<u32>) {
    let (base, rest) = kind.split_once('(').unwrap_or((kind, ""));
    let numbers = rest
        .trim_end_matches(')')
        .split(',')
        .filter_map(|number| number.trim().parse().ok());
    (base.trim(), numbers.collect())
}
