//! What belongs beside the schema once a database is at the latest version: the application's access
//! and the hypertables' policies.

use super::{
    look::Look,
    run::SideRun,
    upgrade::{Options, Side},
};
use crate::{
    engine::Engine,
    outcome::{Finding, Kind},
    policy::{Policies, PolicyPlan, plan},
};
use anyhow::Result;

/// What is to be settled, and what cannot be.
#[derive(Debug, Default)]
pub struct Beside {
    /// In words.
    pub todo: Vec<String>,
    pub remaining: Vec<Finding>,
    pub notes: Vec<Finding>,
}

impl Beside {
    /// Is there something to do?
    pub fn has_work(&self) -> bool {
        !self.todo.is_empty()
    }
}

/// Looks, where no file is pending. Writes nothing.
pub async fn look(side: &mut Side<'_>, look: &Look<'_>, options: &Options<'_>) -> Result<Beside> {
    let mut beside = Beside::default();
    if !look.survey.database_exists || !look.plan.pending.is_empty() {
        return Ok(beside);
    }
    beside.todo = side.engine.missing_access().await?;
    if let Some(plan) = compare(side.engine, side.policies, options.allow_data_loss).await?
        && let Some(store) = side.engine.policies()
    {
        beside
            .todo
            .extend(plan.steps.iter().map(|step| store.describe(step)));
        beside.remaining = plan.remaining;
        beside.notes = plan.notes;
    }
    Ok(beside)
}

/// Settles it, under the lock.
pub async fn settle(side: &mut Side<'_>, options: &Options<'_>, run: &mut SideRun) -> Result<()> {
    let target = side.engine.target();
    let note = |done: String| Finding::new(Kind::Policy, target, done);
    run.notes.extend(
        side.engine
            .grant_access(options.identity)
            .await?
            .into_iter()
            .map(note),
    );
    let Some(plan) = compare(side.engine, side.policies, options.allow_data_loss).await? else {
        return Ok(());
    };
    if !plan.steps.is_empty()
        && let Some(store) = side.engine.policies()
    {
        run.notes.extend(
            store
                .apply(&plan.steps, options.identity)
                .await?
                .into_iter()
                .map(note),
        );
    }
    run.findings.extend(plan.remaining);
    run.notes.extend(plan.notes);
    Ok(())
}

/// Policies expected against policies there; none where either cannot be.
pub async fn compare(
    engine: &mut dyn Engine,
    policies: Option<&Policies>,
    allow_data_loss: bool,
) -> Result<Option<PolicyPlan>> {
    let (Some(policies), Some(store)) = (policies, engine.policies()) else {
        return Ok(None);
    };
    let state = store.read(policies).await?;
    Ok(Some(plan(policies, &state, allow_data_loss)))
}
