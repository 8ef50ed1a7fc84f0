//! How does a database answer? One trait of few verbs, one folder per database, the same file names in both.

mod activity;
mod adoption;
mod aggregates;
mod alike;
mod flight;
mod holder;
mod ledger;
pub mod mysql;
mod planner;
mod record;
mod resolution;
mod stored;
mod survey;
pub mod timescale;
mod work;

pub use activity::{Activity, Watcher};
pub use adoption::{Adopted, Adoption, StoredSnapshot};
pub use aggregates::{
    AggregateRegistry, AggregateStore, Dependency, MadeAggregate, MadeAggregates, Registry, ViewRow,
};
pub use alike::alike;
pub use flight::{Flight, Verdict, fingerprint};
pub(crate) use holder::one_line;
pub(crate) use ledger::{Flavour, LedgerRow, RowScript, bounded, pieces, together};
pub(crate) use planner::{Planner, Weight, one_transaction};
pub use record::{Entry, EntryState, Event, HistoryRow, Identity, NewEntry, Record};
pub use resolution::{HistoryChange, Resolution};
pub use stored::{snapshot_of_today, steps_of_today};
pub use survey::{ForeignObject, StatementLimit, Survey};
pub use work::{
    Direction, Done, LOCK_LOST, LockRequest, Place, Progress, StepFailure, StopFlag, Work,
};

use crate::{
    outcome::ServerReport,
    policy::{OldChunks, Policies, PolicyState, Step},
    schema::{ObjectDifference, Reading, Repair, Schema},
    sql::{Dialect, Statement},
    target::Target,
};
use anyhow::Result;
use async_trait::async_trait;
use std::{collections::BTreeMap, time::Duration};

/// What the runner of that database works out for each statement of a file, without a server; for the
/// test that holds it to be linear.
#[cfg(test)]
pub(crate) fn prepared(target: Target, statements: &[Statement], text: &str) {
    match target {
        Target::Mysql => mysql::prepared(statements),
        Target::Timescale => timescale::prepared(statements, text),
    }
}

/// One database, reached when first asked. Nothing here prints, and only the verbs that say so write.
#[async_trait(?Send)]
pub trait Engine {
    /// Which database this is.
    fn target(&self) -> Target;

    /// Which SQL it speaks.
    fn dialect(&self) -> Dialect;

    /// Name of the database, for messages.
    fn database(&self) -> &str;

    /// Looks at server, schema and record without writing anything.
    /// An absent database is a survey too (`Survey::database_exists`), not an error.
    async fn survey(&mut self) -> Result<Survey>;

    /// What answers there, asked again: a migration may have installed the extension.
    async fn server(&mut self, before: &ServerReport) -> Result<ServerReport> {
        Ok(before.clone())
    }

    /// Asks a query that returns one truth value.
    async fn holds(&mut self, query: &str) -> Result<bool>;

    /// Creates the database; somebody else creating it at the same moment is not an error. Writes.
    async fn create_database(&mut self) -> Result<()>;

    /// Can the lock be taken while the database is absent?
    fn locks_without_database(&self) -> bool;

    /// Takes the lock on the session that will run the statements, and proves that this session has it.
    async fn lock(&mut self, request: &LockRequest<'_>) -> Result<()>;

    /// Creates or brings up to date the tables that hold the record. Writes; needs the lock.
    async fn prepare_record(&mut self) -> Result<()>;

    /// Reads the record again.
    async fn record(&mut self) -> Result<Record>;

    /// The full text of the script that a ledger entry recorded.
    async fn recorded_script(&mut self, entry: i64) -> Result<Option<String>>;

    /// `sha256:v1:<hex>` of the down file as it was when that entry's script was applied; none where nobody wrote it down.
    async fn recorded_down(&mut self, entry: i64) -> Result<Option<String>>;

    /// About how many rows these tables hold, as the server's statistics have it; without those it knows nothing of.
    async fn estimated_rows(&mut self, tables: &[String]) -> Result<BTreeMap<String, u64>>;

    /// Runs a script from `work.from` on and records it. Writes; needs the lock.
    async fn run(
        &mut self,
        work: &Work<'_>,
        progress: &dyn for<'p> Fn(Progress<'p>),
    ) -> Result<Done, StepFailure>;

    /// Takes back what `run` began of `work.next`, which does not follow after all. Writes; needs
    /// the lock.
    async fn forget_next(&mut self) -> Result<()> {
        Ok(())
    }

    /// Why nothing could ever tell how that statement ended; none where something may. Asks nobody.
    fn undecidable(&self, statement: &Statement) -> Option<&'static str>;

    /// Is the statement whose end nobody recorded in the database? Never a guess. May clear away
    /// what it left half-made. Needs the lock.
    async fn decide(&mut self, flight: &Flight<'_>) -> Result<Verdict>;

    /// Records what somebody settled by hand. Writes; needs the lock.
    async fn resolve(&mut self, resolution: &Resolution<'_>) -> Result<()>;

    /// Adds an entry to the ledger that is not a script. Writes; needs the lock.
    async fn log(&mut self, entry: &NewEntry<'_>) -> Result<()>;

    /// The schema that was stored as expected after a ledger entry.
    async fn stored_snapshot(&mut self, entry: i64) -> Result<Option<String>>;

    /// Stores the schema expected after a ledger entry. Writes; needs the lock.
    async fn store_snapshot(&mut self, entry: i64, snapshot: &StoredSnapshot) -> Result<()>;

    /// The revisions that Alembic recorded in its table, which must exist.
    async fn alembic_revisions(&mut self) -> Result<Vec<String>>;

    /// Records versions that another tool made, all or none. Writes; needs the lock.
    async fn adopt(&mut self, adoption: &Adoption<'_>) -> Result<()>;

    /// What the application's login lacks beside the schema, in words.
    async fn missing_access(&mut self) -> Result<Vec<String>>;

    /// Gives the application's login what it lacks, and tells what that was. Writes; needs the lock.
    async fn grant_access(&mut self, identity: &Identity) -> Result<Vec<String>>;

    /// Everything that stands in the schema, in a fixed number of turns and one consistent view.
    /// Writes nothing; the record's own tables are left out.
    async fn schema(&mut self) -> Result<Reading>;

    /// Statements that lead from `actual` to `expected` for these differences, in an order that
    /// works. What cannot be repaired by a statement is left out.
    fn repair(
        &self,
        differences: &[ObjectDifference],
        expected: &Schema,
        actual: &Schema,
    ) -> Vec<Repair>;

    /// Where the backend writes down which aggregates it wants.
    fn aggregate_registry(&mut self) -> Option<&mut dyn AggregateRegistry> {
        None
    }

    /// Where the backend makes them.
    fn aggregate_store(&mut self) -> Option<&mut dyn AggregateStore> {
        None
    }

    /// Where hypertable policies live, on a database that has such a thing.
    fn policies(&mut self) -> Option<&mut dyn PolicyStore> {
        None
    }

    /// A handle that stops the working session from outside; none before the session exists.
    fn canceller(&self) -> Option<Box<dyn Canceller>>;

    /// Asks the server from outside what the session that holds the lock is doing.
    fn watcher(&self) -> Box<dyn Watcher>;

    /// Ends the session and with it the lock.
    async fn close(&mut self) -> Result<()>;
}

/// Stops on the server what a working session is running, from a connection of its own.
#[async_trait(?Send)]
pub trait Canceller {
    /// Asks the server once. A cancel that arrives near a statement's end is lost, so ask until the
    /// session is idle.
    async fn cancel(&self) -> Result<()>;
}

/// Hypertable policies of a database.
#[async_trait(?Send)]
pub trait PolicyStore {
    /// What is there of what `policies` speak of.
    async fn read(&mut self, policies: &Policies) -> Result<PolicyState>;

    /// Tries the steps in a transaction that is rolled back: those that the server refuses, each with
    /// the server's words; of a table only the first, because others may stand on it. Waits for no
    /// lock longer than `lock_timeout`; what a lock kept from being tried is not refused.
    async fn try_out(
        &mut self,
        steps: &[Step],
        lock_timeout: Duration,
    ) -> Result<Vec<(Step, String)>>;

    /// Carries out all steps or none, and returns them in words. Writes; needs the lock.
    async fn apply(&mut self, steps: &[Step], identity: &Identity) -> Result<Vec<String>>;

    /// The chunks that the stated retention lets go, oldest first, of every table that has some.
    async fn old_chunks(&mut self, policies: &Policies) -> Result<Vec<OldChunks>>;

    /// Drops them, a bounded number in one transaction with its ledger entry, and returns the names
    /// of those that went. Writes; needs the lock.
    async fn drop_chunks(
        &mut self,
        old: &OldChunks,
        lock_timeout: Duration,
        identity: &Identity,
    ) -> Result<Vec<String>>;
}
