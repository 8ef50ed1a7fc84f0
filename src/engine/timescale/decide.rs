//! Is the statement in flight in the database? Decided by evidence, never guessed; what it left
//! half-made is cleared away.

use super::{
    Timescale,
    effect::{Effect, effect},
    evidence, session,
};
use crate::{
    engine::{Flight, Verdict, fingerprint},
    outcome::Failure,
    target::Target,
};
use anyhow::Result;
use std::collections::BTreeMap;
use tokio_postgres::{Client, Error};

/// Indexes by name, each with whether it is valid.
type Indexes = BTreeMap<String, bool>;

/// Decides about the statement in flight of a ledger entry.
pub async fn decide(timescale: &mut Timescale, flight: &Flight<'_>) -> Result<Verdict> {
    let client = timescale.client().await?;
    clear(client, flight.entry, flight.statement)
        .await
        .map_err(|error| {
            Failure::failed(session::words(&error))
                .on(Target::Timescale)
                .into()
        })
}

/// The same on an open session.
pub async fn clear(client: &Client, entry: i64, statement: &str) -> Result<Verdict, Error> {
    let effect = effect(statement);
    let expression = match (&effect, evidence::expression(&effect)) {
        (Effect::Repeatable, _) => return Ok(Verdict::NotApplied),
        (Effect::Hidden(why), _) => return Ok(Verdict::Unknown((*why).to_owned())),
        (_, None) => return Ok(Verdict::Unknown("it has no evidence".to_owned())),
        (_, Some(expression)) => expression,
    };
    let query = format!(
        "SELECT evidence, in_flight_sha256, {expression} FROM public.sgmp_db_ledger WHERE id = {entry}"
    );
    let rows = session::rows(client, &query).await?;
    let row = rows.first();
    let column = |index| row.and_then(|row| session::optional(row, index));
    let (Some(before), Some(now)) = (
        column(0).filter(|_| column(1) == Some(fingerprint(statement).as_str())),
        column(2),
    ) else {
        return Ok(Verdict::Unknown(
            "the journal does not hold what the statement found".to_owned(),
        ));
    };
    match &effect {
        Effect::IndexMade { table } => index_made(client, table, before, now).await,
        Effect::Reindexed => reindexed(client, before, now).await,
        Effect::IndexDropped { .. } => Ok(index_dropped(before, now)),
        Effect::Detached { partition } => {
            detached(client, partition, statement, (before, now)).await
        }
        Effect::AggregateMade { view } => aggregate_made(client, view, before, now).await,
        Effect::DatabaseMade { .. } | Effect::DatabaseDropped { .. } if before == now => {
            Ok(Verdict::NotApplied)
        }
        _ => Ok(Verdict::Applied),
    }
}

fn indexes(text: &str) -> Indexes {
    serde_json::from_str(text).unwrap_or_default()
}

/// A new valid index is the statement's; a new invalid one is what it left, and goes.
async fn index_made(
    client: &Client,
    table: &str,
    before: &str,
    now: &str,
) -> Result<Verdict, Error> {
    let (before, now) = (indexes(before), indexes(now));
    let new: Vec<(&String, bool)> = now
        .iter()
        .filter(|(name, _)| !before.contains_key(*name))
        .map(|(name, valid)| (name, *valid))
        .collect();
    match new.as_slice() {
        [] => Ok(Verdict::NotApplied),
        [(_, true)] => Ok(Verdict::Applied),
        [(name, false)] => {
            drop_index(client, name).await?;
            Ok(Verdict::NotApplied)
        }
        _ => Ok(Verdict::Unknown(format!(
            "more than one index of {table} is new: {}",
            new.iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    }
}

/// The invalid copies that an interrupted REINDEX CONCURRENTLY leaves are called `…_ccnew` and
/// `…_ccold` (PostgreSQL documentation, REINDEX); they go, and the index is rebuilt again.
async fn reindexed(client: &Client, before: &str, now: &str) -> Result<Verdict, Error> {
    let before = indexes(before);
    for name in indexes(now).keys() {
        let bare = name
            .trim_end_matches('"')
            .trim_end_matches(|c: char| c.is_ascii_digit());
        let copy = bare.ends_with("_ccnew") || bare.ends_with("_ccold");
        if copy && !before.contains_key(name) {
            drop_index(client, name).await?;
        }
    }
    Ok(Verdict::NotApplied)
}

fn index_dropped(before: &str, now: &str) -> Verdict {
    let (before, now) = (indexes(before), indexes(now));
    if now.is_empty() && !before.is_empty() {
        Verdict::Applied
    } else {
        // An index that is half dropped is invalid, and dropping it again ends that.
        Verdict::NotApplied
    }
}

/// A detach that was cut short is finished (PostgreSQL documentation, ALTER TABLE … FINALIZE).
async fn detached(
    client: &Client,
    partition: &str,
    statement: &str,
    (before, now): (&str, &str),
) -> Result<Verdict, Error> {
    match now {
        "detached" if before != "detached" => Ok(Verdict::Applied),
        "true" => {
            let head = statement
                .to_ascii_lowercase()
                .find("detach")
                .map_or(statement, |at| &statement[..at]);
            session::rows(
                client,
                &format!("{head} DETACH PARTITION {partition} FINALIZE"),
            )
            .await?;
            Ok(Verdict::Applied)
        }
        _ => Ok(Verdict::NotApplied),
    }
}

/// An aggregate that is there may not have been filled; filling it again changes nothing.
async fn aggregate_made(
    client: &Client,
    view: &str,
    before: &str,
    now: &str,
) -> Result<Verdict, Error> {
    if now != "true" || before == "true" {
        return Ok(Verdict::NotApplied);
    }
    let refresh = format!(
        "CALL public.refresh_continuous_aggregate({}::pg_catalog.regclass, NULL, NULL)",
        session::text(view)
    );
    session::rows(client, &refresh).await?;
    Ok(Verdict::Applied)
}

/// Not CONCURRENTLY: that cannot be used on a hypertable, and nobody uses an invalid index. `name`
/// is quoted as the server quotes it.
async fn drop_index(client: &Client, name: &str) -> Result<(), Error> {
    session::rows(client, &format!("DROP INDEX IF EXISTS {name}"))
        .await
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_index_is_told_by_its_absence() {
        assert_eq!(index_dropped("{\"i\":true}", "{}"), Verdict::Applied);
        assert_eq!(
            index_dropped("{\"i\":true}", "{\"i\":false}"),
            Verdict::NotApplied
        );
        assert_eq!(index_dropped("{}", "{}"), Verdict::NotApplied);
    }
}
