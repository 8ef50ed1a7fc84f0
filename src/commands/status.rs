//! `status`: is what is there what should be there? Writes to no database.

use super::targets::{TargetSide, Targets};
use crate::{
    cli::StatusArguments,
    config::Settings,
    cross::{self, Readiness},
    drift::{self, Committed, Question},
    engine::Engine,
    migrate::{Look, compare_policies, files::MigrationSet, look},
    outcome::{Document, Finding, Kind},
    policy::{Consent, PolicyPlan},
    schema::Class,
};
use anyhow::Result;
use futures_util::future::join_all;
use std::collections::BTreeSet;

/// Looks at every database at once.
pub async fn run(
    settings: &Settings,
    arguments: &StatusArguments,
    document: &mut Document,
) -> Result<()> {
    let Some(mut targets) = Targets::open(settings, document) else {
        return Ok(());
    };
    let include = arguments.include.iter().copied().collect();
    let seen = join_all(targets.sides.iter_mut().map(|side| see(side, &include))).await;
    let mut ready = Vec::new();
    for seen in seen {
        match seen {
            Ok((look, policies, readiness)) => {
                ready.push(readiness);
                let may_create = settings.may_create(look.plan.target);
                tell(&look, may_create, document);
                for refusal in policies.refusals {
                    document.fail(&refusal.into());
                }
                document.findings.extend(policies.findings);
                document.notes.extend(policies.notes);
            }
            Err(error) => document.fail(&error),
        }
    }
    if document.failures().is_empty() {
        cross::tell(&mut engines(&mut targets), &ready, document).await;
    }
    targets.close(document).await;
    Ok(())
}

fn engines(targets: &mut Targets) -> Vec<&mut dyn Engine> {
    let sides = targets.sides.iter_mut();
    sides
        .map(|side| &mut *side.engine as &mut dyn Engine)
        .collect()
}

/// Record and schema, and at the latest version the policies.
async fn see<'a>(
    side: &'a mut TargetSide,
    include: &BTreeSet<Class>,
) -> Result<(Look<'a>, PolicyPlan, Readiness)> {
    let TargetSide {
        engine,
        set,
        policies,
        committed,
    } = side;
    let look = record_and_schema(engine.as_mut(), set, (committed, include)).await?;
    let settled = look.survey.database_exists && look.plan.pending.is_empty();
    let policies = policies.as_ref().filter(|_| settled);
    let plan = compare_policies(engine.as_mut(), policies, Consent::Withheld).await?;
    let readiness = Readiness::of(engine.as_mut(), &look.survey, !look.plan.pending.is_empty());
    Ok((look, plan.unwrap_or_default(), readiness))
}

/// What is recorded, and how the schema differs from what the record says it should be.
pub(super) async fn record_and_schema<'a>(
    engine: &mut dyn Engine,
    set: &'a MigrationSet,
    (committed, include): (&Committed, &BTreeSet<Class>),
) -> Result<Look<'a>> {
    let mut look = look(engine, set).await?;
    let question = Question {
        committed,
        survey: &look.survey,
        include,
    };
    look.drift = drift::look(engine, &question).await?;
    Ok(look)
}

/// Everything about record and schema.
pub(super) fn tell(look: &Look<'_>, may_create: bool, document: &mut Document) {
    let target = look.plan.target;
    let (findings, notes) = drift::told(target, &look.drift);
    document.findings.extend(findings);
    document.notes.extend(notes);
    document.targets.insert(target, look.plan.report.clone());
    document.notes.extend(look.plan.notes.iter().cloned());
    if let Some(holder) = &look.survey.busy {
        let message = format!("an upgrade is under way: the lock is held by {holder}");
        document
            .notes
            .push(Finding::new(Kind::Lock, target, message));
    }
    // While somebody is at work a begun file is theirs, not a half-applied one.
    let findings = look
        .plan
        .findings
        .iter()
        .filter(|finding| finding.kind != Kind::HalfApplied || look.survey.busy.is_none());
    document.findings.extend(findings.cloned());
    if !look.survey.database_exists {
        let remedy = match may_create {
            true => "sgmp-db upgrade",
            false => "sgmp-db upgrade --create-database",
        };
        document.findings.push(
            Finding::new(Kind::Pending, target, "the database does not exist yet").remedy(remedy),
        );
    }
    for pending in &look.plan.pending {
        document.findings.push(
            Finding::new(
                Kind::Pending,
                target,
                format!("{} is pending", pending.up.file),
            )
            .about(pending.up.file.clone())
            .remedy("sgmp-db upgrade"),
        );
    }
}
