//! What belongs beside the schema once a database is at the latest version: the application's access
//! and the hypertables' policies.

use super::{
    files::Migration,
    look::Look,
    run::SideRun,
    upgrade::{Options, Side},
};
use crate::{
    engine::Engine,
    outcome::{Document, Failure, Finding, Kind},
    policy::{Consent, Policies, PolicyPlan, plan},
    sql::mentions,
};
use anyhow::Result;
use std::time::Duration;

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

/// How long what is only tried out waits for a table.
const TRIAL: Duration = Duration::from_secs(2);

/// Looks, and tries out what is to be done. Where files are pending, only what they cannot change is
/// looked at, for reasons to refuse it. Writes nothing that stays.
pub async fn look(side: &mut Side<'_>, look: &Look<'_>, options: &Options<'_>) -> Result<Beside> {
    let mut beside = Beside::default();
    if !look.survey.database_exists {
        return Ok(beside);
    }
    let may_try = look.survey.read_only.is_none() && look.survey.busy.is_none();
    let consent = options.data_loss.consent();
    if !look.plan.pending.is_empty() {
        beside.refusals = foreseen(side, look, may_try).await?;
        return Ok(beside);
    }
    beside.todo = side.engine.missing_access().await?;
    if let Some(mut plan) = compare(side.engine, side.policies, consent).await? {
        if may_try {
            try_out(side.engine, side.policies, &mut plan).await?;
        }
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

/// Has the server say which of the steps it refuses.
async fn try_out(
    engine: &mut dyn Engine,
    policies: Option<&Policies>,
    plan: &mut PolicyPlan,
) -> Result<()> {
    let (Some(policies), Some(store)) = (policies, engine.policies()) else {
        return Ok(());
    };
    if !plan.steps.is_empty() {
        let refused = store.try_out(&plan.steps, TRIAL).await?;
        plan.refused(policies, refused);
    }
    Ok(())
}

/// Why policies cannot be made that no pending file has a part in: it would show only after the files
/// are applied.
async fn foreseen(side: &mut Side<'_>, look: &Look<'_>, may_try: bool) -> Result<Vec<Failure>> {
    let pending = &look.plan.pending;
    let begins = look.plan.report.version.is_none() || side.goal.is_some();
    let (Some(policies), false) = (side.policies, begins) else {
        return Ok(Vec::new());
    };
    let Some(store) = side.engine.policies() else {
        return Ok(Vec::new());
    };
    let state = store.read(policies).await?;
    let policies = policies.of(&state, |table| {
        let touches = |file: &Migration| mentions(file.up.text(), &table.name);
        !pending.iter().any(|file| touches(file))
    });
    let mut plan = plan(&policies, &state, Consent::Withheld);
    if may_try {
        try_out(side.engine, Some(&policies), &mut plan).await?;
    }
    Ok(plan.refusals)
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
        match store.apply(&plan.steps, options.identity).await {
            Ok(done) => run.notes.extend(done.into_iter().map(note)),
            // The server refused the batch as a whole: which part of it?
            Err(error) => {
                // A session that is gone cannot tell; then the first error is the one to tell.
                let asked = try_out(side.engine, side.policies, &mut plan).await;
                if asked.is_err() || plan.refusals.is_empty() {
                    return Err(error);
                }
            }
        }
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
