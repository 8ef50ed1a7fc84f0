//! Reading both sides: only where both databases are at their latest version and have what is compared.

use super::{Inconsistency, compare};
use crate::{
    engine::{Engine, Survey},
    policy::backend,
};
use anyhow::Result;
use futures_util::future::try_join;

/// The backend's tables in the database with the rows.
const TABLES: [&str; 3] = ["identifier_view", "identifier_dependency", "analytics"];

/// Can a database be compared with the other one?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// Absent, behind, or not the backend's.
    NotYet,
}

impl Readiness {
    /// By what one look found.
    pub fn of(engine: &mut dyn Engine, survey: &Survey, has_pending: bool) -> Readiness {
        let has = |name: &str| survey.foreign.iter().any(|object| object.name == name);
        let has_tables = match engine.aggregate_registry() {
            Some(_) => TABLES.into_iter().all(has),
            None => has(backend::SOURCE),
        };
        match survey.database_exists && !has_pending && has_tables {
            true => Readiness::Ready,
            false => Readiness::NotYet,
        }
    }
}

/// What does not fit; nothing where one of them is no half of a pair. Writes nothing.
pub async fn check(engines: &mut [&mut dyn Engine]) -> Result<Vec<Inconsistency>> {
    let [one, other] = engines else {
        return Ok(Vec::new());
    };
    let (one, other): (&mut dyn Engine, &mut dyn Engine) = (&mut **one, &mut **other);
    let (first, second) = match one.aggregate_registry().is_some() {
        true => (one, other),
        false => (other, one),
    };
    let (Some(rows), Some(store)) = (first.aggregate_registry(), second.aggregate_store()) else {
        return Ok(Vec::new());
    };
    let (registry, made) = try_join(rows.read(), store.read()).await?;
    Ok(compare((&registry, &*rows), (&made, &*store)))
}
