//! What is a column? A part of its table; the one file that makes no objects of its own.

use super::{
    answer,
    kind::{Ask, Asks, Draft, Kind},
    tables,
};
use crate::engine::mysql::normal;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const QUERY: &str = "SELECT c.TABLE_NAME, \
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

pub const COLUMNS: Kind = Kind {
    names: &[],
    needs: &[],
    queries: &[QUERY],
    asks: Some(Asks {
        of: |rows, facts| {
            let said = ["TABLE_NAME", "COLUMN_DEFAULT"];
            let mangled = |text: &str| text.contains('?') || text.starts_with("0x");
            let mut asks = Ask::about(tables::KIND, &rows[0], said, mangled);
            // Views have columns too.
            asks.retain(|ask| facts.tables.contains_key(&ask.name));
            asks
        },
        named: "TABLE_NAME",
    }),
    read,
};

/// A row, before its text is understood: that takes the names of all columns of its table.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Row {
    table_name: String,
    column_name: String,
    column_type: String,
    is_nullable: bool,
    column_default: Option<String>,
    extra: Option<String>,
    generation_expression: Option<String>,
    collation_name: Option<String>,
    srs_id: Option<u64>,
    column_comment: Option<String>,
}

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

fn read(rows: Vec<Vec<mysql_async::Row>>, draft: &mut Draft) -> Result<()> {
    let [rows] = answer::of(rows)?;
    let mut tables: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in answer::decode::<Row>(rows)? {
        if draft.facts.tables.contains_key(&row.table_name) {
            let of_table = tables.entry(row.table_name.clone()).or_default();
            of_table.push(row);
        }
    }
    for (table, rows) in tables {
        let names = rows.iter().map(|row| row.column_name.to_lowercase());
        let names: BTreeSet<String> = names.collect();
        let inherited = draft.facts.tables[&table].collation.clone();
        let mut columns = Columns::default();
        for row in rows {
            let comment = row.column_comment.clone().unwrap_or_default();
            if !comment.is_empty() {
                columns.comments.insert(row.column_name.clone(), comment);
            }
            let name = row.column_name.clone();
            let literal = draft.shown.default_of(&table, &name, &row.column_type);
            let column = understand(row, &names, literal);
            let collation = column
                .collation
                .filter(|own| Some(own) != inherited.as_ref());
            columns.list.push((
                name,
                Column {
                    collation,
                    ..column
                },
            ));
        }
        draft.columns.insert(table.clone(), names);
        draft.parts.entry(table).or_default().columns = columns;
    }
    Ok(())
}

/// With the collation resolved.
fn understand(row: Row, names: &BTreeSet<String>, shown: Option<String>) -> Column {
    let extra = row.extra.unwrap_or_default().to_ascii_lowercase();
    let mut words = extra.split_ascii_whitespace();
    let mut column = Column {
        kind: normal::column_type(&row.column_type),
        nullable: row.is_nullable,
        default: None,
        on_update: None,
        generated: None,
        auto_increment: extra.contains("auto_increment"),
        invisible: words.any(|word| word == "invisible"),
        collation: row.collation_name.map(|raw| normal::collation(&raw)),
        srid: row.srs_id,
    };
    if let Some((_, behind)) = extra.split_once("on update ") {
        let function = behind.split_ascii_whitespace().next().unwrap_or_default();
        column.on_update = Some(function.to_ascii_uppercase());
    }
    if let Some(generation) = row.generation_expression.filter(|text| !text.is_empty()) {
        let is_stored = extra.contains("stored generated");
        column.generated = Some(Generated {
            expression: normal::expression(&generation, names),
            storage: if is_stored { "stored" } else { "virtual" }.to_owned(),
        });
        return column;
    }
    let is_expression = extra.contains("default_generated");
    column.default = row
        .column_default
        .map(|default| match (is_expression, &shown) {
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
    if bytes {
        return binary(raw.trim_start_matches("0x"), kind);
    }
    if normal::is_numeric(kind) || kind.starts_with("bit") {
        return raw.to_owned();
    }
    quoted(raw)
}

/// Bytes by their digits. A fixed length is filled up with zeros, told or not.
pub fn binary(digits: &str, kind: &str) -> String {
    let mut digits = digits;
    while let Some(rest) = digits.strip_suffix("00").filter(|rest| rest.len() % 2 == 0) {
        if !kind.starts_with("binary") {
            break;
        }
        digits = rest;
    }
    format!("0x{digits}")
}

/// A text as a literal that a reader of the snapshot can read.
pub fn quoted(raw: &str) -> String {
    // A zero byte would end the statement for the server's own client.
    let escaped = raw.replace('\\', "\\\\").replace('\'', "''");
    format!("'{}'", escaped.replace('\0', "\\0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: &str, default: Option<&str>, extra: &str, generation: &str) -> Column {
        let row = Row {
            table_name: "t".to_owned(),
            column_name: "c".to_owned(),
            column_type: kind.to_owned(),
            is_nullable: true,
            column_default: default.map(str::to_owned),
            extra: Some(extra.to_owned()),
            generation_expression: Some(generation.to_owned()),
            collation_name: None,
            srs_id: None,
            column_comment: None,
        };
        understand(row, &BTreeSet::new(), None)
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
