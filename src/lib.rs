//! sgmp-db: versioned SQL migrations for a MySQL + TimescaleDB pair.
//!
//! The rooms, and which may use which, are in docs/architecture.md.

// Here and not in the manifest, because tests may: a test that cannot go on fails.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

pub mod cli;
pub mod commands;
pub mod config;
pub mod connect;
mod counted;
pub mod cross;
pub mod drift;
pub mod engine;
pub mod interrupt;
pub mod lint;
pub mod migrate;
pub mod outcome;
pub mod policy;
pub mod report;
pub mod sandbox;
pub mod schema;
pub mod sql;
pub mod target;
pub mod visible;
mod yaml;
