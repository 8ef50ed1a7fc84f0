//! How is a table cut into partitions? A part of its table.
//!
//! The list is a map by name, so that one partition more is one difference, and a list that a job
//! churns can be left out by its path (`partitions.list`).

use super::{
    answer,
    kind::{Ask, Asks, Draft, Kind},
    tables,
};
use crate::engine::mysql::normal;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Filtered: unfiltered, this view takes a second at 5,000 tables.
const QUERY: &str = "SELECT p.TABLE_NAME, \
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

pub const PARTITIONS: Kind = Kind {
    names: &[],
    needs: &[],
    queries: &[QUERY],
    asks: Some(Asks {
        of: |rows, facts| {
            let is_key = |method: &str| method.ends_with("KEY");
            let said = ["TABLE_NAME", "PARTITION_METHOD"];
            let mut asks = Ask::about(tables::KIND, &rows[0], said, is_key);
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
    partition_name: String,
    subpartition_name: Option<String>,
    partition_method: String,
    partition_expression: Option<String>,
    subpartition_method: Option<String>,
    subpartition_expression: Option<String>,
    partition_description: Option<String>,
    partition_comment: Option<String>,
}

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

fn read(rows: Vec<Vec<mysql_async::Row>>, draft: &mut Draft) -> Result<()> {
    let [rows] = answer::of(rows)?;
    for row in answer::decode::<Row>(rows)? {
        if let Some(parts) = draft.parts_of(&row.table_name) {
            add(row, parts);
        }
    }
    for (table, parts) in &mut draft.parts {
        let (Some(partitions), Some(columns)) = (&mut parts.partitions, draft.columns.get(table))
        else {
            continue;
        };
        partitions.expression = normal::expression(&partitions.expression, columns);
        if let Some(inner) = &mut partitions.subpartitions {
            inner.expression = normal::expression(&inner.expression, columns);
        }
        finish(partitions, draft.shown.key_algorithm(table));
    }
    Ok(())
}

fn add(row: Row, parts: &mut tables::Parts) {
    let (name, method) = (row.partition_name, row.partition_method);
    let description = row.partition_description.unwrap_or_default();
    let holds = if method.starts_with("RANGE") && description == "MAXVALUE" {
        "LESS THAN MAXVALUE".to_owned()
    } else if method.starts_with("RANGE") {
        format!("LESS THAN ({description})")
    } else if method.starts_with("LIST") {
        format!("IN ({description})")
    } else {
        String::new()
    };
    let partitions = parts.partitions.get_or_insert_with(|| Partitions {
        method,
        expression: row.partition_expression.unwrap_or_default(),
        subpartitions: row.subpartition_method.map(|method| Subpartitions {
            method,
            expression: row.subpartition_expression.unwrap_or_default(),
            count: 0,
        }),
        count: None,
        list: Map::new(),
        list_order: Vec::new(),
    });
    if !partitions.list_order.contains(&name) {
        partitions.list_order.push(name.clone());
        partitions.list.insert(name.clone(), Value::String(holds));
        if let Some(comment) = row.partition_comment.filter(|text| !text.is_empty()) {
            parts.partition_comments.insert(name, comment);
        }
    }
    if let (Some(_), Some(subpartitions), 1) = (
        row.subpartition_name,
        partitions.subpartitions.as_mut(),
        partitions.list_order.len(),
    ) {
        subpartitions.count += 1;
    }
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
