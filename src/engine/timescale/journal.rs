//! The rows of the statement journal, as SQL. One row per script run; each statement moves it on.

use super::{lock, record::FLAVOUR, session, texts};
use crate::engine::{EntryState, Event, Flavour, LOCK_LOST, LedgerRow, RowScript, Work, bounded};

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

/// The statement that opens an entry for a script, with the first piece of that, and returns its id.
pub fn open(work: &Work<'_>, event: Event, state: EntryState) -> String {
    texts::with_script(
        &row(work, event, state).insert(),
        work.text,
        work.down.as_deref(),
    )
}

/// The same without the script.
pub fn open_bare(work: &Work<'_>, event: Event, state: EntryState) -> String {
    format!("{} RETURNING id", row(work, event, state).insert())
}

fn row(work: &Work<'_>, event: Event, state: EntryState) -> LedgerRow {
    let mut row = LedgerRow::new(&FLAVOUR, event, state, work.identity);
    row.script(&script(work))
        .value("statements_done", work.from.to_string())
        .message("details", work.details);
    row
}

fn script<'w>(work: &'w Work<'_>) -> RowScript<'w> {
    RowScript {
        version: work.version,
        name: work.name,
        checksum: &work.checksum,
        statements_total: work.statements.len(),
        continues: work.continues,
    }
}

/// The row of a script that has run to its end in the transaction under way, written at once, with the
/// first piece of the script. Fails when this session does not hold the lock.
pub fn whole(work: &Work<'_>, event: Event) -> String {
    let total = work.statements.len();
    let mut row = LedgerRow::new(&WHOLE, event, EntryState::Done, work.identity);
    row.script(&script(work))
        .value(
            "statements_done",
            format!(
                "CASE WHEN {} THEN {total} ELSE {} END",
                lock::proven(),
                lock_lost("ended IS NULL")
            ),
        )
        .value("finished_at", "ended")
        .value(
            "duration_ms",
            "GREATEST(1, pg_catalog.date_part('epoch', ended - pg_catalog.transaction_timestamp()) * 1000)::bigint",
        )
        .message("details", work.details);
    let insert = format!(
        "INSERT INTO public.sgmp_db_ledger ({}) SELECT {} FROM pg_catalog.clock_timestamp() AS ended",
        row.names(),
        row.values()
    );
    texts::with_script(&insert, work.text, work.down.as_deref())
}

/// A row that began with its transaction.
const WHOLE: Flavour = Flavour {
    now: "pg_catalog.transaction_timestamp()",
    ..FLAVOUR
};

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
        session::nullable(error.map(bounded)),
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
