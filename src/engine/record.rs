//! What a database knows about the migrations it has: refinery's history and our ledger, as values.

use std::fmt;

/// One row of `refinery_schema_history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    pub version: i32,
    pub name: String,
    /// RFC 3339, as refinery writes it.
    pub applied_on: String,
    /// refinery's own checksum, a decimal number.
    pub checksum: String,
}

/// What a ledger entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Apply,
    Revert,
    Adopt,
    Resolve,
    /// A policy was created, altered or removed.
    Policy,
    /// The application role was created or granted something.
    Role,
    /// An upgrade went on although the schema was not as expected; its snapshot is what was there.
    Drift,
}

impl Event {
    const NAMES: [(Event, &'static str); 7] = [
        (Event::Apply, "apply"),
        (Event::Revert, "revert"),
        (Event::Adopt, "adopt"),
        (Event::Resolve, "resolve"),
        (Event::Policy, "policy"),
        (Event::Role, "role"),
        (Event::Drift, "drift"),
    ];

    /// As stored.
    pub fn name(self) -> &'static str {
        Event::NAMES
            .iter()
            .find(|(event, _)| *event == self)
            .map_or("", |(_, name)| name)
    }

    /// The event stored under that name.
    pub fn from_name(name: &str) -> Option<Event> {
        Event::NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(event, _)| *event)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far an entry got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// Begun; if the lock is free, whoever began it is gone.
    Running,
    Done,
    /// A statement failed.
    Failed,
    /// Somebody stopped it.
    Stopped,
}

impl EntryState {
    const NAMES: [(EntryState, &'static str); 4] = [
        (EntryState::Running, "running"),
        (EntryState::Done, "done"),
        (EntryState::Failed, "failed"),
        (EntryState::Stopped, "stopped"),
    ];

    /// As stored.
    pub fn name(self) -> &'static str {
        EntryState::NAMES
            .iter()
            .find(|(state, _)| *state == self)
            .map_or("", |(_, name)| name)
    }

    /// The state stored under that name.
    pub fn from_name(name: &str) -> Option<EntryState> {
        EntryState::NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(state, _)| *state)
    }
}

/// One row of `sgmp_db_ledger` without its large texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: i64,
    pub event: Event,
    pub version: Option<i32>,
    pub name: Option<String>,
    pub state: EntryState,
    /// `sha256:v1:<hex>` of the script.
    pub checksum: Option<String>,
    pub statements_total: i32,
    /// How many statements are in the database for certain.
    pub statements_done: i32,
    /// Number (from 1) of the statement whose end nobody recorded.
    pub in_flight: Option<i32>,
    /// The entry that this one goes on from.
    pub continues: Option<i64>,
    /// RFC 3339, UTC, the server's clock.
    pub started_at: String,
    pub duration_ms: Option<i64>,
    pub error: Option<String>,
    pub os_user: String,
    pub os_host: String,
    pub database_user: String,
    pub tool_version: String,
    /// Free words: a reason, an option that was used.
    pub details: Option<String>,
    /// Of the schema stored with it, where there is one.
    pub fingerprint: Option<String>,
}

impl Entry {
    /// Did it leave something in the database without having finished?
    pub fn is_half_done(&self) -> bool {
        self.state != EntryState::Done && (self.statements_done > 0 || self.in_flight.is_some())
    }
}

/// Everything that a database has recorded. Absent tables read as empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// By version.
    pub history: Vec<HistoryRow>,
    /// By id, oldest first.
    pub ledger: Vec<Entry>,
}

impl Record {
    /// Highest applied version.
    pub fn version(&self) -> Option<i32> {
        self.history.iter().map(|row| row.version).max()
    }

    /// Was a file after the newest version begun and not finished, or settled by hand up to a
    /// statement of it?
    pub fn is_half_applied(&self) -> bool {
        let version = self.version().unwrap_or_default();
        self.ledger
            .iter()
            .filter_map(|entry| entry.version)
            .filter(|begun| *begun > version)
            .filter_map(|begun| self.latest_entry(begun))
            .any(|entry| {
                matches!(entry.event, Event::Apply | Event::Resolve) && entry.is_half_done()
            })
    }

    /// The newest ledger entry about that version's script.
    pub fn latest_entry(&self, version: i32) -> Option<&Entry> {
        self.ledger.iter().rev().find(|entry| {
            entry.version == Some(version)
                && !matches!(entry.event, Event::Policy | Event::Role | Event::Drift)
        })
    }
}

/// Who runs this, for the ledger.
#[derive(Debug, Clone)]
pub struct Identity {
    pub os_user: String,
    pub os_host: String,
    pub tool_version: &'static str,
}

/// A ledger entry that is not a script: a policy, a role.
#[derive(Debug, Clone)]
pub struct NewEntry<'a> {
    pub event: Event,
    pub details: &'a str,
    pub identity: &'a Identity,
}
