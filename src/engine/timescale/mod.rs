//! How does PostgreSQL with TimescaleDB answer?

mod activity;
mod adoption;
mod aggregates;
mod alike;
mod blockers;
mod catalog;
mod convert;
mod database;
mod decide;
mod effect;
mod evidence;
mod index;
mod invalid;
mod journal;
mod leftovers;
mod lock;
mod normal;
mod policies;
mod pooler;
mod record;
mod repair;
mod resolve;
mod role;
mod rows;
mod run;
mod session;
mod singly;
mod survey;
mod texts;
mod trial;

pub use alike::alike;
pub use normal::object as in_normal_form;

use super::{
    Adoption, AggregateStore, Canceller, Done, Engine, Flight, Identity, LockRequest, NewEntry,
    PolicyStore, Progress, Record, Resolution, StepFailure, StoredSnapshot, Survey, Verdict,
    Watcher, Work, together,
};
use crate::{
    config::{AppRole, Endpoint},
    connect::{self, ConnectOptions, PgClient, PgSession},
    outcome::{Failure, ServerReport},
    policy::{OldChunks, Policies, PolicyState, Step},
    schema::{ObjectDifference, Reading, Repair, Schema},
    sql::{Dialect, Statement},
    target::Target,
};
use anyhow::{Context, Result};
use async_trait::async_trait;
use std::{collections::BTreeMap, time::Duration};

/// What the runner works out for each statement, and for the file.
#[cfg(test)]
pub(super) fn prepared(statements: &[Statement], text: &str) {
    leftovers::may_stay(text);
    leftovers::guard(text);
    for statement in statements {
        evidence::expression(&effect::effect(statement));
    }
}

/// A PostgreSQL database and, once asked, the session on it.
pub struct Timescale {
    endpoint: Endpoint,
    options: ConnectOptions,
    /// The application's login, where its password is known.
    app_role: Option<AppRole>,
    session: Option<PgSession>,
    /// May scripts have left something in the session? It is never reset, so the next one cleans it.
    is_used: bool,
    /// Does the pooler, where there is one, keep our session? Unknown until it is asked.
    pooler_keeps: Option<bool>,
    /// Is the session on the database itself? Not while the database is absent.
    selected: bool,
    /// The schema as the survey read it along with its own questions, until it is asked for or may
    /// have been changed.
    foreseen: Option<Result<Reading>>,
    /// Does the ledger hold scripts and snapshots in its rows, as its first form did? As the survey saw it.
    first_form: bool,
}

impl Timescale {
    /// The database at `endpoint`; nothing is connected yet.
    pub fn new(
        endpoint: Endpoint,
        options: ConnectOptions,
        app_role: Option<AppRole>,
    ) -> Timescale {
        Timescale {
            endpoint,
            options,
            app_role,
            session: None,
            is_used: false,
            pooler_keeps: None,
            selected: false,
            foreseen: None,
            first_form: false,
        }
    }

    /// The session on the database. Never made again behind a caller's back: a lost session is a
    /// lost lock.
    async fn client(&mut self) -> Result<&PgClient> {
        if self.session.is_none() {
            let session = connect::timescale(&self.endpoint, &self.options).await?;
            self.endpoint = session.reached().clone();
            self.session = Some(session);
            self.selected = true;
        }
        Ok(&self
            .session
            .as_ref()
            .context("the PostgreSQL session is gone")?
            .client)
    }

    /// Runs statements, as many together as stay small; an error keeps the server's words.
    async fn batches(&mut self, statements: impl Iterator<Item = String>) -> Result<()> {
        let client = self.client().await?;
        for some in together(statements, texts::PIECE) {
            let batch = some.join(";\n");
            client
                .batch_execute(&batch)
                .await
                .map_err(|error| Failure::failed(session::words(&error)).on(Target::Timescale))?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Engine for Timescale {
    fn target(&self) -> Target {
        Target::Timescale
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn database(&self) -> &str {
        &self.endpoint.database
    }

    async fn survey(&mut self) -> Result<Survey> {
        survey::survey(self).await
    }

    async fn server(&mut self, before: &ServerReport) -> Result<ServerReport> {
        match before.extension {
            Some(_) => Ok(before.clone()),
            None => survey::server(self).await,
        }
    }

    async fn holds(&mut self, query: &str) -> Result<bool> {
        survey::holds(self, query).await
    }

    async fn create_database(&mut self) -> Result<()> {
        self.foreseen = None;
        database::create(self).await
    }

    fn locks_without_database(&self) -> bool {
        // Advisory locks are a database's own.
        false
    }

    async fn lock(&mut self, request: &LockRequest<'_>) -> Result<()> {
        self.foreseen = None;
        lock::take(self, request).await
    }

    async fn prepare_record(&mut self) -> Result<()> {
        self.foreseen = None;
        record::prepare(self).await
    }

    async fn record(&mut self) -> Result<Record> {
        record::read(self).await
    }

    async fn recorded_script(&mut self, entry: i64) -> Result<Option<String>> {
        record::script(self, entry).await
    }

    async fn recorded_down(&mut self, entry: i64) -> Result<Option<String>> {
        record::down(self, entry).await
    }

    async fn estimated_rows(&mut self, tables: &[String]) -> Result<BTreeMap<String, u64>> {
        rows::estimated(self, tables).await
    }

    async fn run(
        &mut self,
        work: &Work<'_>,
        progress: &dyn for<'p> Fn(Progress<'p>),
    ) -> Result<Done, StepFailure> {
        self.foreseen = None;
        run::run(self, work, progress).await
    }

    fn undecidable(&self, statement: &Statement) -> Option<&'static str> {
        match effect::effect(statement) {
            effect::Effect::Hidden(why) => Some(why),
            _ => None,
        }
    }

    async fn decide(&mut self, flight: &Flight<'_>) -> Result<Verdict> {
        decide::decide(self, flight).await
    }

    async fn resolve(&mut self, resolution: &Resolution<'_>) -> Result<()> {
        resolve::write(self, resolution).await
    }

    async fn log(&mut self, entry: &NewEntry<'_>) -> Result<()> {
        record::log(self, entry).await
    }

    async fn stored_snapshot(&mut self, entry: i64) -> Result<Option<String>> {
        record::snapshot(self, entry).await
    }

    async fn store_snapshot(&mut self, entry: i64, snapshot: &StoredSnapshot) -> Result<()> {
        record::store_snapshot(self, entry, snapshot).await
    }

    async fn alembic_revisions(&mut self) -> Result<Vec<String>> {
        adoption::alembic_revisions(self).await
    }

    async fn adopt(&mut self, adoption: &Adoption<'_>) -> Result<()> {
        adoption::write(self, adoption).await
    }

    async fn missing_access(&mut self) -> Result<Vec<String>> {
        match self.app_role.clone() {
            Some(role) => role::plan(self, &role).await,
            None => Ok(Vec::new()),
        }
    }

    async fn grant_access(&mut self, identity: &Identity) -> Result<Vec<String>> {
        match self.app_role.clone() {
            Some(role) => role::ensure(self, &role, identity).await,
            None => Ok(Vec::new()),
        }
    }

    fn aggregate_store(&mut self) -> Option<&mut dyn AggregateStore> {
        Some(self)
    }

    fn policies(&mut self) -> Option<&mut dyn PolicyStore> {
        Some(self)
    }

    async fn schema(&mut self) -> Result<Reading> {
        match self.foreseen.take() {
            Some(reading) => reading,
            None => catalog::read(self).await,
        }
    }

    fn repair(
        &self,
        differences: &[ObjectDifference],
        expected: &Schema,
        actual: &Schema,
    ) -> Vec<Repair> {
        repair::repair(differences, expected, actual)
    }

    fn canceller(&self) -> Option<Box<dyn Canceller>> {
        let session = self.session.as_ref()?;
        Some(Box::new(database::CancelRequest(session.canceller())))
    }

    fn watcher(&self) -> Box<dyn Watcher> {
        Box::new(activity::TimescaleWatcher::new(
            &self.endpoint,
            &self.options,
        ))
    }

    async fn close(&mut self) -> Result<()> {
        if let Some(session) = self.session.take() {
            session
                .close()
                .await
                .context("ending the PostgreSQL session")?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl PolicyStore for Timescale {
    async fn read(&mut self, policies: &Policies) -> Result<PolicyState> {
        policies::read(self, policies).await
    }

    async fn try_out(
        &mut self,
        steps: &[Step],
        lock_timeout: Duration,
    ) -> Result<Vec<(Step, String)>> {
        policies::try_out(self, steps, lock_timeout).await
    }

    async fn apply(&mut self, steps: &[Step], identity: &Identity) -> Result<Vec<String>> {
        policies::apply(self, steps, identity).await?;
        Ok(steps.iter().map(Step::to_string).collect())
    }

    async fn old_chunks(&mut self, policies: &Policies) -> Result<Vec<OldChunks>> {
        policies::old_chunks(self, policies).await
    }

    async fn drop_chunks(
        &mut self,
        old: &OldChunks,
        lock_timeout: Duration,
        identity: &Identity,
    ) -> Result<Vec<String>> {
        policies::drop_chunks(self, old, lock_timeout, identity).await
    }
}
