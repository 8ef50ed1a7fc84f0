//! What must be known before the kinds can be asked: whose schemas, which extension, what may be read?

use super::{answer, hypertables};
use crate::connect::PgClient as Client;
use crate::engine::timescale::session;
use anyhow::{Context, Result};
use serde::Deserialize;
use tokio_postgres::Error;

/// Opens the one consistent view. The settings end with the transaction; they are those that change
/// what catalog functions print (PostgreSQL documentation, 19.11 and 9.27.7), and a limit for the
/// locks that these functions take on a view or a table (ACCESS SHARE, which stops no writer).
const BEGIN: &str = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; \
     SET LOCAL search_path = pg_catalog; \
     SET LOCAL quote_all_identifiers = off; \
     SET LOCAL \"DateStyle\" = 'ISO, MDY'; \
     SET LOCAL \"IntervalStyle\" = 'postgres'; \
     SET LOCAL \"TimeZone\" = 'UTC'; \
     SET LOCAL extra_float_digits = 1; \
     SET LOCAL bytea_output = hex; \
     SET LOCAL standard_conforming_strings = on; \
     SET LOCAL xmlbinary = base64; \
     SET LOCAL lock_timeout = '10s'; \
     SET LOCAL statement_timeout = 0; \
     SET LOCAL jit = off";

/// Schemas of an extension's are the extension's affair; so are temporary ones the session's. The
/// list stays in a setting of this transaction, so that the kinds' queries need no text put in.
const SCHEMAS: &str = "SELECT pg_catalog.set_config('sgmp_db.schemas', \
     COALESCE(pg_catalog.array_agg(n.oid), '{}')::text, true) AS schemas \
     FROM pg_catalog.pg_namespace n \
     WHERE n.nspname !~ '^pg_' \
     AND n.nspname <> 'information_schema' \
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
     WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass \
     AND d.objid = n.oid \
     AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass \
     AND d.deptype = 'e')";

/// Columns that came or went with a version, as `schema.relation.column`; whether they are there is
/// asked, because version numbers of development builds do not tell.
const PROBED: [&str; 2] = [CHUNK_RELID, hypertables::TYPED];

/// Which table a chunk is: its oid, where it once was its schema and name.
pub const CHUNK_RELID: &str = "_timescaledb_catalog.chunk.relid";

/// What a reading rests on.
#[derive(Debug, Deserialize)]
pub struct Facts {
    /// As the server counts them since 10: 170004.
    pub version_number: u32,
    /// Is TimescaleDB in this database?
    pub timescaledb: bool,
    /// The login, for the statement that grants it what it lacks.
    pub login: String,
    /// Catalogs among those asked for that the login may not read, as `schema.name`.
    pub unreadable: Vec<String>,
    /// Columns among `PROBED` that this server's catalogs have.
    pub columns: Vec<String>,
}

impl Facts {
    /// Begins the transaction and looks; one turn.
    pub async fn read(client: &Client, catalogs: &[&str]) -> Result<Result<Facts, Error>> {
        let facts = format!(
            "SELECT pg_catalog.current_setting('server_version_num')::integer AS version_number, \
             EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'timescaledb') AS timescaledb, \
             current_user AS login, \
             (SELECT COALESCE(pg_catalog.json_agg(q.name ORDER BY q.name), '[]') \
             FROM (SELECT n.nspname || '.' || c.relname AS name, n.oid AS schema, c.oid AS relation \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relname = ANY({names}::text[])) AS q \
             WHERE q.name = ANY({catalogs}::text[]) \
             AND NOT (pg_catalog.has_schema_privilege(q.schema, 'USAGE') \
             AND pg_catalog.has_table_privilege(q.relation, 'SELECT'))) AS unreadable, \
             (SELECT COALESCE(pg_catalog.json_agg(n.nspname || '.' || c.relname || '.' || a.attname), '[]') \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped \
             WHERE c.relname = ANY({relations}::text[]) \
             AND n.nspname || '.' || c.relname || '.' || a.attname = ANY({probed}::text[])) AS columns",
            relations = array(PROBED.iter().filter_map(|name| name.split('.').nth(1))),
            probed = array(PROBED.into_iter()),
            names = array(
                catalogs
                    .iter()
                    .filter_map(|name| name.split_once('.'))
                    .map(|(_, name)| name)
            ),
            catalogs = array(catalogs.iter().copied()),
        );
        let batch = format!("{BEGIN}; {SCHEMAS}; {}", answer::query(&facts));
        let answers = match session::answers(client, &batch).await {
            Ok(answers) => answers,
            Err(error) => return Ok(Err(error)),
        };
        let rows = answers.last().context("the server did not answer")?;
        let facts: Vec<Facts> = answer::decode(rows)?;
        Ok(Ok(facts
            .into_iter()
            .next()
            .context("the server did not answer about itself")?))
    }

    /// Does this server have that column of `PROBED`?
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// A kind's query, or what this server takes in its place.
    pub fn asked(&self, query: &'static str) -> &'static str {
        match query == hypertables::SETTINGS && !self.has(hypertables::TYPED) {
            true => hypertables::SETTINGS_AS_TEXT,
            false => query,
        }
    }

    /// Major version as the server counts them.
    pub fn major(&self) -> u32 {
        self.version_number / 10_000
    }
}

fn array<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let list: Vec<&str> = names.collect();
    session::text(&format!("{{{}}}", list.join(",")))
}
