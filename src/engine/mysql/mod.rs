//! How does MySQL answer?

mod activity;
mod adoption;
mod blockers;
mod catalog;
mod convert;
mod database;
mod decide;
mod effect;
mod evidence;
mod failure;
mod filled;
mod grants;
mod group;
mod guard;
mod journal;
mod known;
mod lock;
mod names;
mod next;
mod normal;
mod packet;
mod preamble;
mod probing;
mod proxy;
mod record;
mod recording;
mod registry;
mod repair;
mod resolve;
mod rows;
mod run;
mod session;
mod survey;
mod texts;
mod trial;

pub use catalog::alike;
pub use normal::object as in_normal_form;

use super::{
    Adoption, AggregateRegistry, Canceller, Done, Engine, Flight, Identity, LockRequest, NewEntry,
    Progress, Record, Resolution, StepFailure, StoredSnapshot, Survey, Verdict, Watcher, Work,
    together,
};
use crate::{
    config::Endpoint,
    connect::{self, ConnectOptions, MysqlSession},
    schema::{ObjectDifference, Reading, Repair, Schema},
    sql::{Dialect, Statement},
    target::Target,
};
use anyhow::{Context, Result};
use async_trait::async_trait;
use mysql_async::Row;
use std::collections::{BTreeMap, BTreeSet};

/// What the runner works out for each statement.
#[cfg(test)]
pub(super) fn prepared(statements: &[Statement]) {
    for statement in statements {
        guard::guard(std::slice::from_ref(statement));
        evidence::probes(&effect::effect(statement));
    }
}

/// What every server takes that anybody runs, where nobody has asked yet: 1 MB.
const SMALLEST_PACKET: usize = 1 << 20;

/// A MySQL database and, once asked, the session on it.
pub struct Mysql {
    endpoint: Endpoint,
    options: ConnectOptions,
    conn: Option<MysqlSession>,
    /// Session variables that scripts have set: the session is never reset, so the next script
    /// sets them back.
    touched: BTreeSet<String>,
    /// Does the session have a default database? Not while the database is absent.
    selected: bool,
    /// What the last packet of a script began of the one that follows it.
    begun: Option<next::Begun>,
    /// The schema as the survey read it along with its own questions, until it is asked for or may
    /// have been changed.
    foreseen: Option<Result<Reading>>,
    /// Does the ledger hold scripts and snapshots in its rows, as its first form did? As the survey saw it.
    first_form: bool,
    /// The table names that are in use, as far as they are known.
    known: known::Known,
    /// Set as a script finds it, with that many seconds as the limit of waiting for a lock: by the script before,
    /// when nothing since could set anything else.
    pinned: Option<u64>,
    /// The most bytes that the server takes in one packet: `max_allowed_packet`, as the survey saw it.
    packet_limit: usize,
}

impl Mysql {
    /// The database at `endpoint`; nothing is connected yet.
    pub fn new(endpoint: Endpoint, options: ConnectOptions) -> Mysql {
        Mysql {
            endpoint,
            options,
            conn: None,
            touched: BTreeSet::new(),
            selected: false,
            begun: None,
            foreseen: None,
            first_form: false,
            known: known::Known::default(),
            pinned: None,
            packet_limit: SMALLEST_PACKET,
        }
    }

    /// The session on the database. Never made again behind a caller's back: a lost session is a
    /// lost lock.
    async fn session(&mut self) -> Result<&mut MysqlSession> {
        self.pinned = None;
        if self.conn.is_none() {
            let session = connect::mysql(&self.endpoint, &self.options).await?;
            self.endpoint = session.reached().clone();
            self.conn = Some(session);
            self.selected = true;
        }
        self.conn.as_mut().context("the MySQL session is gone")
    }

    /// One packet of statements; an error names the database and keeps the server's words.
    async fn packet(&mut self, statements: &[&str]) -> Result<Vec<Vec<Row>>> {
        let conn = self.session().await?;
        session::settled(conn, statements)
            .await
            .map_err(|failed| session::failure(&failed.error).into())
    }

    /// The same in as many packets as it takes: as many statements together as stay small.
    async fn packets(&mut self, statements: impl Iterator<Item = String>) -> Result<()> {
        for some in together(statements, texts::PIECE) {
            let texts: Vec<&str> = some.iter().map(String::as_str).collect();
            self.packet(&texts).await?;
        }
        Ok(())
    }
}

#[async_trait(?Send)]
impl Engine for Mysql {
    fn target(&self) -> Target {
        Target::Mysql
    }

    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    fn database(&self) -> &str {
        &self.endpoint.database
    }

    async fn survey(&mut self) -> Result<Survey> {
        survey::survey(self).await
    }

    async fn holds(&mut self, query: &str) -> Result<bool> {
        survey::holds(self, query).await
    }

    async fn create_database(&mut self) -> Result<()> {
        self.foreseen = None;
        database::create(self).await
    }

    fn locks_without_database(&self) -> bool {
        // MySQL's lock names are the server's, not a database's.
        true
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

    async fn forget_next(&mut self) -> Result<()> {
        next::forget(self).await
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
        // The application's login is the one that RDS made; nothing is granted here.
        Ok(Vec::new())
    }

    async fn grant_access(&mut self, _: &Identity) -> Result<Vec<String>> {
        Ok(Vec::new())
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

    fn aggregate_registry(&mut self) -> Option<&mut dyn AggregateRegistry> {
        Some(self)
    }

    fn canceller(&self) -> Option<Box<dyn Canceller>> {
        // A proxy's number may be that of somebody else's session on the server.
        let conn = self.conn.as_ref().filter(|conn| !conn.is_borrowed())?;
        Some(Box::new(database::KillQuery::new(self, conn.id())))
    }

    fn watcher(&self) -> Box<dyn Watcher> {
        Box::new(activity::MysqlWatcher::new(&self.endpoint, &self.options))
    }

    async fn close(&mut self) -> Result<()> {
        let Some(conn) = self.conn.take() else {
            return Ok(());
        };
        match conn.disconnect().await {
            // The server may have ended it: the other database's files took longer than it keeps an
            // idle session.
            Err(error) if !session::is_lost(&error) => {
                Err(error).context("ending the MySQL session")
            }
            _ => Ok(()),
        }
    }
}
