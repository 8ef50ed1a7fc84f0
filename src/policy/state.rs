//! What a server has, as values.

use super::{Interval, OrderBy, Refresh, Retention, Span, TableName, backend};
use std::collections::BTreeMap;

/// Which policy a job carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobKind {
    Retention,
    Compression,
    Refresh,
    Reorder,
}

impl JobKind {
    /// Every kind with its procedure (`timescaledb_information.jobs.proc_name`), its key in
    /// `policies.yaml`, and its name in words. What else runs as a job is no policy.
    pub const ALL: [(JobKind, &'static str, &'static str, &'static str); 4] = [
        (
            JobKind::Retention,
            "policy_retention",
            "retention",
            "retention policy",
        ),
        (
            JobKind::Compression,
            "policy_compression",
            "compression",
            "compression policy",
        ),
        (
            JobKind::Refresh,
            "policy_refresh_continuous_aggregate",
            "refresh",
            "refresh policy",
        ),
        (
            JobKind::Reorder,
            "policy_reorder",
            "reorder",
            "reorder policy",
        ),
    ];

    /// Its key in `policies.yaml`.
    pub fn key(self) -> &'static str {
        self.row().2
    }

    /// In words.
    pub fn words(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> (JobKind, &'static str, &'static str, &'static str) {
        let row = JobKind::ALL.iter().find(|(kind, ..)| *kind == self);
        *row.unwrap_or(&JobKind::ALL[0])
    }
}

/// A policy's job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: i64,
    pub kind: JobKind,
    pub table: TableName,
    /// Not paused.
    pub scheduled: bool,
    pub every: Interval,
    /// Retention.
    pub retention: Option<Retention>,
    /// Compression.
    pub after: Option<Span>,
    /// Refresh.
    pub refresh: Option<Refresh>,
    /// RFC 3339; none where it never succeeded.
    pub last_success: Option<String>,
    /// Did it succeed not longer ago than it should run twice?
    pub succeeded_lately: bool,
    pub failing: Option<Failing>,
    /// Why it will not run, though it is not paused.
    pub stalled: Option<Stalled>,
}

/// Why a job that is scheduled does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stalled {
    /// Its next start is `infinity`.
    Never,
    /// It ran before, and has no next start.
    Unplanned,
    /// It should have run then (RFC 3339), more than its schedule interval and an hour ago.
    Overdue(String),
}

/// The last run failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failing {
    /// Start of the first failed run since the last success, RFC 3339; none where unknown.
    pub since: Option<String>,
    /// None where the login may not see it.
    pub error: Option<String>,
    pub failures: i64,
}

/// A hypertable or a continuous aggregate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableState {
    /// What a continuous aggregate aggregates.
    pub source: Option<TableName>,
    pub chunk_interval: Option<Span>,
    pub columnstore: Option<ColumnstoreState>,
}

/// Settings of a columnstore that is on; empty where the server picks them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnstoreState {
    pub segment_by: Vec<String>,
    pub order_by: Vec<OrderBy>,
}

/// Chunks that the stated retention lets go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Doomed {
    pub chunks: i64,
    /// How many of them were old enough when the job last succeeded.
    pub missed: i64,
    /// Was the policy changed since then, by the ledger?
    pub changed_since: bool,
    /// Asked only where a change would let them go.
    pub loss: Option<Loss>,
}

/// What the next run would drop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loss {
    pub bytes: i64,
    /// Both ends on the time axis, in the server's words.
    pub from: String,
    pub to: String,
}

/// Everything that is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyState {
    /// Can policies exist here? Not under the Apache licence.
    pub can_have_policies: bool,
    /// May an aggregate have several refresh policies?
    pub several_refreshes: bool,
    pub tables: BTreeMap<TableName, TableState>,
    /// What else stands under a name of the file, in words: `a table`, `a view`.
    pub others: BTreeMap<TableName, &'static str>,
    /// Is there a process in this database that starts jobs? None where the login may not see it, or
    /// the server is one that shows no processes of its own.
    pub has_scheduler: Option<bool>,
    /// By id.
    pub jobs: Vec<Job>,
    /// By table whose retention the file states.
    pub doomed: BTreeMap<TableName, Doomed>,
    /// Chunks in the columnstore, by table whose columnstore the file wants off.
    pub compressed: BTreeMap<TableName, i64>,
}

impl PolicyState {
    /// The jobs of one kind on one table, by id.
    pub fn jobs_of(&self, table: &TableName, kind: JobKind) -> Vec<&Job> {
        let of = |job: &&Job| job.table == *table && job.kind == kind;
        self.jobs.iter().filter(of).collect()
    }

    /// Does the backend make this one at run time?
    pub fn is_backends(&self, table: &TableName) -> bool {
        let source = self
            .tables
            .get(table)
            .and_then(|state| state.source.as_ref());
        source.is_some_and(|source| backend::makes(table, source))
    }

    /// How long data of a table lives now: none is for ever, a paused job drops nothing either.
    pub fn live_retention(&self, table: &TableName) -> Option<Retention> {
        let jobs = self.jobs_of(table, JobKind::Retention);
        let job = jobs.first().filter(|job| job.scheduled)?;
        Some(job.retention.unwrap_or(Retention::None))
    }

    /// Would keeping `wanted` from now on let data go that is safe now?
    pub fn lets_go(&self, table: &TableName, wanted: &Retention) -> bool {
        match self.live_retention(table) {
            // From for ever to some time: only what is there already can be told.
            None => self
                .doomed
                .get(table)
                .is_some_and(|doomed| doomed.chunks > 0),
            Some(live) if live == *wanted => false,
            Some(live) => live.is_longer_than(wanted).unwrap_or(true),
        }
    }
}

/// A chunk with both ends on the time axis, in the server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub name: String,
    pub from: String,
    pub to: String,
}

/// Chunks of one table that its retention lets go, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldChunks {
    pub table: TableName,
    pub retention: Retention,
    pub chunks: Vec<Chunk>,
    /// How the engine drops them a bounded number at a time; its own words.
    pub boundaries: Vec<String>,
}
