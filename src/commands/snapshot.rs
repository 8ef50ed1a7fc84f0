//! `snapshot`: writes down the schema that the migrations leave, or checks that what is written down
//! still is it.

use super::{
    servers,
    targets::{self, Targets},
    upgrade::identity,
};
use crate::{
    cli::SnapshotArguments,
    config::{Environment, Settings},
    drift::Committed,
    migrate::{self, States, climb},
    outcome::{Document, Exit},
    report::Progress,
    schema::{Schema, Snapshot, Step, Steps},
};
use anyhow::Result;
use serde_json::json;

/// Starts servers, applies everything on them and removes them.
pub async fn run(
    settings: &Settings,
    environment: &Environment,
    (arguments, document): (&SnapshotArguments, &mut Document),
) -> Result<Option<Exit>> {
    let (settings, throwaway) = servers::start(settings, environment).await?;
    let work = on_servers(&settings, arguments, document);
    servers::work(throwaway, work).await
}

async fn on_servers(
    settings: &Settings,
    arguments: &SnapshotArguments,
    document: &mut Document,
) -> Result<()> {
    let opened = match arguments.check {
        true => Targets::open(settings, document),
        false => Targets::open_to_write(settings, document),
    };
    let Some(mut targets) = opened else {
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
    let states = climb(&mut sides, &options, document).await?;
    drop(sides);
    targets.close(document).await;
    let Some(states) = states else { return Ok(()) };
    let mut done = Vec::new();
    for committed in &committed {
        let target = committed.target;
        let states = &states[&target];
        if states.after.is_empty() {
            continue;
        }
        if arguments.check {
            let found = migrate::differences(committed, states)?;
            if found.is_empty() {
                done.push(format!(
                    "{target}: schema.snapshot and schema.steps are what the migrations leave"
                ));
            }
            document.findings.extend(found);
        } else {
            let source = targets::source(settings);
            for (name, text) in written(committed, states) {
                done.push(format!(
                    "wrote {}",
                    source.write_beside(target, name, &text)?
                ));
            }
        }
    }
    document.extra.insert("text", json!(done.join("\n")));
    Ok(())
}

/// Both files.
fn written(committed: &Committed, states: &States) -> Vec<(&'static str, String)> {
    let target = committed.target;
    // What policies.yaml states is written there.
    let own = |schema: &Schema| committed.ignore.without_stated(schema);
    let mut steps = Steps {
        target,
        server_major: states.empty.server_major.clone(),
        steps: Vec::new(),
    };
    let mut before = Schema::default();
    for (version, reading) in &states.after {
        let after = own(&reading.schema);
        steps.steps.push(Step::between(*version, &before, &after));
        before = after;
    }
    let newest = states.after.last();
    let snapshot = newest.map(|(version, reading)| Snapshot {
        target,
        server_major: reading.server_major.clone(),
        version: *version,
        schema: own(&reading.schema),
    });
    let mut written = vec![("schema.steps", steps.render())];
    written.extend(snapshot.map(|snapshot| ("schema.snapshot", snapshot.render())));
    written
}
