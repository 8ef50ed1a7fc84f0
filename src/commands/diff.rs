//! `diff`: what is expected against what is there, object by object, or as the statements that lead
//! back. Writes to no database.

use super::{
    status,
    targets::{TargetSide, Targets},
};
use crate::{
    cli::DiffArguments,
    config::Settings,
    drift::{self, Drift},
    engine::Engine,
    migrate::Look,
    outcome::{Document, Plain},
    schema::{Class, Repair},
    sql::Script,
    target::Target,
};
use anyhow::Result;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Compares every database at once.
pub async fn run(
    settings: &Settings,
    arguments: &DiffArguments,
    document: &mut Document,
) -> Result<()> {
    let Some(mut targets) = Targets::open(settings, document) else {
        return Ok(());
    };
    let include = arguments.include.iter().copied().collect();
    let seen = join_all(
        targets
            .sides
            .iter_mut()
            .map(|side| see(side, arguments, &include)),
    )
    .await;
    let (mut patch, mut scripts, mut differences) = (String::new(), Vec::new(), Vec::new());
    for seen in seen {
        match seen {
            Ok(seen) => {
                patch.push_str(&seen.patch);
                scripts.extend(seen.script);
                differences.extend(seen.members);
                status::tell(
                    &seen.look,
                    settings.may_create(seen.look.plan.target),
                    document,
                );
            }
            Err(error) => document.fail(&error),
        }
    }
    let (member, plain) = match arguments.sql {
        true => ("statements", Plain::Scripts(scripts)),
        false => ("differences", Plain::Patch(patch)),
    };
    document.plain = Some(plain);
    document.extra.insert(member, Value::Array(differences));
    targets.close(document).await;
    Ok(())
}

/// One database: what is to be printed, and the same as members of the document.
struct Seen<'a> {
    look: Look<'a>,
    patch: String,
    script: Option<Script>,
    members: Vec<Value>,
}

async fn see<'a>(
    side: &'a mut TargetSide,
    arguments: &DiffArguments,
    include: &BTreeSet<Class>,
) -> Result<Seen<'a>> {
    let target = side.set.target;
    let TargetSide {
        engine,
        set,
        committed,
        ..
    } = side;
    let look = status::record_and_schema(engine.as_mut(), set, (committed, include)).await?;
    let mut seen = Seen {
        patch: String::new(),
        script: None,
        members: Vec::new(),
        look,
    };
    match arguments.sql {
        true => {
            let may_destroy = arguments.allow_destructive;
            let (script, members) = statements(engine.as_ref(), &seen.look.drift, may_destroy);
            (seen.script, seen.members) = (Some(script), members);
        }
        false => (seen.patch, seen.members) = patches(target, &seen.look.drift),
    }
    Ok(seen)
}

fn patches(target: Target, drift: &Drift) -> (String, Vec<Value>) {
    let patches = drift::patches(drift);
    let text = patches
        .iter()
        .map(|patch| patch.text.as_str())
        .collect::<String>();
    let members = patches
        .iter()
        .map(|patch| json!({"target": target, "object": patch.object, "patch": patch.text}))
        .collect();
    (text, members)
}

/// The statements, each under the object it is for; what loses something as a comment unless that
/// is allowed.
fn statements(engine: &dyn Engine, drift: &Drift, may_destroy: bool) -> (Script, Vec<Value>) {
    let mut script = Script::new(engine.dialect());
    let (Some(expected), Some(reading)) = (&drift.expected, &drift.reading) else {
        return (script, Vec::new());
    };
    let target = engine.target();
    let repairs = engine.repair(&drift.differences, &expected.schema, &reading.schema);
    let in_transaction = engine.dialect().has_transactional_ddl();
    let is_active =
        |repair: &&Repair| !repair.sql.is_empty() && (may_destroy || repair.destructive.is_none());
    let last = repairs.iter().rposition(|repair| is_active(&repair));
    if last.is_some() {
        match in_transaction {
            true => script.statement("BEGIN"),
            false => script.remark(
                "no transaction: this server commits each statement; if one fails, those before it are done; print what is left with: sgmp-db diff --sql",
            ),
        }
    }
    for (place, repair) in repairs.iter().enumerate() {
        script.remark(&format!("{target}: {}", repair.key));
        if let Some(note) = &repair.note {
            script.remark(note);
        }
        match &repair.destructive {
            _ if repair.sql.is_empty() => {}
            Some(why) if !may_destroy => {
                script.remark(&format!("not without --allow-destructive: {why}"));
                script.withhold(&repair.sql);
            }
            Some(why) => {
                script.remark(why);
                script.statement(&repair.sql);
            }
            None => script.statement(&repair.sql),
        }
        if repair.commits && in_transaction && is_active(&repair) && last != Some(place) {
            script.statement("COMMIT");
            script.statement("BEGIN");
        }
    }
    if last.is_some() && in_transaction {
        script.statement("COMMIT");
    }
    for difference in drift::without_repair(&drift.differences, &repairs) {
        let key = &difference.key;
        script.remark(&format!("{target}: {key}: no statement repairs this"));
    }
    let members = repairs
        .iter()
        .map(|repair| {
            json!({
                "target": target,
                "object": repair.key.to_string(),
                "sql": repair.sql,
                "destructive": repair.destructive,
                "note": repair.note,
            })
        })
        .collect();
    (script, members)
}
