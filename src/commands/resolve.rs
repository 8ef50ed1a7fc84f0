//! `resolve`: settles one migration by hand, after showing what it will record.

use super::{targets::Targets, upgrade::identity};
use crate::{
    cli::ResolveArguments,
    config::Settings,
    migrate::{Claim, Proposal, ResolveRequest, propose, resolve},
    outcome::{Document, Failure, flag_typed},
    report::{self, Shown},
};
use anyhow::Result;

/// Shows what would be recorded, asks, and records it.
pub async fn run(
    settings: &Settings,
    arguments: &ResolveArguments,
    document: &mut Document,
) -> Result<()> {
    let Some(mut targets) = Targets::open(settings, document) else {
        return Ok(());
    };
    let version = arguments.version;
    let mut named = targets
        .sides
        .iter_mut()
        .filter(|side| side.set.migrations.iter().any(|one| one.version == version));
    let (claim, flag) = claim(arguments);
    let side = match (named.next(), named.next()) {
        (Some(side), None) => side,
        (None, _) => return Err(none(version).into()),
        (Some(_), Some(_)) => return Err(which(version, flag).into()),
    };
    let identity = identity();
    let request = ResolveRequest {
        version,
        claim,
        reason: arguments.reason.as_deref(),
        lock_wait: settings.lock_wait,
        identity: &identity,
    };
    let proposal = propose(side.engine.as_mut(), &side.set, &request, document).await?;
    tell(&proposal, document);
    let reason = arguments.reason.as_deref();
    let reason = reason.map_or_else(String::new, |reason| {
        format!(" {}", flag_typed("reason", Some(reason)))
    });
    let again = format!(
        "sgmp-db resolve {version} --only {} {flag}{reason} --yes",
        side.set.target
    );
    confirm(arguments.yes, &proposal, &again)?;
    let resolved = resolve(
        side.engine.as_mut(),
        &side.set,
        &request,
        &proposal,
        document,
    )
    .await;
    targets.close(document).await;
    resolved?;
    document.extra.insert("recorded", true.into());
    Ok(())
}

/// What is claimed, and the flag that says so.
fn claim(arguments: &ResolveArguments) -> (Claim, &'static str) {
    if arguments.applied {
        (Claim::Applied, "--applied")
    } else if arguments.reverted {
        (Claim::Reverted, "--reverted")
    } else {
        (Claim::AcceptChecksum, "--accept-checksum")
    }
}

fn none(version: i32) -> Failure {
    Failure::usage(format!("there is no migration V{version}"))
        .remedy("see which there are: sgmp-db status")
}

fn which(version: i32, flag: &str) -> Failure {
    Failure::usage(format!("V{version} is a migration of both databases")).remedy(format!(
        "say which: sgmp-db resolve {version} --only mysql {flag}; or: sgmp-db resolve {version} --only timescale {flag}"
    ))
}

fn tell(proposal: &Proposal, document: &mut Document) {
    document.extra.insert("text", proposal.text.clone().into());
    document.extra.insert("recorded", false.into());
}

/// A typed yes on a terminal; elsewhere only `--yes`.
fn confirm(yes: bool, proposal: &Proposal, again: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    let refused = Failure::usage("nothing was recorded: it was not confirmed")
        .remedy(format!("read what would be recorded, then type: {again}"));
    let text = [Shown::lines(&proposal.text)];
    match report::can_ask() && report::ask(&text, "Record this? Type yes: ")? {
        true => Ok(()),
        false => Err(refused.into()),
    }
}
