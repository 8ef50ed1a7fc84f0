//! The record in MySQL: refinery's history table and our ledger.

use super::{
    Mysql, convert, grants, session,
    texts::{self, DOWN, Owner, SCRIPT, SNAPSHOT},
};
use crate::{
    engine::{
        Entry, EntryState, Event, Flavour, HistoryRow, LedgerRow, NewEntry, Record, StoredSnapshot,
    },
    outcome::{Exit, Failure},
    target::Target,
};
use anyhow::{Context, Result};
use mysql_async::{FromRowError, Row};
use std::collections::BTreeSet;

/// refinery's table, made by refinery's own statement.
pub const HISTORY: &str = "refinery_schema_history";
/// Our audit trail and statement journal.
pub const LEDGER: &str = "sgmp_db_ledger";
pub use super::texts::TEXT;
/// Everything that holds the record.
pub const TABLES: [&str; 3] = [HISTORY, LEDGER, TEXT];

const CREATE_HISTORY: &str = "CREATE TABLE IF NOT EXISTS refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255))";

const CREATE_LEDGER: &str = include_str!("ledger.sql");
const CREATE_TEXT: &str = include_str!("ledger_text.sql");

/// The newest form of the ledger that is known here, as its comment tells it.
const FORMAT: u32 = 2;

/// The ledger's comment, and whether it has the columns of its first form; no row where it is absent.
pub const READ_FORM: &str = "SELECT TABLE_COMMENT, EXISTS (SELECT 1 FROM information_schema.COLUMNS AS c \
     WHERE c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = 'sgmp_db_ledger' AND c.COLUMN_NAME = 'script') \
     FROM information_schema.TABLES \
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'sgmp_db_ledger'";

/// Texts of a ledger that somebody dropped: a new one counts from 1 again.
const SWEEP: &str = "DELETE FROM sgmp_db_ledger_text \
     WHERE entry > (SELECT COALESCE(MAX(id), 0) FROM sgmp_db_ledger)";

/// How rows of the ledger are written here.
pub const FLAVOUR: Flavour = Flavour {
    table: LEDGER,
    now: "UTC_TIMESTAMP(6)",
    user: "CURRENT_USER()",
    text: session::text,
};

const READ_HISTORY: &str =
    "SELECT version, name, applied_on, checksum FROM refinery_schema_history ORDER BY version";

const READ_LEDGER: &str = "SELECT id, event, version, name, state, checksum, statements_total, \
     statements_done, in_flight, DATE_FORMAT(started_at, '%Y-%m-%dT%H:%i:%s.%fZ'), duration_ms, \
     error, os_user, os_host, database_user, tool_version, details, fingerprint, continues \
     FROM sgmp_db_ledger ORDER BY id";

/// Creates what is absent, and brings a ledger of the first form to the present one. Needs the lock.
pub async fn prepare(mysql: &mut Mysql) -> Result<()> {
    let sets = mysql
        .packet(&[CREATE_HISTORY, CREATE_LEDGER, CREATE_TEXT, READ_FORM, SWEEP])
        .await
        .context("creating the tables that hold the record")?;
    if is_first_form(&sets[3])? {
        convert::convert(mysql).await?;
    }
    mysql.first_form = false;
    Ok(())
}

/// Does the ledger hold scripts and snapshots in its rows, as its first form did?
///
/// # Errors
/// A newer release wrote it.
pub fn is_first_form(rows: &[Row]) -> Result<bool> {
    let Some(row) = rows.first() else {
        return Ok(false);
    };
    let comment = row.get_opt::<String, _>(0).and_then(Result::ok);
    let format = comment
        .as_deref()
        .and_then(|comment| comment.strip_prefix("sgmp-db ledger format "))
        .and_then(|digits| digits.parse::<u32>().ok());
    match format {
        Some(newer) if newer > FORMAT => Err(Failure::new(
            Exit::History,
            format!("the ledger has format {newer}, which a newer release wrote; this one knows formats up to {FORMAT}"),
        )
        .on(Target::Mysql)
        .remedy("run the sgmp-db that wrote it, or a newer one")
        .into()),
        _ => Ok(matches!(row.get_opt::<i64, _>(1), Some(Ok(1)))),
    }
}

/// Reads both tables, which must exist.
pub async fn read(mysql: &mut Mysql) -> Result<Record> {
    let mut sets = mysql
        .packet(&[READ_HISTORY, READ_LEDGER])
        .await
        .context("reading the record")?;
    let ledger = sets.pop().unwrap_or_default();
    understand(sets.pop().unwrap_or_default(), ledger)
}

/// Those of the two tables that this login sees, and whether it may read them: a column's PRIVILEGES
/// are this login's own.
pub const SEEN: &str = "SELECT TABLE_NAME, \
     MIN(FIND_IN_SET('select', PRIVILEGES) > 0) \
     FROM information_schema.COLUMNS \
     WHERE TABLE_SCHEMA = DATABASE() \
     AND TABLE_NAME IN ('refinery_schema_history', 'sgmp_db_ledger') \
     GROUP BY TABLE_NAME \
     ORDER BY TABLE_NAME";

/// Nothing is concluded from a record that the login may not see (exit 8): a table without a
/// privilege on it is not in information_schema, as if it were not there. `held` are the privileges
/// on the whole database, `seen` the rows of `SEEN`.
///
/// # Errors
/// One of the two tables may be there and hidden.
pub fn is_visible(
    seen: &[Row],
    held: &BTreeSet<String>,
    (database, user): (&str, &str),
) -> Result<()> {
    if grants::missing(held, &["SELECT"]).is_empty() {
        return Ok(());
    }
    let readable = |table: &str| {
        seen.iter().any(|row| {
            row.get_opt::<String, _>(0).and_then(Result::ok).as_deref() == Some(table)
                && row.get_opt::<bool, _>(1).and_then(Result::ok) == Some(true)
        })
    };
    if readable(HISTORY) && readable(LEDGER) {
        return Ok(());
    }
    let database = session::identifier(database);
    let message = format!(
        "user `{user}` may not see which migrations are applied: it lacks SELECT on database {database}"
    );
    let user = user.replace('\\', "\\\\").replace('\'', "''");
    Err(Failure::new(Exit::Unknown, message)
        .on(Target::Mysql)
        .remedy(format!(
            "as an administrator: GRANT SELECT ON {database}.* TO '{user}'@'%';"
        ))
        .into())
}

/// The text of a query for each of the two tables, history first, which finds nothing where the
/// table is absent or may not be read. For `session::prepared`.
pub fn queries_if_there() -> [String; 2] {
    [(HISTORY, READ_HISTORY), (LEDGER, READ_LEDGER)].map(|(table, query)| {
        format!(
            "IF(COALESCE((SELECT MIN(FIND_IN_SET('select', PRIVILEGES) > 0) FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{table}'), FALSE), {}, \
             'SELECT NULL FROM DUAL WHERE FALSE')",
            session::text(query)
        )
    })
}

/// The rows of the two queries as what they are.
pub fn understand(history: Vec<Row>, ledger: Vec<Row>) -> Result<Record> {
    Ok(Record {
        history: history
            .into_iter()
            .map(history_row)
            .collect::<Result<_>>()?,
        ledger: ledger.into_iter().map(ledger_row).collect::<Result<_>>()?,
    })
}

/// The text that an entry recorded.
pub async fn script(mysql: &mut Mysql, entry: i64) -> Result<Option<String>> {
    long_text(mysql, SCRIPT, entry).await
}

/// The checksum of the way back as it was when the entry's version was applied; a ledger of the first form has none.
pub async fn down(mysql: &mut Mysql, entry: i64) -> Result<Option<String>> {
    match mysql.first_form {
        true => Ok(None),
        false => long_text(mysql, DOWN, entry).await,
    }
}

/// The schema stored with an entry.
pub async fn snapshot(mysql: &mut Mysql, entry: i64) -> Result<Option<String>> {
    long_text(mysql, SNAPSHOT, entry).await
}

/// Stores the schema expected after an entry.
pub async fn store_snapshot(
    mysql: &mut Mysql,
    entry: i64,
    snapshot: &StoredSnapshot,
) -> Result<()> {
    let id = entry.to_string();
    let owner = Owner {
        entry: &id,
        kind: SNAPSHOT,
    };
    let begin = ["SET autocommit = 1", "START TRANSACTION"].map(str::to_owned);
    let changes = [
        format!("DELETE FROM sgmp_db_ledger_text WHERE entry = {entry} AND kind = '{SNAPSHOT}'"),
        format!(
            "UPDATE sgmp_db_ledger SET fingerprint = {} WHERE id = {entry}",
            session::text(&snapshot.fingerprint),
        ),
    ];
    let statements = begin
        .into_iter()
        .chain(changes)
        .chain(texts::inserts(owner, &snapshot.text))
        .chain(["COMMIT".to_owned()]);
    mysql
        .packets(statements)
        .await
        .context("storing the schema that is expected from now on")
}

/// The first form has it in the entry's row, in a column of that name.
async fn long_text(mysql: &mut Mysql, kind: &str, entry: i64) -> Result<Option<String>> {
    if !mysql.first_form {
        return texts::read(mysql, entry, kind).await;
    }
    let query = format!("SELECT {kind} FROM sgmp_db_ledger WHERE id = {entry}");
    let sets = mysql.packet(&[&query]).await?;
    Ok(sets[0]
        .first()
        .and_then(|row| row.get_opt::<Option<String>, _>(0)?.ok()?))
}

/// Adds an entry that is not a script.
pub async fn log(mysql: &mut Mysql, entry: &NewEntry<'_>) -> Result<()> {
    let insert = log_statement(entry);
    mysql
        .packet(&[&insert])
        .await
        .context("writing the ledger")?;
    Ok(())
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

fn history_row(row: Row) -> Result<HistoryRow> {
    let (version, name, applied_on, checksum): (
        i32,
        Option<String>,
        Option<String>,
        Option<String>,
    ) = mysql_async::from_row_opt(row).map_err(|FromRowError(row)| {
        anyhow::anyhow!("refinery_schema_history has a row that refinery did not write: {row:?}")
    })?;
    Ok(HistoryRow {
        version,
        name: name.unwrap_or_default(),
        applied_on: applied_on.unwrap_or_default(),
        checksum: checksum.unwrap_or_default(),
    })
}

fn ledger_row(row: Row) -> Result<Entry> {
    read_entry(&row).with_context(|| {
        format!("sgmp_db_ledger has a row that this version does not understand: {row:?}")
    })
}

fn read_entry(row: &Row) -> Option<Entry> {
    fn column<T: mysql_async::prelude::FromValue>(row: &Row, index: usize) -> Option<T> {
        row.get_opt::<T, _>(index)?.ok()
    }
    Some(Entry {
        id: column(row, 0)?,
        event: Event::from_name(&column::<String>(row, 1)?)?,
        version: column(row, 2)?,
        name: column(row, 3)?,
        state: EntryState::from_name(&column::<String>(row, 4)?)?,
        checksum: column(row, 5)?,
        statements_total: column(row, 6)?,
        statements_done: column(row, 7)?,
        in_flight: column(row, 8)?,
        started_at: column(row, 9)?,
        duration_ms: column(row, 10)?,
        error: column(row, 11)?,
        os_user: column(row, 12)?,
        os_host: column(row, 13)?,
        database_user: column(row, 14)?,
        tool_version: column(row, 15)?,
        details: column(row, 16)?,
        fingerprint: column(row, 17)?,
        continues: column(row, 18)?,
    })
}
