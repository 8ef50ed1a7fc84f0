//! How is a table cut into partitions? A part of its table.
//!
//! The list is a map by name, so that one partition more is one difference, and a list that a job
//! churns can be left out by its path (`partitions.list`).

use super::{cells::Cells, shown::Shown};
use crate::engine::mysql::normal;
use anyhow::Result;
use mysql_async::Row;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Filtered: unfiltered, this view takes a second at 5,000 tables.
pub const QUERY: &str = "SELECT p.TABLE_NAME, \
     p.PARTITION_NAME, \
     p.SUBPARTITION_NAME, \
     p.PARTITION_METHOD, \
     p.PARTITION_EXPRESSION, \
     p.SUBPARTITION_METHOD, \
     p.SUBPARTITION_EXPRESSION, \
     p.PARTITION_DESCRIPTION, \
     p.PARTITION_COMMENT \
     FROM information_schema.PARTITIONS AS p \
     WHERE p.TABLE_SCHEMA = DATABASE() \
     AND p.PARTITION_NAME IS NOT NULL \
     ORDER BY p.TABLE_NAME, p.PARTITION_ORDINAL_POSITION, p.SUBPARTITION_ORDINAL_POSITION";

/// The partitioning of one table as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partitions {
    /// `RANGE COLUMNS`, `LINEAR HASH`, `KEY ALGORITHM=1`.
    pub method: String,
    pub expression: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subpartitions: Option<Subpartitions>,
    /// For HASH and KEY, whose partitions the server names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// What each holds, by name: `LESS THAN (10)`, `IN (1,2)`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub list: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub list_order: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subpartitions {
    pub method: String,
    pub expression: String,
    /// In each partition.
    pub count: usize,
}

/// Partitioning and comments of one table.
#[derive(Debug)]
pub struct Found {
    pub partitions: Partitions,
    pub comments: BTreeMap<String, String>,
}

/// The partitioned tables of those in `columns` by name.
pub fn read(
    rows: Vec<Row>,
    columns: &BTreeMap<String, BTreeSet<String>>,
    shown: &Shown,
) -> Result<BTreeMap<String, Found>> {
    let mut tables: BTreeMap<String, Found> = BTreeMap::new();
    for row in rows {
        let mut cells = Cells::new(row);
        let table = cells.text()?;
        add(&table, &mut cells, &mut tables)?;
    }
    tables.retain(|table, _| columns.contains_key(table));
    for (table, found) in &mut tables {
        let partitions = &mut found.partitions;
        let names = &columns[table];
        partitions.expression = normal::expression(&partitions.expression, names);
        if let Some(inner) = &mut partitions.subpartitions {
            inner.expression = normal::expression(&inner.expression, names);
        }
        finish(&mut found.partitions, shown.key_algorithm(table));
    }
    Ok(tables)
}

fn add(table: &str, cells: &mut Cells, tables: &mut BTreeMap<String, Found>) -> Result<()> {
    let (name, subpartition) = (cells.text()?, cells.maybe()?);
    let (method, expression) = (cells.text()?, cells.or_empty()?);
    let (submethod, subexpression) = (cells.maybe()?, cells.or_empty()?);
    let (description, comment) = (cells.or_empty()?, cells.or_empty()?);
    let holds = if method.starts_with("RANGE") && description == "MAXVALUE" {
        "LESS THAN MAXVALUE".to_owned()
    } else if method.starts_with("RANGE") {
        format!("LESS THAN ({description})")
    } else if method.starts_with("LIST") {
        format!("IN ({description})")
    } else {
        String::new()
    };
    let found = tables.entry(table.to_owned()).or_insert_with(|| Found {
        partitions: Partitions {
            method,
            expression,
            subpartitions: submethod.map(|method| Subpartitions {
                method,
                expression: subexpression,
                count: 0,
            }),
            count: None,
            list: Map::new(),
            list_order: Vec::new(),
        },
        comments: BTreeMap::new(),
    });
    let partitions = &mut found.partitions;
    if !partitions.list_order.contains(&name) {
        partitions.list_order.push(name.clone());
        partitions.list.insert(name.clone(), Value::String(holds));
        if !comment.is_empty() {
            found.comments.insert(name, comment);
        }
    }
    if let (Some(_), Some(subpartitions), 1) = (
        subpartition,
        partitions.subpartitions.as_mut(),
        partitions.list_order.len(),
    ) {
        subpartitions.count += 1;
    }
    Ok(())
}

/// `PARTITIONS 4` and four partitions called p0 to p3 are the same (skeema#199).
fn finish(partitions: &mut Partitions, key_algorithm: Option<&str>) {
    if let Some(algorithm) = key_algorithm {
        partitions.method = format!("{} ALGORITHM={algorithm}", partitions.method);
    }
    let hashed = partitions.method.contains("HASH") || partitions.method.contains("KEY");
    let servers_names = partitions
        .list_order
        .iter()
        .enumerate()
        .all(|(index, name)| *name == format!("p{index}"));
    if hashed && servers_names {
        partitions.count = Some(partitions.list_order.len());
        partitions.list.clear();
        partitions.list_order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_hash_partitions_is_the_same_as_their_list() {
        let mut partitions = Partitions {
            method: "HASH".to_owned(),
            expression: "`a`".to_owned(),
            subpartitions: None,
            count: None,
            list: [
                ("p0".to_owned(), Value::Null),
                ("p1".to_owned(), Value::Null),
            ]
            .into_iter()
            .collect(),
            list_order: vec!["p0".to_owned(), "p1".to_owned()],
        };
        finish(&mut partitions, None);
        assert_eq!(partitions.count, Some(2));
        assert!(partitions.list.is_empty() && partitions.list_order.is_empty());
    }
}
