//! The database itself: making it, and stopping what a session does in it.

use super::{Timescale, session};
use crate::{
    connect::{self, PgCanceller},
    engine::Canceller,
    outcome::Failure,
    target::Target,
};
use anyhow::{Context, Result};
use async_trait::async_trait;
use tokio_postgres::error::SqlState;

/// Creates the database as UTF8 and moves the session onto it. From template0, because template1
/// may be in use, in another encoding, or hold objects of somebody's.
pub async fn create(timescale: &mut Timescale) -> Result<()> {
    let name = session::identifier(&timescale.endpoint.database);
    let create = format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0");
    let client = timescale.client().await?;
    if let Err(error) = client.batch_execute(&create).await {
        // Somebody else was faster, or is at it right now (23505 on pg_database's own index).
        let raced = [&SqlState::DUPLICATE_DATABASE, &SqlState::UNIQUE_VIOLATION];
        if !error.code().is_some_and(|code| raced.contains(&code)) {
            let failure = Failure::failed(session::words(&error)).on(Target::Timescale);
            return Err(failure).with_context(|| format!("creating database {name}"));
        }
    }
    if let Some(old) = timescale.session.take() {
        old.close().await?;
    }
    timescale.session = Some(connect::timescale(&timescale.endpoint, &timescale.options).await?);
    timescale.selected = true;
    timescale.pooler_keeps = None;
    Ok(())
}

/// PostgreSQL's cancel request, on a connection of its own.
pub struct CancelRequest(pub PgCanceller);

#[async_trait(?Send)]
impl Canceller for CancelRequest {
    async fn cancel(&self) -> Result<()> {
        self.0.cancel().await
    }
}
