//! What a migration can make in a database and nobody compares: it is named, so that no kind is silently
//! unseen. What belongs to the whole server (spatial reference systems, resource groups, tablespaces,
//! loadable functions, accounts) is no part of any database's schema, and histograms are data.

use super::{
    answer,
    kind::{Draft, Kind},
};
use anyhow::Result;
use mysql_async::Row;
use serde::Deserialize;

/// Libraries came with 9.2: older servers read a comment.
const QUERY: &str = "SELECT q.KIND, q.NAME FROM (SELECT 'library' AS KIND, NULL AS NAME \
     /*!90200 UNION ALL SELECT 'library', l.LIBRARY_NAME \
     FROM information_schema.LIBRARIES AS l WHERE l.LIBRARY_SCHEMA = DATABASE() */) AS q \
     WHERE q.NAME IS NOT NULL \
     ORDER BY q.KIND, q.NAME";

pub const NOTED: Kind = Kind {
    names: &[],
    needs: &[],
    queries: &[QUERY],
    asks: None,
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct NotedRow {
    kind: String,
    name: String,
}

fn read(mut rows: Vec<Vec<Row>>, draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<NotedRow>(std::mem::take(&mut rows[0]))? {
        draft
            .uncompared
            .entry(row.kind)
            .or_default()
            .insert(row.name);
    }
    Ok(())
}
