//! Do the two databases agree about the aggregates that the backend makes at run time?

mod check;
mod compare;
mod fix;
mod status;

pub use check::{Readiness, check};
pub use compare::{Inconsistency, Repair, compare};
pub use fix::{FixOptions, fix};
pub use status::tell;
