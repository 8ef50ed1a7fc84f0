//! What the backend keeps in two databases at once: rows in one, continuous aggregates in the other.

use super::Identity;
use crate::policy::Job;
use anyhow::Result;
use async_trait::async_trait;

/// A row of `identifier_view`: this aggregate serves that identifier of that house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRow {
    pub house_id: i64,
    pub identifier: String,
    pub view_name: String,
}

/// A row of `identifier_dependency` with what its analytic item says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    pub house_id: i64,
    pub identifier: String,
    pub analytics_id: i64,
    /// `analytics.continuous_aggregation`.
    pub is_wanted: bool,
}

/// Everything that the backend has written down, by key.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    pub views: Vec<ViewRow>,
    pub dependencies: Vec<Dependency>,
}

/// A continuous aggregate that carries a name of the backend's.
#[derive(Debug, Clone)]
pub struct MadeAggregate {
    pub name: String,
    /// The server's own text of what it selects.
    pub definition: String,
    /// Its refresh policies.
    pub jobs: Vec<Job>,
}

/// Those that are there.
#[derive(Debug, Clone, Default)]
pub struct MadeAggregates {
    /// Not under the Apache licence.
    pub can_exist: bool,
    pub made: Vec<MadeAggregate>,
}

/// The database with the rows.
#[async_trait(?Send)]
pub trait AggregateRegistry {
    /// Reads all rows: one turn.
    async fn read(&mut self) -> Result<Registry>;

    /// The statement that adds a row.
    fn insert_view(&self, row: &ViewRow) -> String;

    /// The statement that removes a row.
    fn delete_view(&self, row: &ViewRow) -> String;

    /// The statement that removes a dependency.
    fn delete_dependency(&self, dependency: &Dependency) -> String;

    /// Adds a row with its ledger entry. Writes; needs the lock.
    async fn add_view(&mut self, row: &ViewRow, identity: &Identity) -> Result<()>;
}

/// The database with the aggregates.
#[async_trait(?Send)]
pub trait AggregateStore {
    /// Reads all that carry a name of the backend's: one turn.
    async fn read(&mut self) -> Result<MadeAggregates>;

    /// Does it select what the backend makes it select for this row?
    fn is_as_made(&self, definition: &str, row: &ViewRow) -> bool;

    /// The statements that make it, with its refresh policy.
    fn create(&self, row: &ViewRow) -> Vec<String>;

    /// The statement that adds the backend's refresh policy.
    fn add_refresh(&self, name: &str) -> String;

    /// The statement that makes a job the backend's refresh policy.
    fn alter_refresh(&self, job: i64) -> String;

    /// The statement that drops it, and its data.
    fn drop(&self, name: &str) -> String;

    /// Runs statements about one aggregate as its owner, or as the application's role where it is not
    /// there yet, as far as this login may; with a ledger entry, all or none. Writes; needs the lock.
    async fn carry_out(
        &mut self,
        name: &str,
        statements: &[String],
        words: &str,
        identity: &Identity,
    ) -> Result<()>;
}
