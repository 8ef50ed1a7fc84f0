//! What stands in a PostgreSQL with TimescaleDB schema: one file per kind of object, read in one
//! consistent view and two turns, with no cost per chunk.

mod access;
pub mod aggregates;
mod answer;
pub mod collations;
pub mod columns;
pub mod constraints;
pub mod continuous_aggregates;
pub mod database;
pub mod dependencies;
pub mod event_triggers;
pub mod extensions;
mod facts;
pub mod hypertables;
pub mod indexes;
mod kind;
pub mod name;
mod noted;
pub mod publications;
pub mod routines;
pub mod row_policies;
pub mod rules;
pub mod schemas;
mod scope;
pub mod sequences;
pub mod statistics;
pub mod tables;
pub mod triggers;
pub mod types;
pub mod views;

use super::{Timescale, normal, session};
use crate::connect::PgClient as Client;
use crate::{
    outcome::{Exit, Failure},
    schema::Reading,
    target::Target,
};
use anyhow::{Context, Result};
use facts::Facts;
use kind::{Draft, Kind};
use tokio_postgres::{Error, error::SqlState};

/// Every kind, in the order in which they are asked: what a later one must know comes first.
const KINDS: [&Kind; 22] = [
    &database::KIND,
    &extensions::KIND,
    &schemas::KIND,
    &collations::KIND,
    &types::KIND,
    &sequences::KIND,
    &tables::KIND,
    &indexes::KIND,
    &constraints::KIND,
    &hypertables::KIND,
    &continuous_aggregates::KIND,
    &views::KIND,
    &routines::KIND,
    &aggregates::KIND,
    &triggers::KIND,
    &rules::KIND,
    &row_policies::KIND,
    &event_triggers::KIND,
    &statistics::KIND,
    &publications::KIND,
    &noted::KIND,
    // What the others are made of: after all of them.
    &dependencies::KIND,
];

/// How often a reading is begun again because somebody changed the schema in between.
const ATTEMPTS: usize = 4;

/// A reading of which the first turn was taken.
pub struct Begun(Result<Facts, Error>);

/// Reads every kind.
pub async fn read(timescale: &mut Timescale) -> Result<Reading> {
    let client = timescale.client().await?;
    let begun = begin(client).await?;
    finish(client, begun).await
}

/// The first turn, which may be taken beside other questions.
pub async fn begin(client: &Client) -> Result<Begun> {
    let catalogs: Vec<&str> = KINDS.iter().flat_map(|kind| kind.needs).copied().collect();
    Facts::read(client, &catalogs).await.map(Begun)
}

/// Gives a reading up that was begun.
pub async fn leave(client: &Client, begun: Begun) -> Result<()> {
    match begun.0 {
        Ok(_) => client
            .batch_execute("ROLLBACK")
            .await
            .context("leaving the transaction that read the schema"),
        Err(error) => abandoned(client, &error).await.map(|_| ()),
    }
}

/// The second turn, and all of it again while the schema moves.
pub async fn finish(client: &Client, mut begun: Begun) -> Result<Reading> {
    for _ in 0..ATTEMPTS {
        if let Some(reading) = attempt(client, begun).await? {
            return Ok(reading);
        }
        begun = begin(client).await?;
    }
    leave(client, begun).await?;
    Err(
        Failure::failed("the schema kept changing while it was read")
            .on(Target::Timescale)
            .remedy("wait until no other session changes the schema, then try again")
            .into(),
    )
}

/// One reading; none where the schema moved under it.
async fn attempt(client: &Client, begun: Begun) -> Result<Option<Reading>> {
    let facts = match begun.0 {
        Ok(facts) => facts,
        Err(error) => return abandoned(client, &error).await,
    };
    let kinds: Vec<&Kind> = KINDS
        .into_iter()
        .filter(|kind| kind.is_asked(&facts))
        .collect();
    let mut batch = scope::query(&facts);
    for query in kinds.iter().flat_map(|kind| kind.queries) {
        batch.push_str("; ");
        batch.push_str(&answer::query(facts.asked(query)));
    }
    batch.push_str("; COMMIT");
    let answers = match session::answers(client, &batch).await {
        Ok(answers) => answers,
        Err(error) => return abandoned(client, &error).await,
    };
    let mut draft = Draft::new();
    let mut rest = answers
        .get(1..)
        .context("the server answered less than it was asked")?;
    for kind in kinds {
        let (own, others) = rest
            .split_at_checked(kind.queries.len())
            .context("the server answered less than it was asked")?;
        rest = others;
        match (kind.read)(own, &mut draft) {
            Err(error) if error.is::<answer::Moved>() => return Ok(None),
            other => other.with_context(|| format!("reading {}", kind.names.join(", ")))?,
        }
    }
    draft.schema.objects.values_mut().for_each(normal::object);
    Ok(Some(Reading {
        schema: draft.schema,
        unseen: kind::unseen(&KINDS, &facts),
        uncompared: draft.uncompared,
        server_major: facts.major().to_string(),
    }))
}

/// Ends a transaction that failed. An object dropped in between is a reason to begin again.
async fn abandoned(client: &Client, error: &Error) -> Result<Option<Reading>> {
    if !session::is_lost(error) {
        client
            .batch_execute("ROLLBACK")
            .await
            .context("leaving the transaction that read the schema")?;
    }
    let failure = Failure::failed(session::words(error)).on(Target::Timescale);
    match error.code() {
        // "cache lookup failed", "could not open relation": internal to the catalog functions.
        Some(code) if *code == SqlState::INTERNAL_ERROR || *code == SqlState::UNDEFINED_TABLE => {
            Ok(None)
        }
        Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => {
            Err(failure.remedy("another session holds the schema; wait until its change is done")).context("reading the schema")
        }
        Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => Err(Failure {
            exit: Exit::Unknown,
            ..failure
        }
        .remedy("as an administrator: GRANT SELECT on the catalog that is named to this login; docs/least-role.md has the whole role"))
        .context("reading the schema"),
        _ => Err(failure).context("reading the schema"),
    }
}
