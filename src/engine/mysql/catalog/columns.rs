//! What is a column? A part of its table; the one file that makes no objects of its own.

use super::{cells::Cells, shown::Shown};
use crate::engine::mysql::normal;
use anyhow::Result;
use mysql_async::Row;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub const QUERY: &str = "SELECT c.TABLE_NAME, \
     c.COLUMN_NAME, \
     c.COLUMN_TYPE, \
     c.IS_NULLABLE, \
     c.COLUMN_DEFAULT, \
     c.EXTRA, \
     c.GENERATION_EXPRESSION, \
     c.COLLATION_NAME, \
     c.SRS_ID, \
     c.COLUMN_COMMENT \
     FROM information_schema.COLUMNS AS c \
     WHERE c.TABLE_SCHEMA = DATABASE() \
     ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION";

/// A column as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    #[serde(rename = "type")]
    pub kind: String,
    pub nullable: bool,
    /// As SQL: `0`, `'x'`, `CURRENT_TIMESTAMP(6)`, `(uuid())`. No default and NULL are one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_update: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_increment: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invisible: bool,
    /// Where it is not the table's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub srid: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generated {
    pub expression: String,
    /// `virtual` or `stored`.
    pub storage: String,
}

/// The columns of one table.
#[derive(Debug, Default)]
pub struct Columns {
    /// In the table's order.
    pub list: Vec<(String, Column)>,
    pub comments: BTreeMap<String, String>,
}

/// A row, before its text is understood: that takes the names of all columns of its table.
struct Raw {
    name: String,
    column: Column,
    default: Option<String>,
    extra: String,
    generation: String,
    comment: String,
}

/// The columns of every table and view, by its name. `collations` has each table's own.
pub fn read(
    rows: Vec<Row>,
    collations: &BTreeMap<String, String>,
    shown: &Shown,
) -> Result<BTreeMap<String, Columns>> {
    let mut raw: BTreeMap<String, Vec<Raw>> = BTreeMap::new();
    for row in rows {
        let mut cells = Cells::new(row);
        let table = cells.text()?;
        if !collations.contains_key(&table) {
            continue;
        }
        let one = parse(&mut cells, collations.get(&table))?;
        raw.entry(table).or_default().push(one);
    }
    Ok(raw
        .into_iter()
        .map(|(table, rows)| {
            let names = rows.iter().map(|row| row.name.to_lowercase()).collect();
            let mut columns = Columns::default();
            for row in rows {
                let literal = shown.default_of(&table, &row.name, &row.column.kind);
                if !row.comment.is_empty() {
                    columns
                        .comments
                        .insert(row.name.clone(), row.comment.clone());
                }
                columns
                    .list
                    .push((row.name.clone(), understand(row, &names, literal)));
            }
            (table, columns)
        })
        .collect())
}

fn parse(cells: &mut Cells, table_collation: Option<&String>) -> Result<Raw> {
    let name = cells.text()?;
    let kind = normal::column_type(&cells.text()?);
    let nullable = cells.yes()?;
    let default = cells.maybe()?;
    let extra = cells.or_empty()?;
    let generation = cells.or_empty()?;
    let collation = cells
        .maybe()?
        .map(|raw| normal::collation(&raw))
        .filter(|collation| Some(collation) != table_collation);
    Ok(Raw {
        name,
        column: Column {
            kind,
            nullable,
            default: None,
            on_update: None,
            generated: None,
            auto_increment: false,
            invisible: false,
            collation,
            srid: cells.number()?,
        },
        default,
        extra,
        generation,
        comment: cells.or_empty()?,
    })
}

fn understand(raw: Raw, names: &BTreeSet<String>, shown: Option<String>) -> Column {
    let mut column = raw.column;
    let extra = raw.extra.to_ascii_lowercase();
    column.auto_increment = extra.contains("auto_increment");
    column.invisible = extra
        .split_ascii_whitespace()
        .any(|word| word == "invisible");
    if let Some((_, behind)) = extra.split_once("on update ") {
        let function = behind.split_ascii_whitespace().next().unwrap_or_default();
        column.on_update = Some(function.to_ascii_uppercase());
    }
    if !raw.generation.is_empty() {
        let storage = if extra.contains("stored generated") {
            "stored"
        } else {
            "virtual"
        };
        column.generated = Some(Generated {
            expression: normal::expression(&raw.generation, names),
            storage: storage.to_owned(),
        });
        return column;
    }
    let is_expression = extra.contains("default_generated");
    column.default = raw.default.map(|default| match (is_expression, &shown) {
        (true, _) => expression_default(&default, &column.kind, names),
        (false, Some(shown)) => shown.clone(),
        (false, None) => literal(&default, &column.kind),
    });
    column
}

/// EXTRA's DEFAULT_GENERATED is not a generated column (mydumper#221): the default is an
/// expression, or the current time, which needs no parentheses.
fn expression_default(raw: &str, kind: &str, names: &BTreeSet<String>) -> String {
    let time = kind.starts_with("timestamp") || kind.starts_with("datetime");
    let upper = raw.to_ascii_uppercase();
    if time && upper.starts_with("CURRENT_TIMESTAMP") {
        return upper;
    }
    let expression = normal::expression(raw, names);
    normal::literal_default(&expression, kind).unwrap_or_else(|| format!("({expression})"))
}

/// A literal as SQL. information_schema prints it bare, but for bits and bytes.
fn literal(raw: &str, kind: &str) -> String {
    let bytes = kind.contains("binary") && raw.starts_with("0x");
    if normal::is_numeric(kind) || kind.starts_with("bit") || bytes {
        return raw.to_owned();
    }
    quoted(raw)
}

/// A text as a literal that a reader of the snapshot can read.
pub fn quoted(raw: &str) -> String {
    format!("'{}'", raw.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: &str, default: Option<&str>, extra: &str, generation: &str) -> Column {
        let raw = Raw {
            name: "c".to_owned(),
            column: Column {
                kind: kind.to_owned(),
                nullable: true,
                default: None,
                on_update: None,
                generated: None,
                auto_increment: false,
                invisible: false,
                collation: None,
                srid: None,
            },
            default: default.map(str::to_owned),
            extra: extra.to_owned(),
            generation: generation.to_owned(),
            comment: String::new(),
        };
        understand(raw, &BTreeSet::new(), None)
    }

    fn default(kind: &str, raw: &str, extra: &str) -> String {
        column(kind, Some(raw), extra, "").default.unwrap()
    }

    #[test]
    fn a_default_is_sql() {
        assert_eq!(default("int", "0", ""), "0");
        assert_eq!(default("varchar(9)", "it's \\", ""), "'it''s \\\\'");
        assert_eq!(default("bit(3)", "b'101'", ""), "b'101'");
        assert_eq!(default("binary(3)", "0x616263", ""), "0x616263");
        assert_eq!(default("varchar(9)", "0x616263", ""), "'0x616263'");
        assert_eq!(
            default("varchar(40)", "uuid()", "DEFAULT_GENERATED"),
            "(uuid())"
        );
        assert_eq!(
            default("varchar(40)", r"_utf8mb4\'x\'", "DEFAULT_GENERATED"),
            "'x'"
        );
        assert_eq!(
            default("text", r"_utf8mb4\'x\'", "DEFAULT_GENERATED"),
            "('x')"
        );
    }

    #[test]
    fn default_generated_with_on_update_is_not_a_generated_column() {
        let extra = "DEFAULT_GENERATED on update CURRENT_TIMESTAMP(6)";
        let column = column("timestamp(6)", Some("CURRENT_TIMESTAMP(6)"), extra, "");
        assert_eq!(column.default.as_deref(), Some("CURRENT_TIMESTAMP(6)"));
        assert_eq!(column.on_update.as_deref(), Some("CURRENT_TIMESTAMP(6)"));
        assert_eq!(column.generated, None);
    }

    #[test]
    fn a_generated_column_may_be_invisible_too() {
        let column = column("int", None, "STORED GENERATED INVISIBLE", "(`a` + 1)");
        assert!(column.invisible);
        assert_eq!(column.generated.unwrap().storage, "stored");
    }
}
