//! One script to run, and how running it went.

use super::Identity;
use crate::sql::Statement;
use std::{cell::Cell, time::Duration};

/// A script with everything that running and recording it needs.
#[derive(Debug, Clone)]
pub struct Work<'a> {
    pub direction: Direction,
    pub version: i32,
    pub name: &'a str,
    /// Path for messages.
    pub file: &'a str,
    /// The whole text as stored, for the ledger.
    pub text: &'a str,
    /// `sha256:v1:<hex>`.
    pub checksum: String,
    /// refinery's own checksum, for its history.
    pub refinery_checksum: u64,
    /// Checksum of the file that leads back, recorded with what it leads back from; none where there is none.
    pub down: Option<String>,
    pub statements: &'a [Statement],
    /// How many statements are in the database already.
    pub from: usize,
    /// The `SET` statements among those: a new session must be told again.
    pub settings: Vec<&'a str>,
    /// The ledger entry that this run goes on from.
    pub continues: Option<i64>,
    /// One transaction around the script, where the database can do that.
    pub atomic: bool,
    /// How long a statement may wait for a lock on a table.
    pub lock_timeout: Duration,
    pub identity: &'a Identity,
    pub details: Option<&'a str>,
    /// The script that follows at once, where one is known to: what it needs before its first
    /// statement may travel with this one's end. `Engine::forget_next` takes that back.
    pub next: Option<&'a Work<'a>>,
    pub stop: &'a StopFlag,
}

/// How the message of a run begins whose session was taken away by a pooler, and with it the lock.
pub const LOCK_LOST: &str = "this session no longer holds the lock";

/// In which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Apply,
    Revert,
}

/// A script ran to its end and is recorded.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    pub duration: Duration,
}

/// A script did not run to its end; what is in the database is told by the numbers.
#[derive(Debug, Clone)]
pub struct StepFailure {
    /// Index of the statement concerned; none when recording failed.
    pub statement: Option<usize>,
    /// Where in that statement the server points.
    pub place: Option<Place>,
    /// The server's own words.
    pub message: String,
    /// How many statements are in the database for certain.
    pub done: usize,
    /// Nobody can say whether `statement` is in the database.
    pub in_doubt: bool,
    /// The session, and with it the lock, is gone.
    pub connection_lost: bool,
    /// Somebody asked us to stop.
    pub stopped: bool,
    /// A lock timeout or a deadlock: the same again may work.
    pub worth_retrying: bool,
    /// The ledger entry that tells of it, where one could be written.
    pub entry: Option<i64>,
    pub duration: Duration,
}

/// A place in a statement's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1; none where the server tells the line only.
    pub column: Option<usize>,
}

/// What happens while a script runs.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// That many statements of the script are through.
    Statements(usize),
    /// Somebody else has the lock.
    Waiting(&'a str),
}

/// How to take the lock.
pub struct LockRequest<'a> {
    pub wait: Duration,
    pub progress: &'a dyn Fn(Progress<'_>),
    pub stop: &'a StopFlag,
}

/// Has somebody asked us to stop? Set by signals and by the other database's failure.
#[derive(Debug, Default)]
pub struct StopFlag {
    /// After the current file.
    soon: Cell<bool>,
    /// In the middle of a statement.
    now: Cell<bool>,
}

impl StopFlag {
    /// Finish the current file and stop.
    pub fn stop_soon(&self) {
        self.soon.set(true);
    }

    /// Stop in the middle.
    pub fn stop_now(&self) {
        self.soon.set(true);
        self.now.set(true);
    }

    /// Should no further file begin?
    pub fn soon(&self) -> bool {
        self.soon.get()
    }

    /// Should no further statement begin?
    pub fn now(&self) -> bool {
        self.now.get()
    }
}
