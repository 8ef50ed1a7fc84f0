//! Policies as TimescaleDB has them: read from `timescaledb_information`, changed in one transaction.

pub(super) mod catalog;
mod details;
mod retention;
mod spans;
pub(super) mod statement;
mod trial;

pub use retention::{drop_chunks, old_chunks};
pub use trial::try_out;

use super::{Timescale, record, session};
use crate::connect::PgClient as Client;
use crate::{
    engine::{Event, Identity, NewEntry},
    outcome::Failure,
    policy::{Policies, PolicyState, Step, TableName},
    target::Target,
};
use anyhow::{Context, Result};

/// Reads what `policies` speak of: two turns, and none per chunk but of old ones.
pub async fn read(timescale: &mut Timescale, policies: &Policies) -> Result<PolicyState> {
    let client = timescale.client().await?;
    let facts = catalog::read(client, policies)
        .await
        .map_err(told)
        .context("reading policies")?;
    details::read(client, policies, facts)
        .await
        .map_err(told)
        .context("reading the details of policies")
}

/// Carries the steps out, each with its ledger entry, all or none.
pub async fn apply(timescale: &mut Timescale, steps: &[Step], identity: &Identity) -> Result<()> {
    let client = timescale.client().await?;
    let server = statement::Server::ask(client)
        .await
        .map_err(told)
        .context("reading where the extension is")?;
    let mut batch = String::from("BEGIN;\n");
    for step in steps {
        let words = step.to_string();
        let entry = NewEntry {
            event: Event::Policy,
            details: &words,
            identity,
        };
        let log = record::log_statement(&entry);
        batch.push_str(&format!("{};\n{log};\n", server.statement(step)));
    }
    batch.push_str("COMMIT");
    run(client, &batch).await.context("changing policies")
}

/// One batch that is a transaction.
pub(super) async fn run(client: &Client, batch: &str) -> Result<()> {
    if let Err(error) = client.simple_query(batch).await {
        if !session::is_lost(&error) {
            client
                .batch_execute("ROLLBACK")
                .await
                .context("rolling back the policies")?;
        }
        return Err(told(error).into());
    }
    Ok(())
}

pub(super) fn told(error: tokio_postgres::Error) -> Failure {
    Failure::failed(session::words(&error)).on(Target::Timescale)
}

/// A table as text that the server reads back as the same table, whatever the search path is.
fn quoted(table: &TableName) -> String {
    let (schema, name) = (&table.schema, &table.name);
    format!(
        "{}.{}",
        session::identifier(schema),
        session::identifier(name)
    )
}
