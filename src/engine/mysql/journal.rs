//! The rows of the statement journal, as SQL. One row per script run; each statement moves it on.

use super::{record::FLAVOUR, session};
use crate::engine::{Direction, EntryState, Event, LedgerRow, RowScript, Work, bounded};

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
    let mut row = LedgerRow::new(&FLAVOUR, event, state, work.identity);
    row.script(&RowScript {
        version: work.version,
        name: work.name,
        checksum: &work.checksum,
        statements_total: work.statements.len(),
        continues: work.continues,
    })
    .value("statements_done", done)
    .value("in_flight", number)
    .value("in_flight_sha256", sha256)
    .value("evidence", evidence)
    .message("details", work.details);
    if let Some(end) = end {
        row.finished()
            .value("duration_ms", "1")
            .message("error", end.error);
    }
    row.insert()
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
        session::nullable(end.error.map(bounded)),
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
