//! `downgrade`: back to an earlier version, on both databases, once it is shown what goes and somebody agreed.

use super::{
    targets::{LOCK_TIMEOUT, Targets},
    upgrade::identity,
};
use crate::{
    cli::DowngradeArguments,
    config::Settings,
    engine::{Direction, Identity},
    migrate::{DataLoss, Observer, Options, Side, upgrade},
    outcome::{Document, Exit, Failure},
    report::{self, Progress, Shown},
    target::Target,
};
use anyhow::Result;
use std::collections::BTreeMap;

/// Shows what would run, asks, runs it and fills the document.
pub async fn run(
    settings: &Settings,
    arguments: &DowngradeArguments,
    json: bool,
    document: &mut Document,
) -> Result<Option<Exit>> {
    let goals = arguments.goals(&settings.targets)?;
    let Some(mut targets) = Targets::open(settings, document) else {
        return Ok(None);
    };
    let progress = Progress::new();
    let (identity, observer) = (identity(), |event: crate::migrate::Event<'_>| {
        progress.show(&event);
    });
    let options = |dry_run| options(settings, arguments, dry_run, (&identity, &observer));
    let mut shown = Document::new("downgrade");
    shown.migrations = document.migrations.clone();
    let mut sides = sides(&mut targets, &goals);
    let mut exit = upgrade(&mut sides, &options(true), &mut shown).await?;
    let goes_on = exit.is_none() && !arguments.dry_run && has_work(&shown) && is_free(&shown);
    if goes_on && confirmed(arguments, json, &shown)? {
        for side in &mut sides {
            let shown = shown.targets.get(&side.set.target);
            side.agreed_at = shown.and_then(|report| report.version);
        }
        exit = upgrade(&mut sides, &options(false), document).await?;
    } else {
        take_over(document, shown);
        if goes_on {
            document.fail(&unconfirmed(document).into());
        }
    }
    drop(sides);
    targets.close(document).await;
    Ok(exit)
}

fn options<'a>(
    settings: &Settings,
    arguments: &DowngradeArguments,
    dry_run: bool,
    (identity, observer): (&'a Identity, Observer<'a>),
) -> Options<'a> {
    Options {
        dry_run,
        lock_wait: settings.lock_wait,
        lock_timeout: LOCK_TIMEOUT,
        allow_drift: arguments.allow_drift,
        allow_edited_down: arguments.allow_edited_down,
        data_loss: DataLoss::Refused,
        identity,
        observer,
    }
}

fn sides<'a>(targets: &'a mut Targets, goals: &BTreeMap<Target, i32>) -> Vec<Side<'a>> {
    targets
        .sides
        .iter_mut()
        .map(|side| Side {
            direction: Direction::Revert,
            agreed_at: None,
            goal: goals.get(&side.set.target).copied(),
            may_create: false,
            engine: side.engine.as_mut(),
            set: &side.set,
            committed: &side.committed,
            policies: side.policies.as_ref(),
        })
        .collect()
}

fn has_work(shown: &Document) -> bool {
    let reverts = shown.extra.get("reverts");
    reverts
        .and_then(serde_json::Value::as_array)
        .is_some_and(|reverts| !reverts.is_empty())
}

/// Does nothing stand in the way?
fn is_free(shown: &Document) -> bool {
    shown.failures().is_empty() && shown.findings.is_empty()
}

/// What was shown is the result.
fn take_over(document: &mut Document, shown: Document) {
    document.targets = shown.targets.clone();
    document.words = shown.words.clone();
    document.extra = shown.extra.clone();
    document.absorb(shown);
}

/// A typed yes on a terminal; elsewhere only `--yes`. Nobody is asked under `--json`: a program reads that.
fn confirmed(arguments: &DowngradeArguments, json: bool, shown: &Document) -> Result<bool> {
    if arguments.yes {
        return Ok(true);
    }
    if json || !report::can_ask() {
        return Ok(false);
    }
    let notes = shown.notes.iter().map(|note| &note.message);
    let lines: Vec<Shown> = shown.words.iter().chain(notes).map(Shown::line).collect();
    let question = "Go back, and let this data go? Type yes to go on, anything else to leave it: ";
    Ok(report::ask(&lines, question)?)
}

fn unconfirmed(document: &Document) -> Failure {
    let typed = document.call.typed.iter();
    let words: Vec<String> = typed.map(|word| crate::outcome::quoted(word)).collect();
    Failure::usage("nothing was changed: it was not confirmed").remedy(format!(
        "read what would run and what it takes, then type: sgmp-db {} --yes",
        words.join(" ")
    ))
}
