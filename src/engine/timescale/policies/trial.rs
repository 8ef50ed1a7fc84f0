//! Would the server take these steps? Asked in a transaction that is rolled back: policies, chunk
//! intervals and columnstore settings are all transactional (tried on 2.19, 2.23 and 2.31).

use super::{Timescale, session, statement::Server, told};
use crate::{
    connect::PgClient as Client,
    policy::{Step, TableName},
};
use anyhow::{Context, Result};
use std::{collections::BTreeSet, time::Duration};
use tokio_postgres::error::SqlState;

/// The steps that the server refuses, with its words.
pub async fn try_out(
    timescale: &mut Timescale,
    steps: &[Step],
    lock_timeout: Duration,
) -> Result<Vec<(Step, String)>> {
    let client = timescale.client().await?;
    let server = Server::ask(client)
        .await
        .map_err(told)
        .context("reading where the extension is")?;
    let begin = format!(
        "BEGIN; SET LOCAL lock_timeout = {}",
        lock_timeout.as_millis()
    );
    client.batch_execute(&begin).await.map_err(told)?;
    let tried = each(client, &server, steps).await;
    client
        .batch_execute("ROLLBACK")
        .await
        .map_err(told)
        .context("rolling back what was only tried")?;
    tried
}

async fn each(client: &Client, server: &Server, steps: &[Step]) -> Result<Vec<(Step, String)>> {
    let mut refused = Vec::new();
    let mut unsure: BTreeSet<&TableName> = BTreeSet::new();
    for step in steps {
        if unsure.contains(&step.table) {
            continue;
        }
        let batch = format!("SAVEPOINT sgmp_db_try; {}", server.statement(step));
        let Err(error) = client.simple_query(&batch).await else {
            continue;
        };
        if session::is_lost(&error) {
            return Err(told(error).into());
        }
        client
            .batch_execute("ROLLBACK TO SAVEPOINT sgmp_db_try")
            .await
            .map_err(told)?;
        unsure.insert(&step.table);
        if error.code() != Some(&SqlState::LOCK_NOT_AVAILABLE) {
            refused.push((step.clone(), session::words(&error)));
        }
    }
    Ok(refused)
}
