//! sgmp-db: versioned SQL migrations for a MySQL + TimescaleDB pair.
//!
//! The rooms, and which may use which, are in docs/architecture.md.

pub mod outcome;
pub mod target;
