//! The application's login role: made when absent, granted what the backend needs.
//!
//! The backend reads and writes the hypertables and creates continuous aggregates in schema
//! public at run time, hence CREATE there.

use super::{Timescale, record, session};
use crate::connect::PgClient as Client;
use crate::{
    config::AppRole,
    engine::{Event, Identity, NewEntry},
    outcome::Failure,
    target::Target,
};
use anyhow::{Context, Result};
use secrecy::ExposeSecret;
use tokio_postgres::error::SqlState;

/// One thing that the role lacks: what to tell, and what to send.
struct Missing {
    what: String,
    sql: String,
}

/// Creates and grants what the role lacks, in one transaction with the ledger. Returns what was done.
///
/// Roles belong to the whole server and the lock to one database, so a run on another database may
/// make the role at the same moment: then what is missing is looked at again.
pub async fn ensure(
    timescale: &mut Timescale,
    role: &AppRole,
    identity: &Identity,
) -> Result<Vec<String>> {
    let client = timescale.client().await?;
    let mut again = true;
    loop {
        let missing = missing(client, role).await?;
        match grant(client, &missing, identity).await {
            Ok(()) => return Ok(missing.into_iter().map(|one| one.what).collect()),
            Err(error) => {
                client
                    .batch_execute("ROLLBACK")
                    .await
                    .context("rolling back the role's grants")?;
                let raced = [
                    &SqlState::DUPLICATE_OBJECT,
                    &SqlState::UNIQUE_VIOLATION,
                    &SqlState::T_R_SERIALIZATION_FAILURE,
                ];
                if !again || !error.code().is_some_and(|code| raced.contains(&code)) {
                    return Err(Failure::failed(session::words(&error)).on(Target::Timescale))
                        .with_context(|| {
                            format!("preparing the application role `{}`", role.name)
                        });
                }
                again = false;
            }
        }
    }
}

async fn grant(
    client: &Client,
    missing: &[Missing],
    identity: &Identity,
) -> Result<(), tokio_postgres::Error> {
    if missing.is_empty() {
        return Ok(());
    }
    let mut batch = String::from("BEGIN;\n");
    for one in missing {
        let entry = NewEntry {
            event: Event::Role,
            details: &one.what,
            identity,
        };
        batch.push_str(&format!(
            "{};\n{};\n",
            one.sql,
            record::log_statement(&entry)
        ));
    }
    batch.push_str("COMMIT");
    client.batch_execute(&batch).await
}

/// What `ensure` would do, in words.
pub async fn plan(timescale: &mut Timescale, role: &AppRole) -> Result<Vec<String>> {
    let client = timescale.client().await?;
    Ok(missing(client, role)
        .await?
        .into_iter()
        .map(|one| one.what)
        .collect())
}

async fn missing(client: &Client, role: &AppRole) -> Result<Vec<Missing>> {
    let literal = session::text(&role.name);
    let name = session::identifier(&role.name);
    let exists = format!("SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal}");
    let mut missing = Vec::new();
    let is_new = session::rows(client, &exists)
        .await
        .context("reading roles")?
        .is_empty();
    if is_new {
        // A verifier, so that no log of statements ever holds the password.
        let verifier =
            postgres_protocol::password::scram_sha_256(role.password.expose_secret().as_bytes());
        missing.push(Missing {
            what: format!("role {} created", role.name),
            sql: format!(
                "CREATE ROLE {name} LOGIN PASSWORD {}",
                session::text(&verifier)
            ),
        });
    }
    for (what, target, held) in privileges(client, &literal, is_new).await? {
        if !held {
            missing.push(Missing {
                what: format!("{what} on {target} granted to {}", role.name),
                sql: format!("GRANT {what} ON {target} TO {name}"),
            });
        }
    }
    Ok(missing)
}

/// Each grant that the backend needs, and whether the role has it.
async fn privileges(
    client: &Client,
    role: &str,
    is_new: bool,
) -> Result<Vec<(&'static str, String, bool)>> {
    let has = |function: &str, object: &str, privilege: &str| {
        if is_new {
            "false".to_owned()
        } else {
            format!("pg_catalog.{function}({role}, {object}, '{privilege}')")
        }
    };
    let schema = format!(
        "SELECT 'SCHEMA public', {}, {} FROM pg_catalog.pg_namespace WHERE nspname = 'public'",
        has("has_schema_privilege", "oid", "USAGE"),
        has("has_schema_privilege", "oid", "CREATE"),
    );
    let mut grants = Vec::new();
    for row in session::rows(client, &schema)
        .await
        .context("reading privileges")?
    {
        let target = session::column(&row, 0).to_owned();
        let held = session::column(&row, 1) == "t" && session::column(&row, 2) == "t";
        grants.push(("USAGE, CREATE", target, held));
    }
    let installed = "SELECT FROM pg_catalog.pg_extension WHERE extname = 'timescaledb'";
    if session::rows(client, installed)
        .await
        .context("reading extensions")?
        .is_empty()
    {
        return Ok(grants);
    }
    // Aggregates have hypertables of their own; those stay in TimescaleDB's schema.
    let tables = format!(
        "SELECT pg_catalog.format('%I.%I', hypertable_schema, hypertable_name), {}, {} \
         FROM timescaledb_information.hypertables WHERE hypertable_schema = 'public' ORDER BY 1",
        has(
            "has_table_privilege",
            "pg_catalog.format('%I.%I', hypertable_schema, hypertable_name)",
            "SELECT"
        ),
        has(
            "has_table_privilege",
            "pg_catalog.format('%I.%I', hypertable_schema, hypertable_name)",
            "INSERT"
        ),
    );
    for row in session::rows(client, &tables)
        .await
        .context("reading privileges")?
    {
        let target = format!("TABLE {}", session::column(&row, 0));
        let held = session::column(&row, 1) == "t" && session::column(&row, 2) == "t";
        grants.push(("SELECT, INSERT", target, held));
    }
    Ok(grants)
}
