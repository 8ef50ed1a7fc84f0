//! Which policies should exist, what must change? Pure.

pub mod backend;
mod file;
mod interval;
mod name;
mod overlay;
mod plan;
mod state;
mod step;
mod values;
mod wish;

pub use interval::Interval;
pub use name::TableName;
pub use plan::{Consent, PolicyPlan, plan};
pub use state::{
    Chunk, ColumnstoreState, Doomed, Failing, Job, JobKind, Loss, OldChunks, PolicyState, Stalled,
    TableState,
};
pub use step::{Step, StepChange};
pub use wish::{
    Columnstore, Compression, OrderBy, Policies, Refresh, Retention, Section, Span, Unmanaged,
    Wishes,
};
