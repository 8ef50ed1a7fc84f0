//! Is the statement in flight in the database? Decided by evidence, never guessed; what it left
//! half-made is cleared away.

use super::{
    Timescale,
    blockers::blockers,
    effect::{Effect, TRIAL, effect},
    evidence,
    index::IndexStatement,
    invalid::{Index, drop_index},
    session,
    trial::{self, Tried},
};
use crate::connect::PgClient as Client;
use crate::{
    engine::{Flight, Verdict, fingerprint},
    outcome::{Exit, Failure},
    sql::Statement,
    target::Target,
};
use anyhow::Result;
use std::collections::BTreeMap;
use tokio_postgres::{Error, error::SqlState};

/// Indexes by name: object id, whether it is valid, its bare name.
type Indexes = BTreeMap<String, (u32, bool, String)>;

/// Decides about the statement in flight of a ledger entry.
pub async fn decide(timescale: &mut Timescale, flight: &Flight<'_>) -> Result<Verdict> {
    let client = timescale.client().await?;
    let decided = match stand_as_it_did(client, flight).await {
        Ok(()) => clear(client, flight.entry, flight.statement).await,
        Err(error) => Err(error),
    };
    match decided {
        Ok(verdict) => Ok(verdict),
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            Err(in_the_way(client, flight.statement.text(), &error)
                .await
                .into())
        }
        Err(error) => Err(Failure::failed(session::words(&error))
            .on(Target::Timescale)
            .into()),
    }
}

/// Names mean what they meant to the statement, and nobody waits for ever.
async fn stand_as_it_did(client: &Client, flight: &Flight<'_>) -> Result<(), Error> {
    let settings = [&["SET search_path = public"], flight.settings].concat();
    for setting in settings.into_iter().chain(["SET lock_timeout = '10s'"]) {
        session::rows(client, setting).await?;
    }
    Ok(())
}

async fn in_the_way(client: &Client, statement: &str, error: &Error) -> Failure {
    Failure::new(
        Exit::HalfApplied,
        format!(
            "what an interrupted statement left cannot be cleared away: {}, {}",
            session::words(error),
            blockers(client, statement).await
        ),
    )
    .on(Target::Timescale)
    .statement(statement)
    .remedy("end whoever is in the way or wait for them, then go on with: sgmp-db upgrade --only timescale")
}

/// The same on an open session.
pub async fn clear(client: &Client, entry: i64, statement: &Statement) -> Result<Verdict, Error> {
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
        column(0).filter(|_| column(1) == Some(fingerprint(statement.text()).as_str())),
        column(2),
    ) else {
        return Ok(Verdict::Unknown(
            "the journal does not hold what the statement found".to_owned(),
        ));
    };
    let indexes = || {
        let read = |text| serde_json::from_str::<Indexes>(text).ok();
        Some((read(before)?, read(now)?))
    };
    let unreadable = Ok(Verdict::Unknown(
        "what the statement found cannot be read".to_owned(),
    ));
    match &effect {
        Effect::IndexMade(made) => match indexes() {
            Some((before, now)) => index_made(client, made, &new(&before, now)).await,
            None => unreadable,
        },
        Effect::Reindexed(_) => match indexes() {
            Some((before, now)) => reindexed(client, &new(&before, now)).await,
            None => unreadable,
        },
        Effect::IndexDropped { .. } => match indexes() {
            Some((before, now)) => Ok(index_dropped(&before, &now)),
            None => unreadable,
        },
        Effect::Detached { partition, head } => {
            detached(client, (partition, head), (before, now)).await
        }
        Effect::AggregateMade { view, trial } => {
            aggregate_made(client, (view, trial), (before, now)).await
        }
        Effect::DatabaseMade { .. } | Effect::DatabaseDropped { .. } if before == now => {
            Ok(Verdict::NotApplied)
        }
        _ => Ok(Verdict::Applied),
    }
}

/// The indexes that were not there before.
fn new(before: &Indexes, now: Indexes) -> Vec<Index> {
    now.into_iter()
        .filter(|(name, _)| !before.contains_key(name))
        .map(|(name, (id, is_valid, bare))| Index {
            name,
            bare,
            id,
            is_valid,
        })
        .collect()
}

/// A new index is the statement's when it has its name, where it says one, and its definition. A
/// valid one tells; an invalid one is what it left, and goes. Other indexes are somebody else's.
async fn index_made(
    client: &Client,
    made: &IndexStatement,
    new: &[Index],
) -> Result<Verdict, Error> {
    let named: Vec<&Index> = new
        .iter()
        .filter(|index| made.name.as_ref().is_none_or(|name| *name == index.bare))
        .collect();
    if named.is_empty() {
        return Ok(Verdict::NotApplied);
    }
    let ids: Vec<u32> = named.iter().map(|index| index.id).collect();
    let alike = match trial::alike(client, made, &ids).await? {
        Tried::Seen(alike) => alike,
        Tried::Refused(why) => {
            return Ok(Verdict::Unknown(format!(
                "index {} is new, and what the statement makes cannot be tried beside it: {why}",
                listed(&named)
            )));
        }
    };
    let same: Vec<&Index> = named
        .iter()
        .copied()
        .filter(|index| alike.contains(&index.id))
        .collect();
    match same.as_slice() {
        [] if made.name.is_none() => Ok(Verdict::NotApplied),
        [] => Ok(Verdict::Unknown(format!(
            "index {} is there and is not what the statement makes: somebody else made it",
            listed(&named)
        ))),
        [index] if !index.is_valid => gone(drop_index(client, index).await?),
        [index] => match trial::gaps(client, index.id).await? {
            0 => Ok(Verdict::Applied),
            gaps => Ok(Verdict::Unknown(format!(
                "index {} is valid, but {gaps} chunks of {} have none: somebody else made it",
                index.name, made.table
            ))),
        },
        several => Ok(Verdict::Unknown(format!(
            "more than one new index of {} is what the statement makes: {}",
            made.table,
            listed(several)
        ))),
    }
}

fn listed(indexes: &[&Index]) -> String {
    let names: Vec<&str> = indexes.iter().map(|index| index.name.as_str()).collect();
    names.join(", ")
}

/// What was left is gone, unless somebody is at work on it.
fn gone(building: Option<String>) -> Result<Verdict, Error> {
    Ok(building.map_or(Verdict::NotApplied, Verdict::Unknown))
}

/// The invalid copies that an interrupted REINDEX CONCURRENTLY leaves are called `…_ccnew` and
/// `…_ccold` (PostgreSQL documentation, REINDEX); they go, and the index is rebuilt again.
async fn reindexed(client: &Client, new: &[Index]) -> Result<Verdict, Error> {
    for index in new {
        let bare = index.bare.trim_end_matches(|c: char| c.is_ascii_digit());
        if !bare.ends_with("_ccnew") && !bare.ends_with("_ccold") {
            continue;
        }
        if let Some(building) = drop_index(client, index).await? {
            return Ok(Verdict::Unknown(building));
        }
    }
    Ok(Verdict::NotApplied)
}

/// An index that is half dropped is invalid, and dropping it again ends that.
fn index_dropped(before: &Indexes, now: &Indexes) -> Verdict {
    if now.is_empty() && !before.is_empty() {
        return Verdict::Applied;
    }
    let known = |id: &u32| before.values().any(|(other, ..)| other == id);
    match now.iter().find(|(_, (id, ..))| !known(id)) {
        Some((name, _)) => Verdict::Unknown(format!(
            "the index that is called {name} now is another one: somebody else made it"
        )),
        None => Verdict::NotApplied,
    }
}

/// A detach that was cut short is finished (PostgreSQL documentation, ALTER TABLE … FINALIZE).
async fn detached(
    client: &Client,
    (partition, head): (&str, &str),
    (before, now): (&str, &str),
) -> Result<Verdict, Error> {
    match now {
        "detached" if before != "detached" => Ok(Verdict::Applied),
        "absent" if before != "absent" => Ok(Verdict::Unknown(format!(
            "{partition} is not there any more: somebody else dropped or renamed it"
        ))),
        "true" => {
            let finalize = format!("{head} DETACH PARTITION {partition} FINALIZE");
            session::rows(client, &finalize).await?;
            Ok(Verdict::Applied)
        }
        _ => Ok(Verdict::NotApplied),
    }
}

/// An aggregate that is there may not have been filled; filling it again changes nothing.
async fn aggregate_made(
    client: &Client,
    (view, statement): (&str, &str),
    (before, now): (&str, &str),
) -> Result<Verdict, Error> {
    if now != "true" || before == "true" {
        return Ok(Verdict::NotApplied);
    }
    match trial::same_aggregate(client, view, (TRIAL, statement.to_owned())).await? {
        Tried::Seen(true) => {}
        Tried::Seen(false) => {
            return Ok(Verdict::Unknown(format!(
                "{view} is there and is not what the statement makes: somebody else made it"
            )));
        }
        Tried::Refused(why) => {
            return Ok(Verdict::Unknown(format!(
                "{view} is there, and what the statement makes cannot be tried beside it: {why}"
            )));
        }
    }
    let refresh = format!(
        "CALL public.refresh_continuous_aggregate({}::pg_catalog.regclass, NULL, NULL)",
        session::text(view)
    );
    session::rows(client, &refresh).await?;
    Ok(Verdict::Applied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_index_is_told_by_its_absence() {
        let one = |id, is_valid| Indexes::from([("public.i".into(), (id, is_valid, "i".into()))]);
        let none = Indexes::new();
        assert_eq!(index_dropped(&one(1, true), &none), Verdict::Applied);
        assert_eq!(
            index_dropped(&one(1, true), &one(1, false)),
            Verdict::NotApplied
        );
        assert_eq!(index_dropped(&none, &none), Verdict::NotApplied);
        // Somebody made another one of that name; it must not be dropped.
        assert!(matches!(
            index_dropped(&one(1, true), &one(2, true)),
            Verdict::Unknown(_)
        ));
    }
}
