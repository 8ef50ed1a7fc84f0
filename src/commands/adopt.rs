//! `adopt`: takes over databases that flask-migrate, schema.sql or refinery made.

use super::{
    targets::{LOCK_TIMEOUT, Targets},
    upgrade::identity,
};
use crate::{
    cli::AdoptArguments,
    config::Settings,
    engine::Direction,
    migrate::{DataLoss, Options, Side, adopt},
    outcome::Document,
    report::Progress,
};
use anyhow::Result;
use serde_json::Value;

/// Adopts every addressed database, or none.
pub async fn run(
    settings: &Settings,
    arguments: &AdoptArguments,
    document: &mut Document,
) -> Result<()> {
    let Some(mut targets) = Targets::open(settings, document) else {
        return Ok(());
    };
    let (identity, progress) = (identity(), Progress::new());
    let options = Options {
        dry_run: arguments.dry_run,
        lock_wait: settings.lock_wait,
        lock_timeout: LOCK_TIMEOUT,
        allow_drift: false,
        allow_edited_down: false,
        data_loss: DataLoss::Refused,
        identity: &identity,
        observer: &|event| progress.show(&event),
    };
    let mut sides: Vec<Side<'_>> = targets
        .sides
        .iter_mut()
        .map(|side| Side {
            engine: side.engine.as_mut(),
            set: &side.set,
            committed: &side.committed,
            policies: side.policies.as_ref(),
            direction: Direction::Apply,
            agreed_at: None,
            goal: None,
            may_create: false,
        })
        .collect();
    let adopted = adopt(&mut sides, &options, document).await;
    drop(sides);
    targets.close(document).await;
    document.extra.insert("adopted", Value::Array(adopted?));
    Ok(())
}
