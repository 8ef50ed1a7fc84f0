//! Policies as TimescaleDB has them: read from `timescaledb_information`, changed in one transaction.

use super::{Timescale, record, session};
use crate::{
    engine::{Event, Identity, NewEntry},
    outcome::Failure,
    policy::{Interval, Policies, PolicyState, Retention, RetentionJob, Step, TableName},
    target::Target,
};
use anyhow::{Context, Result};
use futures_util::{future::try_join_all, try_join};
use tokio_postgres::SimpleQueryRow;

const HYPERTABLES: &str = "SELECT hypertable_schema, hypertable_name \
     FROM timescaledb_information.hypertables ORDER BY 1, 2";

/// An interval in its three parts, because text would have to be parsed again and comparing would
/// take a month for 30 days.
const RETENTION: &str = "SELECT hypertable_schema, hypertable_name, job_id, scheduled, \
     EXTRACT(YEAR FROM i) * 12 + EXTRACT(MONTH FROM i), EXTRACT(DAY FROM i), \
     EXTRACT(HOUR FROM i) * 3600 + EXTRACT(MINUTE FROM i) * 60 + EXTRACT(SECOND FROM i) \
     FROM (SELECT *, CASE WHEN config->>'drop_after' ~ '^-?[0-9]+$' THEN NULL \
     ELSE (config->>'drop_after')::interval END AS i \
     FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention') AS jobs ORDER BY job_id";

/// Reads what `policies` speak of: two turns at most, none of them per chunk but for overdue ones.
pub async fn read(timescale: &mut Timescale, policies: &Policies) -> Result<PolicyState> {
    let client = timescale.client().await?;
    let told = |error: tokio_postgres::Error| {
        Failure::failed(session::words(&error)).on(Target::Timescale)
    };
    let licence = "SELECT pg_catalog.current_setting('timescaledb.license', true)";
    let (hypertables, jobs, licence) = try_join!(
        session::rows(client, HYPERTABLES),
        session::rows(client, RETENTION),
        session::rows(client, licence)
    )
    .map_err(told)
    .context("reading policies")?;
    let mut state = PolicyState {
        can_have_policies: licence
            .first()
            .is_none_or(|row| session::column(row, 0) != "apache"),
        hypertables: hypertables.iter().map(table).collect(),
        retention: jobs.iter().map(|row| (table(row), job(row))).collect(),
        ..PolicyState::default()
    };
    if !state.can_have_policies {
        let wanted = policies
            .retention
            .iter()
            .filter_map(|(table, retention)| match retention {
                Retention::DropAfter(interval) if state.hypertables.contains(table) => {
                    Some((table, interval))
                }
                _ => None,
            });
        let queries = wanted.map(|(table, interval)| async move {
            let query = format!(
                "SELECT count(*) FROM show_chunks({}, older_than => INTERVAL '{interval}')",
                session::text(&quoted(table))
            );
            let rows = session::rows(client, &query).await?;
            let count = rows
                .first()
                .and_then(|row| session::column(row, 0).parse().ok())
                .unwrap_or(0);
            Ok((table.clone(), count))
        });
        let counts = try_join_all(queries)
            .await
            .map_err(told)
            .context("looking for overdue chunks")?;
        state.overdue = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    }
    Ok(state)
}

/// Carries the steps out, each with its ledger entry, all or none.
pub async fn apply(timescale: &mut Timescale, steps: &[Step], identity: &Identity) -> Result<()> {
    let client = timescale.client().await?;
    let mut batch = String::from("BEGIN;\n");
    for step in steps {
        let entry = NewEntry {
            event: Event::Policy,
            details: &describe(step),
            identity,
        };
        batch.push_str(&format!(
            "{};\n{};\n",
            statement(step),
            record::log_statement(&entry)
        ));
    }
    batch.push_str("COMMIT");
    if let Err(error) = client.simple_query(&batch).await {
        client
            .batch_execute("ROLLBACK")
            .await
            .context("rolling back the policies")?;
        return Err(Failure::failed(session::words(&error)).on(Target::Timescale))
            .context("changing policies");
    }
    Ok(())
}

/// A step in words, for reports and the ledger.
pub fn describe(step: &Step) -> String {
    match step {
        Step::AddRetention { table, drop_after } => format!("retention of {table}: {drop_after}"),
        Step::AlterRetention {
            table,
            drop_after,
            job,
        } => {
            format!("retention of {table}: now {drop_after} (job {job})")
        }
        Step::RemoveRetention { table } => format!("retention of {table}: removed"),
    }
}

fn statement(step: &Step) -> String {
    match step {
        Step::AddRetention { table, drop_after } => format!(
            "SELECT add_retention_policy({}, INTERVAL '{drop_after}')",
            session::text(&quoted(table))
        ),
        // alter_job keeps the job's number, its schedule and its statistics.
        Step::AlterRetention {
            job, drop_after, ..
        } => format!(
            "SELECT alter_job({job}, config => pg_catalog.jsonb_set(config, '{{drop_after}}', \
             pg_catalog.to_jsonb((INTERVAL '{drop_after}')::text))) \
             FROM timescaledb_information.jobs WHERE job_id = {job}"
        ),
        Step::RemoveRetention { table } => {
            format!(
                "SELECT remove_retention_policy({})",
                session::text(&quoted(table))
            )
        }
    }
}

fn quoted(table: &TableName) -> String {
    format!(
        "{}.{}",
        session::identifier(&table.schema),
        session::identifier(&table.name)
    )
}

fn table(row: &SimpleQueryRow) -> TableName {
    TableName {
        schema: session::column(row, 0).to_owned(),
        name: session::column(row, 1).to_owned(),
    }
}

fn job(row: &SimpleQueryRow) -> RetentionJob {
    // EXTRACT is a float before PostgreSQL 14 and numeric since.
    let part = |index| session::optional(row, index).and_then(|text| text.parse::<f64>().ok());
    let interval = |months: f64, days: f64, seconds: f64| Interval {
        months: months as i64,
        days: days as i64,
        microseconds: (seconds * 1e6).round() as i64,
    };
    RetentionJob {
        id: session::column(row, 2).parse().unwrap_or_default(),
        scheduled: session::column(row, 3) == "t",
        drop_after: match (part(4), part(5), part(6)) {
            (Some(months), Some(days), Some(seconds)) => Some(interval(months, days, seconds)),
            _ => None,
        },
    }
}
