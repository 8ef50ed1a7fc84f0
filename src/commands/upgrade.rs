//! `upgrade`: everything that is pending, on both databases.

use super::targets::{LOCK_TIMEOUT, Targets};
use crate::{
    cli::UpgradeArguments,
    config::Settings,
    engine::Identity,
    migrate::{Options, Side, upgrade},
    outcome::{Document, Exit},
    report::Progress,
};
use anyhow::Result;

/// Runs the upgrade and fills the document.
pub async fn run(
    settings: &Settings,
    arguments: &UpgradeArguments,
    document: &mut Document,
) -> Result<Option<Exit>> {
    let goals = arguments.goals(&settings.targets)?;
    let Some(mut targets) = Targets::open(settings, document) else { return Ok(None) };
    let progress = Progress::new();
    let identity = identity();
    let options = Options {
        dry_run: arguments.dry_run,
        lock_wait: settings.lock_wait,
        lock_timeout: LOCK_TIMEOUT,
        identity: &identity,
        observer: &|event| progress.show(&event),
    };
    let mut sides: Vec<Side<'_>> = targets
        .sides
        .drain(..)
        .map(|side| Side { ... })
        .collect();
    upgrade(&mut sides, &options, document).await
}

/// Who runs this.
fn identity() -> Identity {
    Identity {
        os_user: whoami::username().unwrap_or_else(|_| "unknown".to_owned()),
        os_host: whoami::hostname().unwrap_or_else(|_| "unknown".to_owned()),
        tool_version: env!("CARGO_PKG_VERSION"),
    }
}
