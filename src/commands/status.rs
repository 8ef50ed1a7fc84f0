//! `status`: is what is there what should be there? Writes to no database.

use super::targets::{TargetSide, Targets};
use crate::{
    config::Settings,
    migrate::{Look, compare_policies, look},
    outcome::{Document, Finding, Kind},
    policy::{Consent, PolicyPlan},
};
use anyhow::Result;
use futures_util::future::join_all;

/// Looks at every database at once.
pub async fn run(settings: &Settings, document: &mut Document) -> Result<()> {
    let Some(mut targets) = Targets::open(settings, document) else {
        return Ok(());
    };
    let seen = join_all(targets.sides.iter_mut().map(see)).await;
    for seen in seen {
        match seen {
            Ok((look, policies)) => {
                tell(&look, document);
                for refusal in policies.refusals {
                    document.fail(&refusal.into());
                }
                document.findings.extend(policies.findings);
                document.notes.extend(policies.notes);
            }
            Err(error) => document.fail(&error),
        }
    }
    targets.close(document).await;
    Ok(())
}

/// Schema and record, and at the latest version the policies.
async fn see(side: &mut TargetSide) -> Result<(Look<'_>, PolicyPlan)> {
    let TargetSide {
        engine,
        set,
        policies,
    } = side;
    let look = look(engine.as_mut(), set).await?;
    let settled = look.survey.database_exists && look.plan.pending.is_empty();
    let policies = policies.as_ref().filter(|_| settled);
    let plan = compare_policies(engine.as_mut(), policies, Consent::Withheld).await?;
    Ok((look, plan.unwrap_or_default()))
}

fn tell(look: &Look<'_>, document: &mut Document) {
    let target = look.plan.target;
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
        document.findings.push(
            Finding::new(Kind::Pending, target, "the database does not exist yet")
                .remedy("sgmp-db upgrade"),
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
