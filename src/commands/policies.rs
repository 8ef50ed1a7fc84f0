//! `policies`: hypertable policies, and what only cron can do where no job can.

use super::{
    consent,
    targets::{LOCK_TIMEOUT, Targets},
    upgrade::identity,
};
use crate::{
    cli::{PoliciesArguments, PoliciesVerb},
    config::Settings,
    cross::{FixOptions, fix},
    engine::{Direction, Engine},
    migrate::{DataLoss, Options, Side, look, run_retention, upgrade},
    outcome::{Document, Exit, Failure, Finding, Kind},
    report::Progress,
    target::Target,
};
use anyhow::Result;

/// Makes the policies match, or drops old chunks.
pub async fn run(
    settings: &Settings,
    arguments: &PoliciesArguments,
    json: bool,
    document: &mut Document,
) -> Result<Option<Exit>> {
    let mut settings = settings.clone();
    if arguments.fix_aggregates {
        if settings.targets.len() != Target::ALL.len() {
            return Err(needs_both().into());
        }
    } else {
        settings
            .targets
            .retain(|target| *target == Target::Timescale);
    }
    if settings.targets.is_empty() {
        return Err(Failure::usage(
            "policies are TimescaleDB's, and --only names the other database",
        )
        .remedy("sgmp-db policies")
        .into());
    }
    let Some(mut targets) = Targets::open(&settings, document) else {
        return Ok(None);
    };
    let progress = Progress::new();
    let identity = identity();
    let mut options = Options {
        dry_run: arguments.dry_run,
        lock_wait: settings.lock_wait,
        lock_timeout: LOCK_TIMEOUT,
        // Nothing is pending here, so drift stands in nobody's way and is only told: a chunk interval that
        // policies.yaml states no more must not stop the policies that it does state.
        allow_drift: true,
        allow_edited_down: false,
        data_loss: consent::data_loss(arguments.allow_data_loss, json),
        identity: &identity,
        observer: &|event| progress.show(&event),
    };
    let mut sides: Vec<Side<'_>> = targets
        .sides
        .iter_mut()
        .map(|side| Side {
            direction: Direction::Apply,
            agreed_at: None,
            goal: None,
            may_create: false,
            engine: side.engine.as_mut(),
            set: &side.set,
            committed: &side.committed,
            policies: side.policies.as_ref(),
        })
        .collect();
    if let Some(PoliciesVerb::RunRetention(run)) = &arguments.verb {
        options.dry_run = run.dry_run;
        options.data_loss = DataLoss::Allowed;
    }
    let mut ended = work(&mut sides, arguments, &options, document).await;
    drop(sides);
    if arguments.fix_aggregates && matches!(ended, Ok(None)) && is_settled(document) {
        let mut engines: Vec<&mut dyn Engine> = Vec::new();
        for side in &mut targets.sides {
            engines.push(&mut *side.engine);
        }
        let options = FixOptions {
            dry_run: arguments.dry_run,
            lock_wait: settings.lock_wait,
            identity: &identity,
        };
        ended = fix(&mut engines, &options, document).await.map(|()| None);
    }
    targets.close(document).await;
    ended
}

/// Drops old chunks, or makes the policies match.
async fn work(
    sides: &mut [Side<'_>],
    arguments: &PoliciesArguments,
    options: &Options<'_>,
    document: &mut Document,
) -> Result<Option<Exit>> {
    let mut exit = None;
    if matches!(arguments.verb, Some(PoliciesVerb::RunRetention(_))) {
        for side in sides {
            exit = run_retention(side, options, document).await?;
        }
    } else if !has_pending(sides, document).await? {
        exit = upgrade(sides, options, document).await?;
    }
    Ok(exit)
}

fn needs_both() -> Failure {
    Failure::usage("--fix-aggregates compares both databases, and --only leaves one out")
        .remedy("sgmp-db policies --fix-aggregates")
}

/// Did nothing stand in the way? A policy that differs does not.
fn is_settled(document: &Document) -> bool {
    let is_policy = |finding: &Finding| finding.kind == Kind::Policy;
    document.failures().is_empty() && document.findings.iter().all(is_policy)
}

/// Policies belong to the latest version; files are not applied here.
async fn has_pending(sides: &mut [Side<'_>], document: &mut Document) -> Result<bool> {
    let mut pending = false;
    for side in sides {
        let target = side.engine.target();
        let look = look(&mut *side.engine as &mut dyn Engine, side.set).await?;
        if look.survey.database_exists && look.plan.pending.is_empty() {
            continue;
        }
        pending = true;
        document.targets.insert(target, look.plan.report.clone());
        document.findings.extend(look.plan.findings.iter().cloned());
        let words = "migrations are pending, and policies belong to the latest version";
        document
            .findings
            .push(Finding::new(Kind::Pending, target, words).remedy("sgmp-db upgrade"));
    }
    Ok(pending)
}
