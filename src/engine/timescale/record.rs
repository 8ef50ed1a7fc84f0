//! The record in PostgreSQL: refinery's history table and our ledger, both in schema public.

use super::{
    Timescale, convert, session,
    texts::{self, DOWN, SCRIPT, SNAPSHOT},
};
use crate::{
    engine::{
        Entry, EntryState, Event, Flavour, HistoryRow, LedgerRow, NewEntry, Record, StoredSnapshot,
    },
    outcome::{Exit, Failure},
    target::Target,
};
use anyhow::{Context, Result};
use futures_util::future::try_join;
use tokio_postgres::SimpleQueryRow;

/// refinery's table, made by refinery's own statement.
pub const HISTORY: &str = "refinery_schema_history";
/// Our audit trail and statement journal.
pub const LEDGER: &str = "sgmp_db_ledger";
/// Everything that holds the record.
pub const TABLES: [&str; 3] = [HISTORY, LEDGER, texts::TEXT];

const CREATE_HISTORY: &str = "CREATE TABLE IF NOT EXISTS public.refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));";

const CREATE_LEDGER: &str = include_str!("ledger.sql");

/// The newest form of the ledger that is known here, as its comment tells it.
const FORMAT: u32 = 2;

/// The ledger's comment, and whether it has the columns of its first form; no row where it is absent.
pub const READ_FORM: &str = "SELECT COALESCE(pg_catalog.obj_description(c.oid, 'pg_class'), ''), \
     EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'script' AND NOT a.attisdropped) \
     FROM pg_catalog.pg_class c WHERE c.relname = 'sgmp_db_ledger' \
     AND c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'public')";

/// Texts of a ledger that somebody dropped: a new one counts from 1 again.
const SWEEP: &str = "DELETE FROM public.sgmp_db_ledger_text \
     WHERE entry > (SELECT COALESCE(max(id), 0) FROM public.sgmp_db_ledger)";

/// How rows of the ledger are written here.
pub const FLAVOUR: Flavour = Flavour {
    table: "public.sgmp_db_ledger",
    now: "pg_catalog.clock_timestamp()",
    user: "current_user",
    text: session::text,
};

const READ_HISTORY: &str = "SELECT version, name, applied_on, checksum FROM public.refinery_schema_history ORDER BY version";

const READ_LEDGER: &str = "SELECT id, event, version, name, state, checksum, statements_total, \
     statements_done, in_flight, \
     pg_catalog.to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), \
     duration_ms, error, os_user, os_host, database_user, tool_version, details, fingerprint, continues \
     FROM public.sgmp_db_ledger ORDER BY id";

/// Creates what is absent, and brings a ledger of the first form to the present one. Needs the lock.
pub async fn prepare(timescale: &mut Timescale) -> Result<()> {
    let client = timescale.client().await?;
    let batch = format!("BEGIN; {CREATE_HISTORY} {CREATE_LEDGER} {SWEEP}; COMMIT; {READ_FORM}");
    let rows = session::rows(client, &batch)
        .await
        .map_err(|error| Failure::failed(session::words(&error)).on(Target::Timescale))
        .context("creating the tables that hold the record")?;
    if is_first_form(&rows)? {
        convert::convert(timescale).await?;
    }
    timescale.first_form = false;
    Ok(())
}

/// Does the ledger hold scripts and snapshots in its rows, as its first form did?
///
/// # Errors
/// A newer release wrote it.
pub fn is_first_form(rows: &[SimpleQueryRow]) -> Result<bool> {
    let Some(row) = rows.first() else {
        return Ok(false);
    };
    let format = session::column(row, 0)
        .strip_prefix("sgmp-db ledger format ")
        .and_then(|digits| digits.parse::<u32>().ok());
    match format {
        Some(newer) if newer > FORMAT => Err(Failure::new(
            Exit::History,
            format!("the ledger has format {newer}, which a newer release wrote; this one knows formats up to {FORMAT}"),
        )
        .on(Target::Timescale)
        .remedy("run the sgmp-db that wrote it, or a newer one")
        .into()),
        _ => Ok(session::column(row, 1) == "t"),
    }
}

/// Reads both tables, which must exist.
pub async fn read(timescale: &mut Timescale) -> Result<Record> {
    let client = timescale.client().await?;
    let (history, ledger) = try_join(
        session::rows(client, READ_HISTORY),
        session::rows(client, READ_LEDGER),
    )
    .await
    .map_err(|error| Failure::failed(session::words(&error)).on(Target::Timescale))
    .context("reading the record")?;
    understand(&history, &ledger)
}

/// Those of the two tables that are there, and whether this login may read them. The catalog shows
/// every table to every login.
macro_rules! tables {
    () => {
        "(SELECT c.relname, \
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'public' AND c.relname IN ('refinery_schema_history', 'sgmp_db_ledger', 'sgmp_db_ledger_text')) AS t(name, readable)"
    };
}

/// Whether this login may use the schema, and the names of those of the two tables that it may not read.
pub const HIDDEN: &str = concat!(
    "SELECT (SELECT pg_catalog.has_schema_privilege(oid, 'USAGE') \
     FROM pg_catalog.pg_namespace WHERE nspname = 'public'), t.name FROM ",
    tables!(),
    " WHERE NOT readable ORDER BY name"
);

/// Nothing is concluded from a record that the login may not read (exit 8).
///
/// # Errors
/// `HIDDEN` found one.
pub fn is_visible(hidden: &[SimpleQueryRow], login: &str) -> Result<()> {
    let tables: Vec<String> = hidden
        .iter()
        .map(|row| format!("public.{}", session::column(row, 1)))
        .collect();
    let Some(first) = hidden.first() else {
        return Ok(());
    };
    let tables = tables.join(", ");
    let role = session::identifier(login);
    let mut grants = format!("GRANT SELECT ON {tables} TO {role};");
    let mut lacks = format!("SELECT on {tables}");
    if session::column(first, 0) != "t" {
        grants = format!("GRANT USAGE ON SCHEMA public TO {role}; {grants}");
        lacks = format!("USAGE on schema public and {lacks}");
    }
    let message =
        format!("role `{login}` may not read which migrations are applied: it lacks {lacks}");
    Err(Failure::new(Exit::Unknown, message)
        .on(Target::Timescale)
        .remedy(format!("as an administrator: {grants}"))
        .into())
}

/// `FETCH_HISTORY` and `FETCH_LEDGER` after this, in the same transaction, find the rows of each of
/// the two tables, and nothing where it is absent: a query that names an absent table would fail,
/// abort the transaction, and leave an error in the server's log.
pub fn open_if_there() -> String {
    let open = |table: &str, cursor: &str, query: &str| {
        format!(
            "cursor := '{cursor}'; \
             IF EXISTS (SELECT FROM {} WHERE name = '{table}' AND readable) \
             THEN OPEN cursor FOR EXECUTE {}; \
             ELSE OPEN cursor FOR SELECT WHERE false; END IF; ",
            tables!(),
            session::text(query)
        )
    };
    format!(
        "DO LANGUAGE plpgsql $sgmp_db$ DECLARE cursor refcursor; BEGIN {}{}END $sgmp_db$",
        open(HISTORY, "sgmp_db_read_history", READ_HISTORY),
        open(LEDGER, "sgmp_db_read_ledger", READ_LEDGER),
    )
}

/// The history's rows after `open_if_there`.
pub const FETCH_HISTORY: &str = "FETCH ALL FROM sgmp_db_read_history";
/// The ledger's rows after `open_if_there`.
pub const FETCH_LEDGER: &str = "FETCH ALL FROM sgmp_db_read_ledger";

/// The rows of the two as what they are.
pub fn understand(history: &[SimpleQueryRow], ledger: &[SimpleQueryRow]) -> Result<Record> {
    Ok(Record {
        history: history.iter().map(history_row).collect::<Result<_>>()?,
        ledger: ledger
            .iter()
            .map(|row| {
                ledger_row(row).with_context(|| {
                    format!(
                        "sgmp_db_ledger has a row that this version does not understand (id {})",
                        session::column(row, 0)
                    )
                })
            })
            .collect::<Result<_>>()?,
    })
}

/// The text that an entry recorded.
pub async fn script(timescale: &mut Timescale, entry: i64) -> Result<Option<String>> {
    long_text(timescale, SCRIPT, entry).await
}

/// The checksum of the way back as it was when the entry's version was applied; a ledger of the first form has none.
pub async fn down(timescale: &mut Timescale, entry: i64) -> Result<Option<String>> {
    match timescale.first_form {
        true => Ok(None),
        false => long_text(timescale, DOWN, entry).await,
    }
}

/// The schema stored with an entry.
pub async fn snapshot(timescale: &mut Timescale, entry: i64) -> Result<Option<String>> {
    long_text(timescale, SNAPSHOT, entry).await
}

/// Stores the schema expected after an entry.
pub async fn store_snapshot(
    timescale: &mut Timescale,
    entry: i64,
    snapshot: &StoredSnapshot,
) -> Result<()> {
    let id = entry.to_string();
    let changes = [
        "BEGIN".to_owned(),
        format!(
            "DELETE FROM public.sgmp_db_ledger_text WHERE entry = {entry} AND kind = '{SNAPSHOT}'"
        ),
        format!(
            "UPDATE public.sgmp_db_ledger SET fingerprint = {} WHERE id = {entry}",
            session::text(&snapshot.fingerprint),
        ),
    ];
    let statements = changes
        .into_iter()
        .chain(texts::inserts(&id, SNAPSHOT, &snapshot.text))
        .chain(["COMMIT".to_owned()]);
    timescale
        .batches(statements)
        .await
        .context("storing the schema that is expected from now on")
}

/// The first form has it in the entry's row, in a column of that name.
async fn long_text(timescale: &mut Timescale, kind: &str, entry: i64) -> Result<Option<String>> {
    if !timescale.first_form {
        return texts::read(timescale, entry, kind).await;
    }
    let client = timescale.client().await?;
    let query = format!("SELECT {kind} FROM public.sgmp_db_ledger WHERE id = {entry}");
    let rows = session::rows(client, &query)
        .await
        .context("reading the ledger")?;
    Ok(rows
        .first()
        .and_then(|row| session::optional(row, 0))
        .map(str::to_owned))
}

/// Adds an entry that is not a script.
pub async fn log(timescale: &mut Timescale, entry: &NewEntry<'_>) -> Result<()> {
    let insert = log_statement(entry);
    timescale
        .client()
        .await?
        .batch_execute(&insert)
        .await
        .context("writing the ledger")
}

/// The statement that adds an entry that is not a script.
pub fn log_statement(entry: &NewEntry<'_>) -> String {
    let mut row = LedgerRow::new(&FLAVOUR, entry.event, EntryState::Done, entry.identity);
    row.value("statements_total", "0")
        .value("statements_done", "0")
        .finished()
        .message("details", Some(entry.details));
    row.insert()
}

fn history_row(row: &SimpleQueryRow) -> Result<HistoryRow> {
    let version = session::column(row, 0);
    Ok(HistoryRow {
        version: version.parse().with_context(|| {
            format!(
                "refinery_schema_history has a row that refinery did not write (version {version})"
            )
        })?,
        name: session::column(row, 1).to_owned(),
        applied_on: session::column(row, 2).to_owned(),
        checksum: session::column(row, 3).to_owned(),
    })
}

fn ledger_row(row: &SimpleQueryRow) -> Option<Entry> {
    let text = |index| session::column(row, index).to_owned();
    let number = |index| match session::optional(row, index) {
        None => Some(None),
        Some(digits) => digits.parse::<i64>().ok().map(Some),
    };
    let small = |index| match number(index)? {
        None => Some(None),
        Some(value) => i32::try_from(value).ok().map(Some),
    };
    Some(Entry {
        id: number(0)??,
        event: Event::from_name(session::column(row, 1))?,
        version: small(2)?,
        name: session::optional(row, 3).map(str::to_owned),
        state: EntryState::from_name(session::column(row, 4))?,
        checksum: session::optional(row, 5).map(str::to_owned),
        statements_total: small(6)??,
        statements_done: small(7)??,
        in_flight: small(8)?,
        started_at: text(9),
        duration_ms: number(10)?,
        error: session::optional(row, 11).map(str::to_owned),
        os_user: text(12),
        os_host: text(13),
        database_user: text(14),
        tool_version: text(15),
        details: session::optional(row, 16).map(str::to_owned),
        fingerprint: session::optional(row, 17).map(str::to_owned),
        continues: number(18)?,
    })
}
