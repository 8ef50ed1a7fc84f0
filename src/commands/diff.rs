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
    outcome::Document,
    schema::Class,
    sql,
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
    let (mut text, mut differences) = (String::new(), Vec::new());
    for seen in seen {
        match seen {
            Ok(seen) => {
                text.push_str(&seen.text);
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
    document.plain = Some(text);
    let member = if arguments.sql {
        "statements"
    } else {
        "differences"
    };
    document.extra.insert(member, Value::Array(differences));
    targets.close(document).await;
    Ok(())
}

/// One database: what is to be printed, and the same as members of the document.
struct Seen<'a> {
    look: Look<'a>,
    text: String,
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
    let (text, members) = match arguments.sql {
        true => statements(engine.as_ref(), &look.drift, arguments.allow_destructive),
        false => patches(target, &look.drift),
    };
    Ok(Seen {
        look,
        text,
        members,
    })
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
fn statements(engine: &dyn Engine, drift: &Drift, may_destroy: bool) -> (String, Vec<Value>) {
    let (Some(expected), Some(reading)) = (&drift.expected, &drift.reading) else {
        return (String::new(), Vec::new());
    };
    let target = engine.target();
    let repairs = engine.repair(&drift.differences, &expected.schema, &reading.schema);
    let mut text = String::new();
    for repair in &repairs {
        let sql = sql::for_client(engine.dialect(), &repair.sql);
        text.push_str(&format!("-- {target}: {}\n", repair.key));
        match &repair.destructive {
            Some(why) if !may_destroy => {
                text.push_str(&format!("-- not without --allow-destructive: {why}\n"));
                text.extend(sql.lines().map(|line| format!("-- {line}\n")));
            }
            Some(why) => text.push_str(&format!("-- {why}\n{sql}")),
            None => text.push_str(&sql),
        }
    }
    for difference in drift::without_repair(&drift.differences, &repairs) {
        let key = &difference.key;
        text.push_str(&format!("-- {target}: {key}: no statement repairs this\n"));
    }
    let members = repairs
        .iter()
        .map(|repair| {
            json!({
                "target": target,
                "object": repair.key.to_string(),
                "sql": repair.sql,
                "destructive": repair.destructive,
            })
        })
        .collect();
    (text, members)
}
