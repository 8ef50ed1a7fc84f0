//! `upgrade`: everything that is pending, on both databases.

use super::{
    consent,
    targets::{LOCK_TIMEOUT, Targets},
};
use crate::{
    cli::UpgradeArguments,
    config::Settings,
    engine::{Direction, Identity},
    migrate::{Options, Side, upgrade},
    outcome::{Document, Exit},
    report::Progress,
};
use anyhow::Result;

/// Runs the upgrade and fills the document.
pub async fn run(
    settings: &Settings,
    arguments: &UpgradeArguments,
    json: bool,
    document: &mut Document,
) -> Result<Option<Exit>> {
    let goals = arguments.goals(&settings.targets)?;
    let Some(mut targets) = Targets::open(settings, document) else {
        return Ok(None);
    };
    let progress = Progress::new();
    let identity = identity();
    let options = Options {
        dry_run: arguments.dry_run,
        lock_wait: settings.lock_wait,
        lock_timeout: LOCK_TIMEOUT,
        allow_drift: arguments.allow_drift,
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
            goal: goals.get(&side.set.target).copied(),
            may_create: settings.may_create(side.set.target),
            engine: side.engine.as_mut(),
            set: &side.set,
            committed: &side.committed,
            policies: side.policies.as_ref(),
        })
        .collect();
    let exit = upgrade(&mut sides, &options, document).await;
    drop(sides);
    targets.close(document).await;
    exit
}

/// Who runs this.
pub(super) fn identity() -> Identity {
    Identity {
        os_user: whoami::username().unwrap_or_else(|_| "unknown".to_owned()),
        os_host: whoami::hostname().unwrap_or_else(|_| "unknown".to_owned()),
        tool_version: env!("CARGO_PKG_VERSION"),
    }
}
