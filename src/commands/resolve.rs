//! `resolve`: settles one migration by hand, after showing what it will record.

use super::{targets::Targets, upgrade::identity};
use crate::{
    cli::ResolveArguments,
    config::Settings,
    migrate::{Claim, Proposal, ResolveRequest, propose, resolve},
    outcome::{Document, Failure},
};
use anyhow::Result;
use std::io::{self, BufRead, IsTerminal, Write};

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
    let (Some(side), None) = (named.next(), named.next()) else {
        return Err(which(settings, version).into());
    };
    let claim = if arguments.applied {
        Claim::Applied
    } else if arguments.reverted {
        Claim::Reverted
    } else {
        Claim::AcceptChecksum
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
    confirm(arguments.yes, &proposal)?;
    resolve(
        side.engine.as_mut(),
        &side.set,
        &request,
        &proposal,
        document,
    )
    .await?;
    document.extra.insert("recorded", true.into());
    targets.close(document).await;
    Ok(())
}

fn which(settings: &Settings, version: i32) -> Failure {
    if settings.targets.len() == 1 {
        return Failure::usage(format!("there is no migration V{version}"))
            .remedy("see which there are: sgmp-db status");
    }
    Failure::usage(format!(
        "V{version} is a migration of both databases, or of none"
    ))
    .remedy(format!(
        "say which: sgmp-db resolve {version} --only mysql --applied, or --only timescale"
    ))
}

fn tell(proposal: &Proposal, document: &mut Document) {
    document.extra.insert("text", proposal.text.clone().into());
    document.extra.insert("recorded", false.into());
}

/// A typed yes on a terminal; elsewhere only `--yes`.
fn confirm(yes: bool, proposal: &Proposal) -> Result<()> {
    if yes {
        return Ok(());
    }
    let refused = Failure::usage("nothing was recorded: it was not confirmed")
        .remedy("read what would be recorded, then type the same command with --yes");
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(refused.into());
    }
    let mut err = io::stderr();
    write!(err, "{}\nRecord this? Type yes: ", proposal.text)?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    Err(refused.into())
}
