//! How is a column written in CREATE TABLE and ALTER TABLE, and does changing it lose something?

use super::collations;
use crate::{
    engine::mysql::{
        catalog::columns::{Column, quoted},
        session::identifier,
    },
    sql::{Dialect, tokens},
};
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
    match column.default.as_deref() {
        // No digits make no number.
        Some("0x") => write(&mut sql, "DEFAULT ''"),
        Some(default) => write(&mut sql, &format!("DEFAULT {default}")),
        None => {}
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

/// What a change of the type may lose, in words; `is_anew`: it is dropped and added again.
pub fn cost(name: &str, expected: &Column, actual: &Column, is_anew: bool) -> Option<String> {
    if expected.generated.is_some() {
        let words = "are computed again, and what they were is lost";
        return (actual.generated.is_none())
            .then(|| format!("the values of column {name} {words}"));
    }
    if actual.generated.is_some() && is_anew {
        return Some(format!("the computed values of column {name} are lost"));
    }
    let (from, to) = (actual.kind.as_str(), expected.kind.as_str());
    (from != to && !widens(from, to))
        .then(|| format!("column {name} goes from {from} to {to}: what does not fit is lost"))
}

/// Functions whose value another server would not repeat: the binary log refuses a new column with
/// one in its default. Source: MySQL 8.0 Reference Manual, 19.2.1.3 (unsafe statements), 13.6.
const UNSAFE: [&str; 14] = [
    "uuid",
    "uuid_short",
    "rand",
    "random_bytes",
    "sysdate",
    "user",
    "current_user",
    "session_user",
    "system_user",
    "version",
    "found_rows",
    "row_count",
    "load_file",
    "connection_id",
];

/// Does a default have a value that another server would not repeat?
pub fn is_unsafe(default: &str) -> bool {
    let tokens = tokens(Dialect::Mysql, default);
    tokens
        .windows(2)
        .any(|pair| pair[0].is_any(&UNSAFE) && pair[1].is_symbol("("))
}

/// What do the rows that are there get in a new column that takes no NULL and has no default?
/// Source: MySQL 8.0 Reference Manual, 13.6 (implicit defaults).
pub fn filling(name: &str, column: &Column) -> Option<String> {
    let is_told = column.nullable
        || column.default.is_some()
        || column.generated.is_some()
        || column.auto_increment;
    if is_told {
        return None;
    }
    let word = column.kind.split(['(', ' ']).next().unwrap_or_default();
    let value = match word {
        "date" | "datetime" | "point" | "geometry" | "linestring" | "polygon" | "multipoint"
        | "multilinestring" | "multipolygon" | "geomcollection" => {
            return Some(format!(
                "in a table with rows the server refuses column {name} (errors 1292, 1138), because it has \
                 no default: add it with NULL, fill it, then MODIFY it to NOT NULL"
            ));
        }
        "timestamp" => "'0000-00-00 00:00:00'".to_owned(),
        "time" => "'00:00:00'".to_owned(),
        "year" => "0000".to_owned(),
        "json" => "the JSON null".to_owned(),
        "enum" => {
            let tokens = tokens(Dialect::Mysql, &column.kind);
            tokens
                .get(2)
                .map_or_else(String::new, |token| token.text.to_owned())
        }
        "binary" => "zero bytes".to_owned(),
        _ if has_collation(&column.kind) || word.contains("blob") || word == "varbinary" => {
            "''".to_owned()
        }
        _ => "0".to_owned(),
    };
    Some(format!("rows that are there get {value} in column {name}"))
}

/// What must be done with the rows before the column may change?
pub fn converting(table: &str, name: &str, expected: &Column, actual: &Column) -> Option<String> {
    let to = expected.srid.filter(|_| expected.srid != actual.srid)?;
    let (table, column) = (identifier(table), identifier(name));
    Some(format!(
        "refused while a row has another SRID (error 3643); if the values are meant for it: \
         UPDATE {table} SET {column} = ST_SRID({column}, {to})"
    ))
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
