//! `history`: the audit trail. Writes to no database.

use super::targets::Targets;
use crate::{
    config::Settings,
    engine::{Entry, HistoryRow, Survey},
    migrate::look,
    outcome::Document,
    target::Target,
};
use anyhow::Result;
use futures_util::future::join_all;
use serde_json::{Value, json};

/// Shows every ledger entry, and history rows that another tool wrote.
pub async fn run(settings: &Settings, document: &mut Document) -> Result<()> {
    let Some(mut targets) = Targets::open(settings, document) else {
        return Ok(());
    };
    let looks = join_all(
        targets
            .sides
            .iter_mut()
            .map(|side| async { look(side.engine.as_mut(), &side.set).await }),
    )
    .await;
    let mut events = Vec::new();
    for look in looks {
        match look {
            Ok(look) => {
                document
                    .targets
                    .insert(look.plan.target, look.plan.report.clone());
                events.extend(told(look.plan.target, &look.survey));
            }
            Err(error) => document.fail(&error),
        }
    }
    events.sort_by(|a, b| text(a).cmp(text(b)));
    document.extra.insert("events", Value::Array(events));
    targets.close(document).await;
    Ok(())
}

fn text(event: &Value) -> &str {
    event["started_at"].as_str().unwrap_or_default()
}

fn told(target: Target, survey: &Survey) -> Vec<Value> {
    let recorded = survey
        .record
        .ledger
        .iter()
        .map(|entry| of_entry(target, entry));
    let foreign = survey
        .record
        .history
        .iter()
        .filter(|row| survey.record.latest_entry(row.version).is_none())
        .map(|row| of_row(target, row));
    recorded.chain(foreign).collect()
}

fn of_entry(target: Target, entry: &Entry) -> Value {
    let migration = entry
        .version
        .map(|version| format!("V{version}__{}", entry.name.as_deref().unwrap_or_default()));
    json!({
        "target": target,
        "id": entry.id,
        "event": entry.event.name(),
        "migration": migration.or_else(|| entry.details.clone()),
        "version": entry.version,
        "state": entry.state.name(),
        "sha256": entry.checksum,
        "statements_done": entry.statements_done,
        "statements_total": entry.statements_total,
        "started_at": entry.started_at,
        "duration_ms": entry.duration_ms,
        "error": entry.error,
        "who": format!("{}@{} as {}", entry.os_user, entry.os_host, entry.database_user),
        "tool_version": entry.tool_version,
        "details": entry.details,
    })
}

fn of_row(target: Target, row: &HistoryRow) -> Value {
    json!({
        "target": target,
        "id": null,
        "event": "apply",
        "migration": format!("V{}__{}", row.version, row.name),
        "version": row.version,
        "state": "done",
        "sha256": null,
        "started_at": row.applied_on,
        "duration_ms": null,
        "error": null,
        "who": "another tool",
        "tool_version": null,
        "details": null,
    })
}
