//! What is an index? The primary key is one, under the name that the server gives it.

use super::{cells::Cells, shown::Shown};
use crate::{
    engine::mysql::{normal, session},
    schema::{Key, Object},
};
use anyhow::Result;
use mysql_async::Row;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The kind of these objects.
pub const KIND: &str = "index";

/// No cardinality: cold, it takes seconds.
pub const QUERY: &str = "SELECT s.TABLE_NAME, \
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

/// Every index of the tables in `columns`, by table and name, and the comments by the same names.
pub struct Indexes {
    pub list: BTreeMap<(String, String), Index>,
    pub comments: BTreeMap<String, BTreeMap<String, String>>,
}

/// Reads all indexes; `columns` has the names of every table's columns in lower case.
pub fn read(
    rows: Vec<Row>,
    columns: &BTreeMap<String, BTreeSet<String>>,
    shown: &Shown,
) -> Result<Indexes> {
    let mut indexes = Indexes {
        list: BTreeMap::new(),
        comments: BTreeMap::new(),
    };
    for row in rows {
        let mut cells = Cells::new(row);
        let (table, name) = (cells.text()?, cells.text()?);
        let Some(names) = columns.get(&table) else {
            continue;
        };
        let unique = cells.text()? == "0";
        let kind = cells.text()?.to_ascii_lowercase();
        let invisible = !cells.yes()?;
        let part = part(&mut cells, &kind, names)?;
        let comment = cells.or_empty()?;
        if !comment.is_empty() {
            let of_table = indexes.comments.entry(table.clone()).or_default();
            of_table.insert(name.clone(), comment);
        }
        let parser = shown.parser(&table, &name).map(str::to_owned);
        let index = indexes.list.entry((table, name)).or_insert(Index {
            kind: (kind != "btree").then_some(kind),
            unique,
            parts: Vec::new(),
            invisible,
            parser,
        });
        index.parts.push(part);
    }
    Ok(indexes)
}

fn part(cells: &mut Cells, kind: &str, names: &BTreeSet<String>) -> Result<String> {
    let (column, expression) = (cells.maybe()?, cells.maybe()?);
    let (prefix, direction) = (cells.number()?, cells.maybe()?);
    let mut part = match (column, expression) {
        (Some(column), _) => session::identifier(&column),
        (None, raw) => format!("({})", normal::expression(&raw.unwrap_or_default(), names)),
    };
    // The 32 of a spatial index is the size of a bounding box, not a prefix.
    if let Some(length) = prefix.filter(|_| kind != "spatial") {
        part.push_str(&format!("({length})"));
    }
    if direction.as_deref() == Some("D") {
        part.push_str(" DESC");
    }
    Ok(part)
}

/// Each as an object.
pub fn objects(list: BTreeMap<(String, String), Index>) -> Result<Vec<Object>> {
    list.into_iter()
        .map(|((table, name), index)| {
            let key = Key::new(KIND, format!("{table}.{name}"));
            Ok(Object::new(key, serde_json::to_value(index)?))
        })
        .collect()
}
