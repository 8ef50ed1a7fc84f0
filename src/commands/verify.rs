//! `verify`: do the migrations keep what they promise, on servers that nobody needs?

use super::{lint, servers, targets::Targets, upgrade::identity};
use crate::{
    config::{Environment, Settings},
    drift::Committed,
    migrate,
    outcome::{Document, Exit},
    report::Progress,
};
use anyhow::Result;
use serde_json::json;

/// Starts servers, unless a rule of `check` is broken that is an error, verifies on them and removes them.
pub async fn run(
    settings: &Settings,
    environment: &Environment,
    document: &mut Document,
) -> Result<Option<Exit>> {
    if lint::has_errors(settings, document) {
        return Ok(None);
    }
    let (settings, throwaway) = servers::start(settings, environment).await?;
    servers::work(throwaway, on_servers(&settings, document)).await
}

async fn on_servers(settings: &Settings, document: &mut Document) -> Result<()> {
    let Some(mut targets) = Targets::open(settings, document) else {
        return Ok(());
    };
    let committed: Vec<Committed> = targets
        .sides
        .iter()
        .map(|side| side.committed.clone())
        .collect();
    let nothing: Vec<Committed> = committed.iter().map(Committed::without).collect();
    let (identity, progress) = (identity(), Progress::new());
    let observer = |event: migrate::Event<'_>| progress.show(&event);
    let options = servers::options(&identity, &observer);
    let mut sides = servers::sides(&mut targets, &nothing);
    let mut done = Vec::new();
    let ended = migrate::verify(&mut sides, &committed, &options, (&mut done, document)).await;
    drop(sides);
    targets.close(document).await;
    document.extra.insert("text", json!(done.join("\n")));
    ended
}
