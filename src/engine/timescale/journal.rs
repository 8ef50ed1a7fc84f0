//! The rows of the statement journal, as SQL. One row per script run; each statement moves it on.

use super::{lock, session};
use crate::engine::{EntryState, Event, LOCK_LOST, Work};

/// A statement about to be sent whose end the server alone may know.
#[derive(Debug, Clone)]
pub struct InFlight {
    /// From 1.
    pub number: usize,
    pub sha256: String,
    /// What it finds, as an expression that the journal row evaluates.
    pub evidence: Option<String>,
}

/// How far a run is.
#[derive(Debug, Clone, Default)]
pub struct Position {
    /// Statements in the database for certain.
    pub done: usize,
    pub in_flight: Option<InFlight>,
}

/// The statement that opens an entry for a script and returns its id.
pub fn open(work: &Work<'_>, event: Event, state: EntryState) -> String {
    format!(
        "INSERT INTO public.sgmp_db_ledger (event, version, name, state, checksum, script, statements_total, \
         statements_done, continues, started_at, os_user, os_host, database_user, tool_version, details) \
         VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, pg_catalog.clock_timestamp(), {}, {}, current_user, {}, {}) \
         RETURNING id",
        session::text(event.name()),
        work.version,
        session::text(work.name),
        session::text(state.name()),
        session::text(&work.checksum),
        session::text(work.text),
        work.statements.len(),
        work.from,
        work.continues
            .map_or_else(|| "NULL".to_owned(), |id| id.to_string()),
        session::text(&work.identity.os_user),
        session::text(&work.identity.os_host),
        session::text(work.identity.tool_version),
        session::nullable(work.details),
    )
}

/// The row of a script that has run to its end in the transaction under way, written at once. Fails
/// when this session does not hold the lock.
pub fn whole(work: &Work<'_>, event: Event) -> String {
    let total = work.statements.len();
    format!(
        "INSERT INTO public.sgmp_db_ledger (event, version, name, state, checksum, script, statements_total, \
         statements_done, continues, started_at, finished_at, duration_ms, os_user, os_host, database_user, \
         tool_version, details) \
         SELECT {}, {}, {}, {}, {}, {}, {total}, CASE WHEN {} THEN {total} ELSE {} END, {}, \
         pg_catalog.transaction_timestamp(), ended, \
         GREATEST(1, pg_catalog.date_part('epoch', ended - pg_catalog.transaction_timestamp()) * 1000)::bigint, \
         {}, {}, current_user, {}, {} FROM pg_catalog.clock_timestamp() AS ended",
        session::text(event.name()),
        work.version,
        session::text(work.name),
        session::text(EntryState::Done.name()),
        session::text(&work.checksum),
        session::text(work.text),
        lock::proven(),
        lock_lost("ended IS NULL"),
        work.continues
            .map_or_else(|| "NULL".to_owned(), |id| id.to_string()),
        session::text(&work.identity.os_user),
        session::text(&work.identity.os_host),
        session::text(work.identity.tool_version),
        session::nullable(work.details),
    )
}

/// Moves the row of a run on: closes the statement before and opens the next one. Fails when this
/// session does not hold the lock: a pooler that moved us to another session must not run a
/// statement without it.
pub fn advance(id: i64, position: &Position) -> String {
    let (number, sha256, evidence) = in_flight(position);
    format!(
        "UPDATE public.sgmp_db_ledger SET statements_done = CASE WHEN {} THEN {} ELSE {} END, \
         in_flight = {number}, in_flight_sha256 = {sha256}, evidence = {evidence} WHERE id = {id}",
        lock::proven(),
        position.done,
        lock_lost("id < 0")
    )
}

/// An integer expression whose evaluation fails with these words in the server's complaint.
/// `never` depends on the row, so that it is not evaluated while the statement is planned.
fn lock_lost(never: &str) -> String {
    format!("(CASE WHEN {never} THEN '' ELSE '{LOCK_LOST}' END)::integer")
}

/// The statement that closes an entry; without an id, the newest one.
pub fn close(
    id: Option<i64>,
    state: EntryState,
    position: &Position,
    duration_ms: u128,
    error: Option<&str>,
) -> String {
    let id = id.map_or_else(
        || "(SELECT max(id) FROM public.sgmp_db_ledger)".to_owned(),
        |id| id.to_string(),
    );
    // A statement that failed in an unknown state keeps the evidence that it was opened with.
    let (number, sha256, evidence) = match &position.in_flight {
        Some(_) => ("in_flight", "in_flight_sha256", "evidence"),
        None => ("NULL", "NULL", "NULL"),
    };
    format!(
        "UPDATE public.sgmp_db_ledger SET state = {}, statements_done = {}, in_flight = {number}, \
         in_flight_sha256 = {sha256}, evidence = {evidence}, \
         finished_at = pg_catalog.clock_timestamp(), duration_ms = {duration_ms}, error = {} WHERE id = {id}",
        session::text(state.name()),
        position.done,
        session::nullable(error),
    )
}

fn in_flight(position: &Position) -> (String, String, String) {
    match &position.in_flight {
        None => ("NULL".to_owned(), "NULL".to_owned(), "NULL".to_owned()),
        Some(flight) => (
            flight.number.to_string(),
            session::text(&flight.sha256),
            flight.evidence.clone().unwrap_or_else(|| "NULL".to_owned()),
        ),
    }
}
