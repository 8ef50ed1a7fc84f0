//! Every message of an upgrade that was interrupted, failed, half-applied, resumed, edited, locked, stopped
//! or resolved, whole, on both engines: it tells what is in the database and what to type next.

mod connection;
mod contract;
mod edited;
mod failures;
mod locks;
mod resolve;
mod sessions;
mod signals;
#[path = "../support/mod.rs"]
mod support;
mod undecided;
