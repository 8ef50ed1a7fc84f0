//! What stands in a PostgreSQL with TimescaleDB schema: one file per kind of object, read in one consistent view.

use super::Timescale;
use crate::schema::Reading;
use anyhow::Result;

/// Reads every kind.
pub async fn read(_timescale: &mut Timescale) -> Result<Reading> {
    Ok(Reading::default())
}
