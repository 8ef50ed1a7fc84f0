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

    /// Is something in the database because of it?
    fn leaves_something(&self) -> bool {
        self.state == EntryState::Done || self.is_half_done()
    }

    /// Was the version applied when this was written?
    fn leaves_it_applied(&self) -> bool {
        self.state == EntryState::Done && self.event != Event::Revert
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
        self.half_reverted().is_some()
            || self
                .ledger
                .iter()
                .filter_map(|entry| entry.version)
                .filter(|begun| *begun > version)
                .filter_map(|begun| self.latest_entry(begun))
                .any(|entry| {
                    matches!(entry.event, Event::Apply | Event::Resolve) && entry.is_half_done()
                })
    }

    /// The entry of a way back that was begun and not finished, or settled by hand up to a statement of it. Its
    /// history row goes with its last statement, so it is about the newest version.
    pub fn half_reverted(&self) -> Option<&Entry> {
        self.latest_entry(self.version()?).filter(|entry| {
            matches!(entry.event, Event::Revert | Event::Resolve) && entry.is_half_done()
        })
    }

    /// The newest ledger entry about that version's scripts. A way back of which nothing is in the database
    /// changed nothing.
    pub fn latest_entry(&self, version: i32) -> Option<&Entry> {
        self.of_version(version)
            .find(|entry| entry.event != Event::Revert || entry.leaves_something())
    }

    /// The entry with which an applied version was applied, or declared so.
    pub fn applied_entry(&self, version: i32) -> Option<&Entry> {
        let mut entries = self.of_version(version);
        let entry = entries.find(|entry| !self.is_unfinished_way_back(entry))?;
        matches!(entry.event, Event::Apply | Event::Adopt | Event::Resolve).then_some(entry)
    }

    /// What is recorded about that version's scripts, newest first.
    pub fn of_version(&self, version: i32) -> impl Iterator<Item = &Entry> {
        self.ledger.iter().rev().filter(move |entry| {
            entry.version == Some(version)
                && !matches!(entry.event, Event::Policy | Event::Role | Event::Drift)
        })
    }

    /// Is it about a way back that did not come to its end, so that its version is applied still?
    fn is_unfinished_way_back(&self, entry: &Entry) -> bool {
        let is_applied = self
            .history
            .iter()
            .any(|row| Some(row.version) == entry.version);
        is_applied
            && entry.state != EntryState::Done
            && matches!(entry.event, Event::Revert | Event::Resolve)
    }

    /// The entry with which the schema expected at that version is stored: the newest about its
    /// script, behind those that only settled something about a version that was applied already,
    /// such as a checksum that was accepted. None where that entry stores none.
    pub fn schema_entry(&self, version: i32) -> Option<&Entry> {
        self.own_schema_entry(version)
            .or_else(|| self.came_back_to(version))
    }

    /// The way back that led to that version, where a schema was stored with it.
    fn came_back_to(&self, version: i32) -> Option<&Entry> {
        let is_of_script = |entry: &&Entry| {
            let version = entry.version.filter(|_| entry.state == EntryState::Done);
            version.is_some() && matches!(entry.event, Event::Apply | Event::Adopt | Event::Revert)
        };
        let newest = self.ledger.iter().rev().find(is_of_script)?;
        let is_it = newest.event == Event::Revert
            && newest.fingerprint.is_some()
            && self.version() == Some(version);
        is_it.then_some(newest)
    }

    fn own_schema_entry(&self, version: i32) -> Option<&Entry> {
        let mut entries = self
            .of_version(version)
            .filter(|entry| !self.is_unfinished_way_back(entry))
            .peekable();
        while let Some(entry) = entries.next() {
            if entry.fingerprint.is_some() {
                return Some(entry);
            }
            let was_applied = entries
                .peek()
                .is_some_and(|before| before.leaves_it_applied());
            if !(entry.event == Event::Resolve && entry.leaves_it_applied() && was_applied) {
                return None;
            }
        }
        None
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: i64, event: Event, state: EntryState) -> Entry {
        Entry {
            id,
            event,
            version: Some(1),
            name: None,
            state,
            checksum: None,
            statements_total: 1,
            statements_done: 0,
            in_flight: None,
            continues: None,
            started_at: String::new(),
            duration_ms: None,
            error: None,
            os_user: String::new(),
            os_host: String::new(),
            database_user: String::new(),
            tool_version: String::new(),
            details: None,
            fingerprint: None,
        }
    }

    fn with_schema(id: i64, event: Event) -> Entry {
        Entry {
            fingerprint: Some("sha256:".to_owned()),
            ..entry(id, event, EntryState::Done)
        }
    }

    fn of(ledger: Vec<Entry>) -> Option<i64> {
        let record = Record {
            ledger,
            ..Record::default()
        };
        record.schema_entry(1).map(|entry| entry.id)
    }

    #[test]
    fn what_is_expected_survives_every_entry_that_does_not_change_it() {
        for maker in [Event::Apply, Event::Adopt, Event::Resolve] {
            for (event, _) in Event::NAMES {
                let later = entry(2, event, EntryState::Done);
                let survives = match event {
                    Event::Resolve | Event::Policy | Event::Role | Event::Drift => Some(1),
                    // What these leave is another schema, or was meant to be stored with them.
                    Event::Apply | Event::Adopt | Event::Revert => None,
                };
                let found = of(vec![with_schema(1, maker), later.clone()]);
                assert_eq!(found, survives, "{event} after {maker}");
                if survives.is_some() {
                    let more = entry(3, Event::Resolve, EntryState::Done);
                    let found = of(vec![with_schema(1, maker), later, more]);
                    assert_eq!(found, Some(1), "{event} and resolve after {maker}");
                }
            }
        }
    }

    #[test]
    fn a_version_that_was_taken_back_or_claimed_has_the_schema_of_before_no_more() {
        let schema = || with_schema(1, Event::Apply);
        let reverted = || entry(2, Event::Revert, EntryState::Done);
        let forgotten = || entry(2, Event::Resolve, EntryState::Stopped);
        let claimed = || entry(3, Event::Resolve, EntryState::Done);
        for back in [reverted(), forgotten()] {
            assert_eq!(of(vec![schema(), back.clone()]), None);
            assert_eq!(of(vec![schema(), back.clone(), claimed()]), None);
            let again = with_schema(4, Event::Apply);
            assert_eq!(of(vec![schema(), back, again, claimed()]), Some(4));
        }
        assert_eq!(of(vec![claimed()]), None);
    }
}
