//! Making what is missing, under both locks, in the order in which the backend would: row, aggregate,
//! refresh policy.

use super::{Inconsistency, check, compare::Repair};
use crate::{
    engine::{Engine, Identity, LockRequest, Progress, StopFlag},
    outcome::{Document, Finding, Kind},
    target::Target,
};
use anyhow::{Context, Result};
use std::time::Duration;

/// How to go about it.
pub struct FixOptions<'a> {
    pub dry_run: bool,
    pub lock_wait: Duration,
    pub identity: &'a Identity,
}

/// Repairs what can be repaired without losing anything, and reports the rest.
pub async fn fix(
    engines: &mut [&mut dyn Engine],
    options: &FixOptions<'_>,
    document: &mut Document,
) -> Result<()> {
    let mut found = check(engines).await?;
    let is_needed = found.iter().any(|one| !one.repairs.is_empty());
    if is_needed && !options.dry_run {
        lock(engines, options).await?;
        found = check(engines).await?;
    }
    for Inconsistency { finding, repairs } in found {
        if repairs.is_empty() {
            document.findings.push(finding);
        }
        for repair in repairs {
            let (target, words) = words(&repair);
            if options.dry_run {
                let note = format!("would do: {words}");
                document
                    .notes
                    .push(Finding::new(Kind::CrossDatabase, target, note));
                continue;
            }
            carry_out(engines, &repair, &words, options.identity).await?;
            document
                .notes
                .push(Finding::new(Kind::CrossDatabase, target, words));
        }
    }
    Ok(())
}

/// One after the other in the order of the databases, as every run does.
async fn lock(engines: &mut [&mut dyn Engine], options: &FixOptions<'_>) -> Result<()> {
    let stop = StopFlag::default();
    for engine in engines {
        let progress = |_: Progress<'_>| {};
        engine
            .lock(&LockRequest {
                wait: options.lock_wait,
                progress: &progress,
                stop: &stop,
            })
            .await?;
        engine.prepare_record().await?;
    }
    Ok(())
}

fn words(repair: &Repair) -> (Target, String) {
    match repair {
        Repair::AddRow(row) => (
            Target::Mysql,
            format!(
                "identifier_view: {} serves {} of house {}",
                row.view_name, row.identifier, row.house_id
            ),
        ),
        Repair::Create(row) => (
            Target::Timescale,
            format!(
                "aggregate {}: made for {} of house {}",
                row.view_name, row.identifier, row.house_id
            ),
        ),
        Repair::AddRefresh(name) => (Target::Timescale, format!("refresh of {name}: made")),
    }
}

async fn carry_out(
    engines: &mut [&mut dyn Engine],
    repair: &Repair,
    words: &str,
    identity: &Identity,
) -> Result<()> {
    for engine in engines {
        match repair {
            Repair::AddRow(row) => {
                if let Some(rows) = engine.aggregate_registry() {
                    return rows.add_view(row, identity).await;
                }
            }
            Repair::Create(row) => {
                if let Some(store) = engine.aggregate_store() {
                    let (name, statements) = (&row.view_name, store.create(row));
                    return store.carry_out(name, &statements, words, identity).await;
                }
            }
            Repair::AddRefresh(name) => {
                if let Some(store) = engine.aggregate_store() {
                    let statements = [store.add_refresh(name)];
                    return store.carry_out(name, &statements, words, identity).await;
                }
            }
        }
    }
    Err(anyhow::anyhow!("there is no database that could hold it")).context(words.to_owned())
}
