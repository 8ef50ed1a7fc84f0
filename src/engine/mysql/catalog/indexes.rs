//! What is an index? The primary key is one, under the name that the server gives it.

use super::{
    answer,
    kind::{Ask, Asks, Draft, Kind},
    tables,
};
use crate::engine::mysql::{normal, session};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The kind of these objects.
pub const KIND: &str = "index";

/// No cardinality: cold, it takes seconds.
const QUERY: &str = "SELECT s.TABLE_NAME, \
     s.INDEX_NAME, \
     s.NON_UNIQUE, \
     s.INDEX_TYPE, \
     s.IS_VISIBLE, \
     s.COLUMN_NAME, \
     s.EXPRESSION, \
     s.SUB_PART, \
     s.COLLATION, \
     s.INDEX_COMMENT \
     FROM information_schema.STATISTICS AS s \
     WHERE s.TABLE_SCHEMA = DATABASE() \
     ORDER BY s.TABLE_NAME, s.INDEX_NAME, s.SEQ_IN_INDEX";

pub const INDEXES: Kind = Kind {
    names: &[KIND],
    needs: &["SELECT"],
    queries: &[QUERY],
    asks: Some(Asks {
        of: |rows, facts| {
            let is_fulltext = |kind: &str| kind == "FULLTEXT";
            let said = ["TABLE_NAME", "INDEX_TYPE"];
            let mut asks = Ask::about(tables::KIND, &rows[0], said, is_fulltext);
            asks.retain(|ask| facts.tables.contains_key(&ask.name));
            asks
        },
        named: "TABLE_NAME",
    }),
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Row {
    table_name: String,
    index_name: String,
    non_unique: bool,
    index_type: String,
    is_visible: bool,
    column_name: Option<String>,
    expression: Option<String>,
    sub_part: Option<u64>,
    collation: Option<String>,
    index_comment: Option<String>,
}

/// An index as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// `fulltext`, `spatial`, `hash`; absent for a B-tree.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub unique: bool,
    /// Each as SQL: `` `email`(20) DESC ``, ``(lower(`email`))``.
    pub parts: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invisible: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parser: Option<String>,
}

fn read(rows: Vec<Vec<mysql_async::Row>>, draft: &mut Draft) -> Result<()> {
    let [rows] = answer::of(rows)?;
    let mut indexes: BTreeMap<(String, String), Index> = BTreeMap::new();
    for row in answer::decode::<Row>(rows)? {
        let Some(columns) = draft.columns.get(&row.table_name) else {
            continue;
        };
        let kind = row.index_type.to_ascii_lowercase();
        let part = part(&row, &kind, columns);
        let (table, name) = (row.table_name, row.index_name);
        if let Some(comment) = row.index_comment.filter(|text| !text.is_empty())
            && let Some(parts) = draft.parts_of(&table)
        {
            parts.index_comments.insert(name.clone(), comment);
        }
        let parser = draft.shown.parser(&table, &name).map(str::to_owned);
        let index = indexes.entry((table, name)).or_insert(Index {
            kind: (kind != "btree").then_some(kind),
            unique: !row.non_unique,
            parts: Vec::new(),
            invisible: !row.is_visible,
            parser,
        });
        index.parts.push(part);
    }
    for ((table, name), index) in indexes {
        draft.add(KIND, format!("{table}.{name}"), &index)?;
    }
    Ok(())
}

fn part(row: &Row, kind: &str, columns: &BTreeSet<String>) -> String {
    let mut part = match (&row.column_name, &row.expression) {
        (Some(column), _) => session::identifier(column),
        (None, raw) => {
            let raw = raw.as_deref().unwrap_or_default();
            format!("({})", normal::expression(raw, columns))
        }
    };
    // The 32 of a spatial index is the size of a bounding box, not a prefix.
    if let Some(length) = row.sub_part.filter(|_| kind != "spatial") {
        part.push_str(&format!("({length})"));
    }
    if row.collation.as_deref() == Some("D") {
        part.push_str(" DESC");
    }
    part
}
