//! One change on the server, and how it reads.

use super::{Interval, JobKind, OrderBy, Refresh, Retention, Span, TableName};
use std::fmt;

/// What is done to one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub table: TableName,
    pub change: StepChange,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepChange {
    SetChunkInterval(Span),
    /// Turns the columnstore on or changes its settings.
    SetColumnstore {
        segment_by: Option<Vec<String>>,
        order_by: Option<Vec<OrderBy>>,
        aggregate: bool,
    },
    DisableColumnstore {
        aggregate: bool,
    },
    AddRetention(Retention),
    AddCompression(Span),
    AddRefresh(Refresh),
    /// The job stays the same one, with its schedule and its statistics.
    AlterRetention(i64, Retention),
    AlterCompression(i64, Span),
    AlterRefresh(i64, Refresh),
    /// It was paused.
    Resume(i64, JobKind),
    RemoveJob(i64, JobKind),
}

impl Step {
    /// A step on that table.
    pub fn new(table: &TableName, change: StepChange) -> Step {
        Step {
            table: table.clone(),
            change,
        }
    }

    /// Steps of a lower rank go first: what must go makes room, and a policy needs its columnstore.
    pub fn rank(&self) -> u8 {
        match self.change {
            StepChange::RemoveJob(..) => 0,
            StepChange::DisableColumnstore { .. } => 1,
            StepChange::SetChunkInterval(_) | StepChange::SetColumnstore { .. } => 2,
            StepChange::AlterRetention(..)
            | StepChange::AlterCompression(..)
            | StepChange::AlterRefresh(..) => 3,
            StepChange::Resume(..) => 4,
            StepChange::AddRefresh(_) => 5,
            // An aggregate's is taken only where it is refreshed already.
            StepChange::AddRetention(_) | StepChange::AddCompression(_) => 6,
        }
    }
}

impl StepChange {
    /// The key of `policies.yaml` that asks for it.
    pub fn key(&self) -> &'static str {
        match self {
            StepChange::SetChunkInterval(_) => "chunk_interval",
            StepChange::SetColumnstore { .. } | StepChange::DisableColumnstore { .. } => {
                "compression"
            }
            StepChange::AddRetention(_) | StepChange::AlterRetention(..) => {
                JobKind::Retention.key()
            }
            StepChange::AddCompression(_) | StepChange::AlterCompression(..) => {
                JobKind::Compression.key()
            }
            StepChange::AddRefresh(_) | StepChange::AlterRefresh(..) => JobKind::Refresh.key(),
            StepChange::Resume(_, kind) | StepChange::RemoveJob(_, kind) => kind.key(),
        }
    }
}

/// `house_id, device_name`
pub fn list<T: fmt::Display>(items: &[T]) -> String {
    let words: Vec<String> = items.iter().map(T::to_string).collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = &self.table;
        match &self.change {
            StepChange::SetChunkInterval(span) => {
                write!(
                    f,
                    "chunk interval of {table}: {span}, for chunks made from now on"
                )
            }
            StepChange::SetColumnstore {
                segment_by,
                order_by,
                ..
            } => {
                write!(f, "columnstore of {table}: on")?;
                if let Some(columns) = segment_by {
                    write!(f, ", segmented by {}", list(columns))?;
                }
                if let Some(columns) = order_by {
                    write!(f, ", ordered by {}", list(columns))?;
                }
                Ok(())
            }
            StepChange::DisableColumnstore { .. } => write!(f, "columnstore of {table}: off"),
            StepChange::AddRetention(retention) => write!(f, "retention of {table}: {retention}"),
            StepChange::AddCompression(after) => write!(f, "compression of {table}: after {after}"),
            StepChange::AddRefresh(refresh) => write!(f, "refresh of {table}: {refresh}"),
            StepChange::AlterRetention(job, retention) => {
                write!(f, "retention of {table}: now {retention} (job {job})")
            }
            StepChange::AlterCompression(job, after) => {
                write!(f, "compression of {table}: now after {after} (job {job})")
            }
            StepChange::AlterRefresh(job, refresh) => {
                write!(f, "refresh of {table}: now {refresh} (job {job})")
            }
            StepChange::Resume(job, kind) => {
                write!(f, "{} of {table}: no longer paused (job {job})", kind.key())
            }
            StepChange::RemoveJob(job, kind) => {
                write!(f, "{} of {table}: removed (job {job})", kind.key())
            }
        }
    }
}

/// An interval in words, where it is one.
impl From<Interval> for Span {
    fn from(interval: Interval) -> Span {
        Span::Interval(interval)
    }
}
