//! Dropping old chunks where no job can: what cron runs.

use super::{
    look::{Look, look},
    upgrade::{Options, Side},
};
use crate::{
    counted::counted,
    engine::{LockRequest, StopFlag},
    interrupt::Signals,
    outcome::{Document, Exit, Failure, Finding, Kind},
    policy::{Consent, OldChunks, Policies, plan},
};
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Drops what every stated retention lets go, and tells which chunks those were. A signal ends the
/// session, and the server rolls the batch under way back.
pub async fn run_retention(
    side: &mut Side<'_>,
    options: &Options<'_>,
    document: &mut Document,
) -> Result<Option<Exit>> {
    let look = look(&mut *side.engine, side.set).await?;
    report(&look, document);
    let Some(policies) = side.policies else {
        return Err(
            Failure::usage("there is no policies.yaml that states a retention")
                .remedy("name one: sgmp-db policies run-retention --policies FILE")
                .into(),
        );
    };
    if !look.survey.database_exists {
        return Err(
            Failure::new(Exit::Pending, "the database does not exist yet")
                .on(side.engine.target())
                .remedy("sgmp-db upgrade")
                .into(),
        );
    }
    let mut signals = Signals::listen();
    tokio::select! {
        done = work(side, policies, options, document) => done.map(|()| None),
        exit = signals.next() => Ok(Some(exit)),
    }
}

async fn work(
    side: &mut Side<'_>,
    policies: &Policies,
    options: &Options<'_>,
    document: &mut Document,
) -> Result<()> {
    let target = side.engine.target();
    if !is_wanted(side, policies, document).await? {
        return Ok(());
    }
    if !options.dry_run {
        let stop = StopFlag::default();
        let progress = |_: crate::engine::Progress<'_>| {};
        side.engine
            .lock(&LockRequest {
                wait: options.lock_wait,
                progress: &progress,
                stop: &stop,
            })
            .await?;
        side.engine.prepare_record().await?;
    }
    let store = side
        .engine
        .policies()
        .context("policies of this database")?;
    let mut dropped = Vec::new();
    for old in store.old_chunks(policies).await? {
        let gone = match options.dry_run {
            true => old.chunks.iter().map(|chunk| chunk.name.clone()).collect(),
            false => {
                store
                    .drop_chunks(&old, options.lock_timeout, options.identity)
                    .await?
            }
        };
        let verb = if options.dry_run {
            "would drop"
        } else {
            "dropped"
        };
        let words = format!(
            "{verb} {} of {} older than {}: {}",
            counted(gone.len(), "chunk"),
            old.table,
            old.retention,
            gone.join(", ")
        );
        let note = Finding::new(Kind::Policy, target, words);
        document.notes.push(note.about(old.table.to_string()));
        dropped.push(json_of(&old, &gone));
    }
    let key = if options.dry_run {
        "would_drop"
    } else {
        "dropped"
    };
    document.extra.insert(key, Value::Array(dropped));
    Ok(())
}

/// Not where jobs do it, and not by a file that is wrong here.
async fn is_wanted(
    side: &mut Side<'_>,
    policies: &Policies,
    document: &mut Document,
) -> Result<bool> {
    let target = side.engine.target();
    let store = side
        .engine
        .policies()
        .context("policies of this database")?;
    let state = store.read(policies).await?;
    if state.can_have_policies {
        let words = "this server runs retention policies by itself, so nothing is dropped here";
        document
            .notes
            .push(Finding::new(Kind::Policy, target, words).remedy("sgmp-db policies"));
        return Ok(false);
    }
    let refusals = plan(policies, &state, Consent::Withheld).refusals;
    for refusal in &refusals {
        document.fail(&refusal.clone().into());
    }
    Ok(refusals.is_empty())
}

fn json_of(old: &OldChunks, gone: &[String]) -> Value {
    let chunks: Vec<Value> = gone
        .iter()
        .map(|name| {
            let known = old.chunks.iter().find(|chunk| chunk.name == *name);
            json!({
                "chunk": name,
                "from": known.map(|chunk| &chunk.from),
                "to": known.map(|chunk| &chunk.to),
            })
        })
        .collect();
    json!({
        "table": old.table.to_string(),
        "retention": old.retention.to_string(),
        "chunks": chunks,
    })
}

fn report(look: &Look<'_>, document: &mut Document) {
    document
        .targets
        .insert(look.plan.target, look.plan.report.clone());
}
