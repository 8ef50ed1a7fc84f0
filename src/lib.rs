//! sgmp-db: versioned SQL migrations for a MySQL + TimescaleDB pair.
//!
//! The rooms, and which may use which, are in docs/architecture.md.

pub mod cli;
pub mod commands;
pub mod config;
pub mod connect;
pub mod engine;
pub mod migrate;
pub mod outcome;
pub mod policy;
pub mod report;
pub mod sandbox;
pub mod schema;
pub mod sql;
pub mod target;
mod yaml;
