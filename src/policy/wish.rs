//! What should be: the values of `policies.yaml` for one environment.

use super::{Interval, PolicyState, TableName};
use crate::schema::Key;
use std::{collections::BTreeMap, fmt};

/// What to do with a policy that the file does not mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unmanaged {
    /// A note.
    #[default]
    Report,
    /// A finding.
    Fail,
    /// It goes.
    Remove,
}

/// A length on the time axis: of time, or of whatever an integer time column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Interval(Interval),
    Integer(i64),
}

/// How long data lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// By the time column.
    DropAfter(Span),
    /// By the time at which a chunk was made.
    DropCreatedBefore(Interval),
    /// There must be no policy.
    None,
}

/// One column of `order_by`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    pub column: String,
    pub descending: bool,
    pub nulls_first: bool,
}

/// Whether and how chunks go to the columnstore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compression {
    On(Columnstore),
    /// There must be no policy, and the columnstore is off.
    None,
}

/// Settings of the columnstore; what is not stated is not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columnstore {
    pub after: Span,
    pub segment_by: Option<Vec<String>>,
    pub order_by: Option<Vec<OrderBy>>,
}

/// One refresh policy of a continuous aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refresh {
    /// None: from the beginning.
    pub start: Option<Span>,
    /// None: to the end.
    pub end: Option<Span>,
    pub every: Interval,
}

/// Which section of the file names a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Hypertables,
    Aggregates,
}

/// Everything that is stated about one hypertable or continuous aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wishes {
    pub section: Section,
    pub chunk_interval: Option<Span>,
    pub retention: Option<Retention>,
    pub compression: Option<Compression>,
    /// Every refresh policy there should be; an empty list states that there must be none.
    pub refresh: Option<Vec<Refresh>>,
    /// Line of the table's name in the file.
    pub line: Option<usize>,
    /// Lines of its keys.
    pub lines: BTreeMap<&'static str, usize>,
}

/// The whole file, for one environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    /// Path for messages.
    pub file: String,
    pub unmanaged: Unmanaged,
    pub tables: BTreeMap<TableName, Wishes>,
}

impl Policies {
    /// Only of tables that are there and that `keep` keeps, as are those that they aggregate or that
    /// aggregate them.
    pub fn of(&self, state: &PolicyState, keep: impl Fn(&TableName) -> bool) -> Policies {
        let source = |name: &TableName| state.tables.get(name).and_then(|one| one.source.as_ref());
        let family = |name: &TableName| {
            let above = state
                .tables
                .keys()
                .filter(move |other| source(other) == Some(name));
            source(name).into_iter().chain(above).all(&keep)
        };
        let mut own = self.clone();
        own.tables
            .retain(|name, _| state.tables.contains_key(name) && keep(name) && family(name));
        own
    }
}

impl Policies {
    /// Parts of hypertables and aggregates of which the file says what they should be.
    pub fn stated(&self) -> impl Iterator<Item = (Key, &'static str)> {
        self.tables.iter().flat_map(|(name, wishes)| {
            let kind = match wishes.section {
                Section::Hypertables => "hypertable",
                Section::Aggregates => "continuous_aggregate",
            };
            let interval = wishes.chunk_interval.as_ref().map(|_| "chunk_interval");
            let columnstore = wishes.compression.as_ref().map(|_| "columnstore");
            let parts = interval.into_iter().chain(columnstore);
            parts.map(move |part| (Key::new(kind, name.to_string()), part))
        })
    }
}

impl Wishes {
    /// Nothing stated yet.
    pub fn new(section: Section) -> Wishes {
        Wishes {
            section,
            chunk_interval: None,
            retention: None,
            compression: None,
            refresh: None,
            line: None,
            lines: BTreeMap::new(),
        }
    }

    /// The line of a key, else of the table.
    pub fn line_of(&self, key: &str) -> Option<usize> {
        self.lines.get(key).copied().or(self.line)
    }
}

impl Span {
    /// A number, or an interval.
    pub fn parse(text: &str) -> Option<Span> {
        let text = text.trim();
        match text.parse() {
            Ok(number) => Some(Span::Integer(number)),
            Err(_) => Interval::parse(text).map(Span::Interval),
        }
    }

    /// For longer and shorter; a number and an interval cannot be compared.
    pub fn longer_than(&self, other: &Span) -> Option<bool> {
        match (self, other) {
            (Span::Integer(one), Span::Integer(other)) => Some(one > other),
            (Span::Interval(one), Span::Interval(other)) => Some(one.length() > other.length()),
            _ => None,
        }
    }

    /// Longer than nothing?
    pub fn is_positive(&self) -> bool {
        match self {
            Span::Integer(number) => *number > 0,
            Span::Interval(interval) => interval.is_positive(),
        }
    }
}

impl Retention {
    /// Does the other keep data for less time? None where that cannot be said.
    pub fn is_longer_than(&self, other: &Retention) -> Option<bool> {
        match (self, other) {
            (Retention::DropAfter(one), Retention::DropAfter(other)) => one.longer_than(other),
            (Retention::DropCreatedBefore(one), Retention::DropCreatedBefore(other)) => {
                Some(one.length() > other.length())
            }
            _ => None,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Span::Interval(interval) => interval.fmt(f),
            Span::Integer(number) => number.fmt(f),
        }
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Retention::DropAfter(span) => span.fmt(f),
            Retention::DropCreatedBefore(interval) => write!(f, "{interval} after its creation"),
            Retention::None => f.write_str("none"),
        }
    }
}

impl fmt::Display for OrderBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.column)?;
        f.write_str(if self.descending { " desc" } else { "" })?;
        // The default: NULL counts as larger than everything.
        if self.nulls_first != self.descending {
            let nulls = if self.nulls_first { "first" } else { "last" };
            write!(f, " nulls {nulls}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = |bound: Option<Span>| bound.map_or("none".to_owned(), |span| span.to_string());
        let (start, end) = (bound(self.start), bound(self.end));
        write!(f, "from {start} to {end} ago, every {}", self.every)
    }
}
