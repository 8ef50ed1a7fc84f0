//! Continuous aggregates that the backend makes at run time.

mod definition;

use super::{
    Timescale,
    policies::{catalog, statement::Server, told},
    record, session,
};
use crate::{
    engine::{AggregateStore, Event, Identity, MadeAggregate, MadeAggregates, NewEntry, ViewRow},
    policy::{JobKind, Policies, Step, StepChange, TableName, backend},
};
use anyhow::{Context, Result};
use async_trait::async_trait;
use futures_util::try_join;

/// Every aggregate over the backend's table, with the server's text of what it selects.
const DEFINITIONS: &str = "SELECT view_name, view_definition \
     FROM timescaledb_information.continuous_aggregates \
     WHERE view_schema = 'public' AND hypertable_schema = 'public' AND hypertable_name = 'house_data' \
     ORDER BY view_name";

/// The application's role where its password is not known.
const ROLE: &str = "sgmp";

#[async_trait(?Send)]
impl AggregateStore for Timescale {
    async fn read(&mut self) -> Result<MadeAggregates> {
        let client = self.client().await?;
        let policies = Policies::default();
        let (facts, definitions) = try_join!(
            catalog::read(client, &policies),
            session::rows(client, DEFINITIONS)
        )
        .map_err(told)
        .context("reading continuous aggregates")?;
        let made = definitions.iter().map(|row| MadeAggregate {
            name: session::column(row, 0).to_owned(),
            definition: session::column(row, 1).to_owned(),
            jobs: facts
                .state
                .jobs_of(&public(session::column(row, 0)), JobKind::Refresh)
                .into_iter()
                .cloned()
                .collect(),
        });
        Ok(MadeAggregates {
            can_exist: facts.state.can_have_policies,
            made: made
                .filter(|one| backend::house(&one.name).is_some())
                .collect(),
        })
    }

    fn is_as_made(&self, definition: &str, row: &ViewRow) -> bool {
        definition::is_same(definition, &select(row))
    }

    fn create(&self, row: &ViewRow) -> Vec<String> {
        let name = session::identifier(&row.view_name);
        let view = format!(
            "CREATE MATERIALIZED VIEW public.{name} WITH (timescaledb.continuous) AS {} WITH NO DATA",
            select(row)
        );
        vec![view, self.add_refresh(&row.view_name)]
    }

    fn add_refresh(&self, name: &str) -> String {
        step(name, StepChange::AddRefresh(backend::refresh()))
    }

    fn alter_refresh(&self, job: i64) -> String {
        step("", StepChange::AlterRefresh(job, backend::refresh()))
    }

    fn drop(&self, name: &str) -> String {
        format!(
            "DROP MATERIALIZED VIEW public.{}",
            session::identifier(name)
        )
    }

    async fn carry_out(
        &mut self,
        name: &str,
        statements: &[String],
        words: &str,
        identity: &Identity,
    ) -> Result<()> {
        let role = self
            .app_role
            .as_ref()
            .map_or(ROLE, |role| &role.name)
            .to_owned();
        let client = self.client().await?;
        // The backend drops its aggregates itself, so they must be its own.
        let query = format!(
            "SELECT r.rolname FROM pg_catalog.pg_roles r \
             WHERE r.rolname = COALESCE((SELECT view_owner FROM timescaledb_information.continuous_aggregates \
             WHERE view_schema = 'public' AND view_name = {}), {}) \
             AND pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')",
            session::text(name),
            session::text(&role)
        );
        let known = session::rows(client, &query).await.map_err(told)?;
        let log = record::log_statement(&NewEntry {
            event: Event::Policy,
            details: words,
            identity,
        });
        let role = known
            .first()
            .map(|row| session::identifier(session::column(row, 0)));
        let batch = batch(name, statements, role.as_deref(), &log);
        super::policies::run(client, &batch)
            .await
            .with_context(|| format!("making sure of {words}"))
    }
}

/// One transaction. The application's grants do not let it make an aggregate on every version (2.23
/// wants more than SELECT), so it is made by this login and handed over; its policy is the owner's.
fn batch(name: &str, statements: &[String], role: Option<&str>, log: &str) -> String {
    let mut batch = vec!["BEGIN".to_owned()];
    let Some(role) = role else {
        batch.extend(statements.iter().cloned());
        batch.extend([log.to_owned(), "COMMIT".to_owned()]);
        return batch.join(";\n");
    };
    let (policy, made) = statements
        .split_last()
        .map_or((None, statements), |(last, rest)| (Some(last), rest));
    batch.extend(made.iter().cloned());
    if !made.is_empty() {
        let view = session::identifier(name);
        batch.push(format!(
            "ALTER MATERIALIZED VIEW public.{view} OWNER TO {role}"
        ));
    }
    batch.push(format!("SET LOCAL ROLE {role}"));
    batch.extend(policy.cloned());
    batch.extend(["RESET ROLE".to_owned(), log.to_owned(), "COMMIT".to_owned()]);
    batch.join(";\n")
}

fn public(name: &str) -> TableName {
    TableName {
        schema: "public".to_owned(),
        name: name.to_owned(),
    }
}

fn step(name: &str, change: StepChange) -> String {
    let server = Server {
        schema: "public".to_owned(),
        columnstore: true,
    };
    server.statement(&Step::new(&public(name), change))
}

/// What the backend selects: hourly averages of one field of one device, which the identifier names
/// as `device.field`.
fn select(row: &ViewRow) -> String {
    let (device, field) = row
        .identifier
        .split_once('.')
        .unwrap_or((&row.identifier, ""));
    format!(
        "SELECT time_bucket(INTERVAL '1 hour', \"timestamp\") AS \"time\", avg(value_decimal) AS average \
         FROM house_data WHERE house_id = {} AND device_name = {} AND field = {} \
         GROUP BY time_bucket(INTERVAL '1 hour', \"timestamp\")",
        row.house_id,
        literal(device),
        literal(field)
    )
}

/// Readable where no setting could change what it means.
fn literal(value: &str) -> String {
    match value.contains('\\') {
        true => session::text(value),
        false => format!("'{}'", value.replace('\'', "''")),
    }
}
