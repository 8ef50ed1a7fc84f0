//! What belongs beside the schema once a database is at the latest version: the application's access.

use super::{
    look::Look,
    run::SideRun,
    upgrade::{Options, Side},
};
use crate::outcome::{Finding, Kind};
use anyhow::Result;

/// Is there something to settle, though no file is pending? Writes nothing.
pub async fn has_work(side: &mut Side<'_>, look: &Look<'_>) -> Result<bool> {
    if !look.survey.database_exists || !look.plan.pending.is_empty() {
        return Ok(false);
    }
    Ok(!side.engine.missing_access().await?.is_empty())
}

/// Settles it, under the lock.
pub async fn settle(side: &mut Side<'_>, options: &Options<'_>, run: &mut SideRun) -> Result<()> {
    let target = side.engine.target();
    for done in side.engine.grant_access(options.identity).await? {
        run.notes.push(Finding::new(Kind::Policy, target, done));
    }
    Ok(())
}
