//! What belongs beside the schema once a database is at the latest version: the application's access
//! and the hypertables' policies.

use super::{
    look::Look,
    run::SideRun,
    upgrade::{Options, Side},
};
use crate::{
    engine::Engine,
    outcome::{Document, Failure, Finding, Kind},
    policy::{Consent, Policies, PolicyPlan, plan},
};
use anyhow::Result;

/// May a change of a policy make the server drop data that is safe now?
pub enum DataLoss<'a> {
    Refused,
    Allowed,
    /// Somebody at a terminal decides, having read these findings.
    Ask(&'a dyn Fn(&[Finding]) -> bool),
}

impl DataLoss<'_> {
    fn consent(&self) -> Consent {
        match self {
            DataLoss::Allowed => Consent::Given,
            DataLoss::Refused | DataLoss::Ask(_) => Consent::Withheld,
        }
    }
}

/// What is to be settled, and what cannot be.
#[derive(Debug, Default)]
pub struct Beside {
    /// In words.
    pub todo: Vec<String>,
    /// What somebody may still allow.
    pub withheld: Vec<Finding>,
    pub remaining: Vec<Finding>,
    pub notes: Vec<Finding>,
    /// Why policies.yaml cannot be followed.
    pub refusals: Vec<Failure>,
}

impl Beside {
    /// Everything that is not to be settled now.
    pub fn tell(self, document: &mut Document) {
        for refusal in self.refusals {
            document.fail(&refusal.into());
        }
        document.findings.extend(self.remaining);
        document.notes.extend(self.notes);
    }

    /// Is there something to do, or somebody to ask?
    pub fn has_work(&self, options: &Options<'_>) -> bool {
        let asks = matches!(options.data_loss, DataLoss::Ask(_)) && !self.withheld.is_empty();
        !self.todo.is_empty() || asks
    }
}

/// Looks, where no file is pending. Writes nothing.
pub async fn look(side: &mut Side<'_>, look: &Look<'_>, options: &Options<'_>) -> Result<Beside> {
    let mut beside = Beside::default();
    if !look.survey.database_exists || !look.plan.pending.is_empty() {
        return Ok(beside);
    }
    beside.todo = side.engine.missing_access().await?;
    let consent = options.data_loss.consent();
    if let Some(plan) = compare(side.engine, side.policies, consent).await? {
        beside
            .todo
            .extend(plan.steps.iter().map(ToString::to_string));
        beside.withheld = plan.withheld;
        beside.remaining = plan.remaining;
        beside.notes = plan.notes;
        beside.refusals = plan.refusals;
    }
    Ok(beside)
}

/// Settles it, under the lock.
pub async fn settle(side: &mut Side<'_>, options: &Options<'_>, run: &mut SideRun) -> Result<()> {
    let target = side.engine.target();
    let note = |done: String| Finding::new(Kind::Policy, target, done);
    let granted = side.engine.grant_access(options.identity).await?;
    run.notes.extend(granted.into_iter().map(note));
    let consent = options.data_loss.consent();
    let Some(mut plan) = compare(side.engine, side.policies, consent).await? else {
        return Ok(());
    };
    if let DataLoss::Ask(ask) = options.data_loss
        && !plan.withheld.is_empty()
        && plan.refusals.is_empty()
        && ask(&plan.withheld)
        && let Some(agreed) = compare(side.engine, side.policies, Consent::Given).await?
    {
        plan = agreed;
    }
    if !plan.steps.is_empty()
        && let Some(store) = side.engine.policies()
    {
        let done = store.apply(&plan.steps, options.identity).await?;
        run.notes.extend(done.into_iter().map(note));
    }
    run.failures
        .extend(plan.refusals.into_iter().map(Into::into));
    run.findings.extend(plan.remaining);
    run.notes.extend(plan.notes);
    Ok(())
}

/// Policies expected against policies there; none where either cannot be.
pub async fn compare(
    engine: &mut dyn Engine,
    policies: Option<&Policies>,
    consent: Consent,
) -> Result<Option<PolicyPlan>> {
    let (Some(policies), Some(store)) = (policies, engine.policies()) else {
        return Ok(None);
    };
    let state = store.read(policies).await?;
    Ok(Some(plan(policies, &state, consent)))
}
