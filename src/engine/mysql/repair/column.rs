//! How is a column written in CREATE TABLE and ALTER TABLE, and does changing it lose something?

use super::collations;
use crate::engine::mysql::catalog::columns::{Column, quoted};
use std::fmt::Write;

/// Types in which each holds all values of those before it.
const WIDENING: [&[&str]; 4] = [
    &[
        "tinyint(1)",
        "tinyint",
        "smallint",
        "mediumint",
        "int",
        "bigint",
    ],
    &[
        "tinyint unsigned",
        "smallint unsigned",
        "mediumint unsigned",
        "int unsigned",
        "bigint unsigned",
    ],
    &["tinytext", "text", "mediumtext", "longtext"],
    &["tinyblob", "blob", "mediumblob", "longblob"],
];

/// A column as SQL, without its name. A collation is written where it is not the table's.
pub fn definition(column: &Column, comment: Option<&str>) -> String {
    let mut sql = column.kind.clone();
    if let Some(collation) = &column.collation {
        write(&mut sql, &collations::clause(collation));
    }
    if let Some(generated) = &column.generated {
        let storage = generated.storage.to_ascii_uppercase();
        write(
            &mut sql,
            &format!("GENERATED ALWAYS AS ({}) {storage}", generated.expression),
        );
    }
    write(&mut sql, if column.nullable { "NULL" } else { "NOT NULL" });
    if let Some(default) = &column.default {
        write(&mut sql, &format!("DEFAULT {default}"));
    }
    if let Some(function) = &column.on_update {
        write(&mut sql, &format!("ON UPDATE {function}"));
    }
    if column.auto_increment {
        write(&mut sql, "AUTO_INCREMENT");
    }
    if column.invisible {
        write(&mut sql, "INVISIBLE");
    }
    if let Some(srid) = column.srid {
        write(&mut sql, &format!("SRID {srid}"));
    }
    if let Some(comment) = comment.filter(|comment| !comment.is_empty()) {
        write(&mut sql, &format!("COMMENT {}", quoted(comment)));
    }
    sql
}

fn write(sql: &mut String, clause: &str) {
    // Writing to a String cannot fail.
    write!(sql, " {clause}").unwrap_or_default();
}

/// Does it hold text, and so has a collation?
pub fn has_collation(kind: &str) -> bool {
    let word = kind.split(['(', ' ']).next().unwrap_or_default();
    [
        "char",
        "varchar",
        "tinytext",
        "text",
        "mediumtext",
        "longtext",
        "enum",
        "set",
    ]
    .contains(&word)
}

/// Can MODIFY not do it? The server refuses to make a column virtual or no longer virtual.
pub fn needs_making_anew(expected: &Column, actual: &Column) -> bool {
    let is_virtual = |column: &Column| {
        column
            .generated
            .as_ref()
            .is_some_and(|generated| generated.storage == "virtual")
    };
    let becomes_generated = expected.generated.is_some() != actual.generated.is_some();
    is_virtual(expected) != is_virtual(actual)
        || (becomes_generated && expected.generated.is_some())
}

/// What a change of the type may lose, in words.
pub fn cost(name: &str, expected: &Column, actual: &Column) -> Option<String> {
    if expected.generated.is_some() {
        return (actual.generated.is_none())
            .then(|| format!("the values of column {name} are computed anew"));
    }
    if actual.generated.is_some() && needs_making_anew(expected, actual) {
        return Some(format!("the computed values of column {name} are lost"));
    }
    let (from, to) = (actual.kind.as_str(), expected.kind.as_str());
    (from != to && !widens(from, to))
        .then(|| format!("column {name} goes from {from} to {to}: what does not fit is lost"))
}

fn widens(from: &str, to: &str) -> bool {
    let ranked = WIDENING.iter().any(|ranks| {
        let rank = |kind: &str| ranks.iter().position(|known| *known == kind);
        matches!((rank(from), rank(to)), (Some(from), Some(to)) if from <= to)
    });
    ranked || longer(from, to) || more_members(from, to)
}

/// `varchar(10)` to `varchar(20)`, `datetime(3)` to `datetime(6)`.
fn longer(from: &str, to: &str) -> bool {
    let parts = |kind: &str| {
        let (name, rest) = kind.split_once('(').unwrap_or((kind, "0)"));
        let length: Option<u32> = rest.strip_suffix(')')?.parse().ok();
        Some((name.to_owned(), length?))
    };
    let known = [
        "varchar",
        "varbinary",
        "char",
        "datetime",
        "timestamp",
        "time",
        "bit",
    ];
    matches!(
        (parts(from), parts(to)),
        (Some((name, short)), Some((other, long)))
            if name == other && short <= long && known.contains(&name.as_str())
    )
}

/// An enum or set that gains members at its end.
fn more_members(from: &str, to: &str) -> bool {
    let list = from.starts_with("enum(") || from.starts_with("set(");
    let begins = from
        .strip_suffix(')')
        .is_some_and(|members| to.starts_with(&format!("{members},")));
    list && begins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widening_a_type_costs_nothing_and_narrowing_may() {
        for (from, to) in [
            ("int", "bigint"),
            ("varchar(10)", "varchar(256)"),
            ("datetime", "datetime(6)"),
            ("text", "longtext"),
            ("enum('a','b')", "enum('a','b','c')"),
        ] {
            assert!(widens(from, to), "{from} {to}");
            assert!(!widens(to, from), "{to} {from}");
        }
        assert!(!widens("int", "int unsigned"));
        assert!(!widens("varchar(10)", "text"));
    }
}
