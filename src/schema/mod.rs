//! What is an object, when do two differ? Pure: knows no database by name.

mod canonical;
mod diff;
mod ignore;
mod merge;
mod object;
pub mod plan;
mod snapshot;
mod steps;
mod texts;
mod written;

pub use canonical::render;
pub use diff::{Change, ObjectDifference, PathDifference, Scope, diff, only};
pub use ignore::{Ignore, Rule};
pub use merge::merge;
pub use object::{Class, Key, Object, Reading, Repair, Schema, Unseen};
pub use snapshot::{Snapshot, fingerprint};
pub use steps::{Step, Steps};
pub use texts::{EACH, Place, change_texts};
