//! Which policies should exist, what must change? Pure.

mod file;
mod interval;
mod plan;
mod state;

pub use file::{Policies, Retention, Unmanaged};
pub use interval::Interval;
pub use plan::{PolicyPlan, Step, plan};
pub use state::{PolicyState, RetentionJob, TableName};
