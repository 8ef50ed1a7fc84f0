//! The rows of the statement journal, as SQL. One row per script run; each statement moves it on.

use super::session;
use crate::engine::{Direction, EntryState, Event, Work};

/// A statement about to be sent whose end the server alone may know.
#[derive(Debug, Clone)]
pub struct InFlight {
    /// From 1.
    pub number: usize,
    pub sha256: String,
    /// What it finds, where that decides: an expression that the journal row evaluates.
    pub evidence: Option<String>,
}

/// How far a run is.
#[derive(Debug, Clone, Default)]
pub struct Position {
    /// Statements in the database for certain.
    pub done: usize,
    pub in_flight: Option<InFlight>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct End<'a> {
    pub state: EntryState,
    pub position: Position,
    pub error: Option<&'a str>,
}

/// `value`, or an error under every sql_mode when this session does not hold `lock`: a pooler that
/// moved us to another session must not run a statement without it.
fn owned(lock: &str, value: usize) -> String {
    format!("IF(IS_USED_LOCK({lock}) = CONNECTION_ID(), {value}, (SELECT 1 UNION ALL SELECT 2))")
}

/// Nothing but the proof that this session holds the lock, where the row is open already.
pub fn proof(lock: &str) -> String {
    format!("DO {}", owned(lock, 1))
}

/// Opens the row of a run.
pub fn open(work: &Work<'_>, lock: &str, position: &Position) -> String {
    insert(work, &owned(lock, position.done), position, None)
}

/// Writes the row of a run that never had one and is over: its first statement failed.
pub fn closed(work: &Work<'_>, end: &End<'_>) -> String {
    insert(
        work,
        &end.position.done.to_string(),
        &end.position,
        Some(end),
    )
}

fn insert(work: &Work<'_>, done: &str, position: &Position, end: Option<&End<'_>>) -> String {
    let event = match work.direction {
        Direction::Apply => Event::Apply,
        Direction::Revert => Event::Revert,
    };
    let state = end.map_or(EntryState::Running, |end| end.state);
    let (number, sha256, evidence) = in_flight(position);
    let finished = if end.is_some() {
        "UTC_TIMESTAMP(6), 1"
    } else {
        "NULL, NULL"
    };
    format!(
        "INSERT INTO sgmp_db_ledger (event, version, name, state, checksum, script, statements_total, \
         statements_done, in_flight, in_flight_sha256, evidence, continues, started_at, finished_at, \
         duration_ms, error, os_user, os_host, database_user, tool_version, details) \
         VALUES ({}, {}, {}, {}, {}, {}, {}, {done}, {number}, {sha256}, {evidence}, {}, UTC_TIMESTAMP(6), \
         {finished}, {}, {}, {}, CURRENT_USER(), {}, {})",
        session::text(event.name()),
        work.version,
        session::text(work.name),
        session::text(state.name()),
        session::text(&work.checksum),
        session::text(work.text),
        work.statements.len(),
        work.continues
            .map_or_else(|| "NULL".to_owned(), |id| id.to_string()),
        session::nullable(end.and_then(|end| end.error)),
        session::text(&work.identity.os_user),
        session::text(&work.identity.os_host),
        session::text(work.identity.tool_version),
        session::nullable(work.details),
    )
}

/// Moves the row of a run on: closes the statement before and opens the next one.
pub fn advance(id: i64, lock: &str, position: &Position) -> String {
    let (number, sha256, evidence) = in_flight(position);
    format!(
        "UPDATE sgmp_db_ledger SET statements_done = {}, in_flight = {number}, \
         in_flight_sha256 = {sha256}, evidence = {evidence} WHERE id = {id}",
        owned(lock, position.done)
    )
}

/// Records behind a statement that it is done. `id` is an expression.
pub fn settled(id: &str, done: usize) -> String {
    format!(
        "UPDATE sgmp_db_ledger SET statements_done = {done}, in_flight = NULL, \
         in_flight_sha256 = NULL, evidence = NULL WHERE id = {id}"
    )
}

/// Closes the row of a run. `id` is an expression.
pub fn close(id: &str, end: &End<'_>) -> String {
    let (number, sha256, evidence) = in_flight(&end.position);
    format!(
        "UPDATE sgmp_db_ledger SET state = {}, statements_done = {}, in_flight = {number}, \
         in_flight_sha256 = {sha256}, evidence = {evidence}, finished_at = UTC_TIMESTAMP(6), \
         duration_ms = GREATEST(1, TIMESTAMPDIFF(MICROSECOND, started_at, UTC_TIMESTAMP(6)) DIV 1000), \
         error = {} WHERE id = {id}",
        session::text(end.state.name()),
        end.position.done,
        session::nullable(end.error),
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
