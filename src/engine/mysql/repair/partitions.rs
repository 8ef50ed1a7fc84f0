//! How is a table's partitioning written?

use crate::engine::mysql::{
    catalog::{columns::quoted, partitions::Partitions},
    session::identifier,
};
use serde_json::Value;

/// `PARTITION BY …`; `comment` tells a partition's.
pub fn clause(partitions: &Partitions, comment: impl Fn(&str) -> Option<String>) -> String {
    let mut sql = format!(
        "PARTITION BY {}",
        method(&partitions.method, &partitions.expression)
    );
    if let Some(count) = partitions.count {
        sql.push_str(&format!(" PARTITIONS {count}"));
    }
    if let Some(inner) = &partitions.subpartitions {
        sql.push_str(&format!(
            " SUBPARTITION BY {} SUBPARTITIONS {}",
            method(&inner.method, &inner.expression),
            inner.count
        ));
    }
    let list: Vec<String> = partitions
        .list_order
        .iter()
        .map(|name| {
            let mut one = format!("PARTITION {}", identifier(name));
            if let Some(holds) = partitions.list.get(name).and_then(Value::as_str)
                && !holds.is_empty()
            {
                one.push_str(&format!(" VALUES {holds}"));
            }
            if let Some(comment) = comment(name) {
                one.push_str(&format!(" COMMENT = {}", quoted(&comment)));
            }
            one
        })
        .collect();
    if !list.is_empty() {
        sql.push_str(&format!(" ({})", list.join(", ")));
    }
    sql
}

/// `KEY ALGORITHM=1` has its columns behind the algorithm.
fn method(method: &str, expression: &str) -> String {
    format!("{method} ({expression})")
}
