//! Does a connection pooler between here and the server keep our session? Only then may it be written
//! through one: what a pooler shares would keep our settings and our lock for somebody else's queries.

use super::{Timescale, session};
use crate::{
    connect::{self, PgClient},
    outcome::Failure,
    target::Target,
};
use anyhow::Result;
use std::time::Duration;
use tokio_postgres::Error;

/// How long a pooler may take to give us a session before we take it that it has none left.
const PATIENCE: Duration = Duration::from_secs(2);

/// The most questions; a pooler that hands its sessions out in turns has come round by then.
const MOST_ROUNDS: usize = 100;

const PROCESS: &str = "SELECT pg_catalog.pg_backend_pid()";

/// How many sessions could the pooler have here?
const SESSIONS: &str = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database()";

/// Nothing, or why nothing may be written through what stands between. Asked once.
pub async fn refusal(timescale: &mut Timescale) -> Result<Option<Failure>> {
    if !timescale.client().await?.is_shared() {
        return Ok(None);
    }
    let keeps = match timescale.pooler_keeps {
        Some(keeps) => keeps,
        None => keeps_session(timescale).await?,
    };
    timescale.pooler_keeps = Some(keeps);
    Ok((!keeps).then(|| {
        Failure::failed(
            "a connection pooler stands between here and the server and does not keep our session from one transaction to \
             the next, so nothing can be written through it",
        )
        .on(Target::Timescale)
        .remedy(REMEDY)
    }))
}

const REMEDY: &str = "connect to the server itself: --timescale-host and --timescale-port of PostgreSQL, not of the pooler \
     (PgBouncer: or to a database with pool_mode=session)";

/// Makes the session ours for the rest of the run, as far as there is a pooler.
///
/// # Errors
/// The pooler does not keep it.
pub async fn keep(timescale: &mut Timescale) -> Result<()> {
    if let Some(failure) = refusal(timescale).await? {
        return Err(failure.into());
    }
    let client = timescale.client().await?;
    if client.is_shared() {
        client.keep().await.map_err(|error| explained(&error))?;
    }
    Ok(())
}

/// Asks on a second connection whose turn it is. Idle between two transactions, our session is either
/// given to the other one, or another one to us, or both keep their own; where the pooler has none left
/// for the other, ours still answers.
async fn keeps_session(timescale: &mut Timescale) -> Result<bool> {
    let mut options = timescale.options.clone();
    options.wait = None;
    let other = connect::timescale(&timescale.endpoint, &options).await?;
    let keeps = compare(timescale.client().await?, &other.client).await;
    other.close().await?;
    keeps.map_err(|error| explained(&error).into())
}

async fn compare(ours: &PgClient, other: &PgClient) -> Result<bool, Error> {
    let first = text(ours, PROCESS).await?;
    let sessions = text(ours, SESSIONS).await?.parse().unwrap_or(MOST_ROUNDS);
    for _ in 0..=sessions.min(MOST_ROUNDS) {
        let asked = tokio::time::timeout(PATIENCE, text(other, PROCESS)).await;
        let again = tokio::time::timeout(PATIENCE, text(ours, PROCESS)).await;
        match (asked, again) {
            (Err(_), Ok(again)) => return Ok(again? == first),
            (_, Err(_)) => return Ok(false),
            (Ok(asked), Ok(again)) => {
                if asked? == first || again? != first {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

async fn text(client: &PgClient, query: &str) -> Result<String, Error> {
    let rows = session::rows(client, query).await?;
    Ok(rows
        .first()
        .map(|row| session::column(row, 0).to_owned())
        .unwrap_or_default())
}

/// The server's words, or what PgBouncer's mean (it ends the connection with them).
pub fn explained(error: &Error) -> Failure {
    let is_statement_mode = error
        .as_db_error()
        .is_some_and(|db| db.message().contains("statement pooling mode"));
    if is_statement_mode {
        return Failure::failed(
            "a connection pooler in statement mode stands between here and the server: it takes no transactions, and without \
             one nothing can be read in one view or written",
        )
        .on(Target::Timescale)
        .remedy(REMEDY);
    }
    Failure::failed(session::words(error)).on(Target::Timescale)
}
