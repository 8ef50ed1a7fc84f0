//! What is an object, when do two differ? Pure: knows no database by name.

mod diff;
mod object;

pub use diff::{Change, ObjectDifference, PathDifference, Scope, diff};
pub use object::{Class, Key, Object, Reading, Repair, Schema, Unseen};
