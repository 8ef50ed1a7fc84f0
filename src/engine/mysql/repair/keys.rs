//! How are indexes, checks and foreign keys written in CREATE TABLE and ALTER TABLE?

use crate::engine::mysql::{
    catalog::{checks::Check, columns::quoted, foreign_keys::ForeignKey, indexes::Index},
    session::identifier,
};
use std::fmt::Write;

/// The name that the server gives a primary key.
pub const PRIMARY: &str = "PRIMARY";

/// An index, as it stands in CREATE TABLE and behind ADD. Only with InnoDB does it go without
/// saying that an index is a tree.
pub fn index(name: &str, index: &Index, engine: Option<&str>, comment: Option<&str>) -> String {
    let parts = index.parts.join(", ");
    let mut sql = if name == PRIMARY {
        format!("PRIMARY KEY ({parts})")
    } else {
        let kind = match (index.kind.as_deref(), index.unique) {
            (Some("fulltext"), _) => "FULLTEXT KEY",
            (Some("spatial"), _) => "SPATIAL KEY",
            (_, true) => "UNIQUE KEY",
            (_, false) => "KEY",
        };
        format!("{kind} {} ({parts})", identifier(name))
    };
    let mut write = |clause: &str| {
        // Writing to a String cannot fail.
        write!(sql, " {clause}").unwrap_or_default();
    };
    match index.kind.as_deref() {
        Some("hash") => write("USING HASH"),
        None if engine.is_some() => write("USING BTREE"),
        _ => {}
    }
    if let Some(parser) = &index.parser {
        write(&format!("WITH PARSER {}", identifier(parser)));
    }
    if let Some(comment) = comment {
        write(&format!("COMMENT {}", quoted(comment)));
    }
    if index.invisible {
        write("INVISIBLE");
    }
    sql
}

/// May the server have made it for a foreign key? Such an index has nothing but columns, and goes by
/// itself, or takes another name, as soon as another one can serve (MySQL 8.0 Reference Manual, 15.1.20.5).
pub fn may_be_the_servers(index: &Index) -> bool {
    let are_plain = index.parts.iter().all(|part| part.ends_with('`'));
    index.kind.is_none() && !index.unique && !index.invisible && are_plain
}

/// `DROP …` of an index.
pub fn drop_index(name: &str) -> String {
    if name == PRIMARY {
        return "DROP PRIMARY KEY".to_owned();
    }
    format!("DROP KEY {}", identifier(name))
}

/// A check, as it stands in CREATE TABLE and behind ADD.
pub fn check(name: &str, check: &Check) -> String {
    let enforced = if check.enforced { "" } else { " NOT ENFORCED" };
    // A simple expression is stored without its parentheses.
    format!(
        "CONSTRAINT {} CHECK ({}){enforced}",
        identifier(name),
        check.expression
    )
}

/// A foreign key, as it stands behind ADD.
pub fn foreign_key(name: &str, key: &ForeignKey) -> String {
    let list = |columns: &[String]| {
        let quoted: Vec<String> = columns.iter().map(|column| identifier(column)).collect();
        quoted.join(", ")
    };
    let mut sql = format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {}{} ({})",
        identifier(name),
        list(&key.columns),
        key.references_database
            .as_ref()
            .map(|database| format!("{}.", identifier(database)))
            .unwrap_or_default(),
        identifier(&key.references),
        list(&key.referenced_columns),
    );
    for (event, action) in [("DELETE", &key.on_delete), ("UPDATE", &key.on_update)] {
        if let Some(action) = action {
            // Writing to a String cannot fail.
            write!(sql, " ON {event} {action}").unwrap_or_default();
        }
    }
    sql
}
