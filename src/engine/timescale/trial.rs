//! Is what is there what the statement makes? The statement is tried beside it, in a transaction that
//! is rolled back, and the server's own words for both are compared.

use super::{index::IndexStatement, session};
use crate::connect::PgClient as Client;
use tokio_postgres::Error;

/// The server's words for an index, without its name and its table's.
const DEFINITION: &str = "i.indisunique::text || pg_catalog.substr(pg_catalog.pg_get_indexdef(i.indexrelid), \
     pg_catalog.strpos(pg_catalog.pg_get_indexdef(i.indexrelid), ' USING '))";

/// What a trial showed.
pub enum Tried<T> {
    Seen(T),
    /// The server refused it; its words.
    Refused(String),
}

/// Which of these indexes, by their object ids, are as the statement makes one?
pub async fn alike(
    client: &Client,
    statement: &IndexStatement,
    indexes: &[u32],
) -> Result<Tried<Vec<u32>>, Error> {
    let trial = "pg_temp.sgmp_db_trial";
    let steps = [
        "BEGIN".to_owned(),
        format!("CREATE TEMP TABLE sgmp_db_trial (LIKE {})", statement.table),
        statement.on(trial),
    ];
    let list: Vec<String> = indexes.iter().map(u32::to_string).collect();
    let query = format!(
        "SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = ANY (ARRAY[{}]::pg_catalog.oid[]) \
         AND {DEFINITION} = (SELECT {DEFINITION} FROM pg_catalog.pg_index i \
         WHERE i.indrelid = '{trial}'::pg_catalog.regclass) ORDER BY i.indexrelid",
        list.join(", ")
    );
    let tried = tried(client, &steps, &query).await?;
    Ok(match tried {
        Tried::Seen(rows) => Tried::Seen(rows.iter().filter_map(|id| id.parse().ok()).collect()),
        Tried::Refused(why) => Tried::Refused(why),
    })
}

/// Chunks and partitions without a valid index like this one.
pub async fn gaps(client: &Client, index: u32) -> Result<i64, Error> {
    let query = format!(
        "SELECT count(*) FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid \
         WHERE h.inhparent = (SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = {index}) AND c.relkind = 'r' \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = h.inhrelid AND i.indisvalid \
         AND {DEFINITION} = (SELECT {DEFINITION} FROM pg_catalog.pg_index i WHERE i.indexrelid = {index}))"
    );
    let rows = session::rows(client, &query).await?;
    let count = rows.first().map(|row| session::column(row, 0));
    Ok(count.and_then(|count| count.parse().ok()).unwrap_or(0))
}

/// Is this continuous aggregate what that statement, which makes `trial`, makes?
pub async fn same_aggregate(
    client: &Client,
    view: &str,
    (trial, statement): (&str, String),
) -> Result<Tried<bool>, Error> {
    let steps = ["BEGIN".to_owned(), statement];
    let definition = |name: &str| {
        format!(
            "(SELECT a.view_definition || a.materialized_only::text || a.hypertable_schema || '.' || a.hypertable_name \
             FROM timescaledb_information.continuous_aggregates a \
             WHERE pg_catalog.to_regclass(pg_catalog.format('%I.%I', a.view_schema, a.view_name)) = \
             pg_catalog.to_regclass({}))",
            session::text(name)
        )
    };
    let query = format!(
        "SELECT COALESCE({} = {}, false)::text",
        definition(view),
        definition(trial)
    );
    Ok(match tried(client, &steps, &query).await? {
        Tried::Seen(rows) => Tried::Seen(rows.first().is_some_and(|same| same == "true")),
        Tried::Refused(why) => Tried::Refused(why),
    })
}

/// Runs the steps and the query, and takes the steps back.
async fn tried(
    client: &Client,
    steps: &[String],
    query: &str,
) -> Result<Tried<Vec<String>>, Error> {
    let mut asked = Ok(Vec::new());
    for sql in steps.iter().map(String::as_str).chain([query]) {
        asked = session::rows(client, sql).await;
        if asked.is_err() {
            break;
        }
    }
    if let Err(error) = &asked
        && session::is_lost(error)
    {
        return asked.map(|_| Tried::Refused(String::new()));
    }
    session::rows(client, "ROLLBACK").await?;
    Ok(match asked {
        Ok(rows) => Tried::Seen(
            rows.iter()
                .map(|row| session::column(row, 0).to_owned())
                .collect(),
        ),
        Err(error) => Tried::Refused(session::words(&error)),
    })
}
