//! What an upgrade would do, told instead of done.

use super::{back, job::jobs, look::Look, upgrade::Side};
use crate::{
    engine::Direction,
    outcome::{Document, Finding, Kind, Pending},
};
use anyhow::Result;

/// Fills in the SQL that would run, and notes for what would be made beside it.
pub async fn describe(
    sides: &mut [Side<'_>],
    looks: &mut [Look<'_>],
    document: &mut Document,
) -> Result<()> {
    for (side, look) in sides.iter_mut().zip(looks) {
        let target = side.engine.target();
        let note = |text: String| Finding::new(Kind::Pending, target, text);
        if side.direction == Direction::Revert {
            back::describe(side, look, document).await?;
            continue;
        }
        let wanted = jobs(look, side);
        if let Some(report) = document.targets.get_mut(&target) {
            report.pending = wanted
                .iter()
                .map(|one| Pending {
                    version: one.migration.version,
                    name: one.migration.name.clone(),
                    sql: Some(one.script.text().to_owned()),
                })
                .collect();
        }
        if !look.survey.database_exists {
            document.notes.push(note(format!(
                "would create database {}",
                side.engine.database()
            )));
        } else {
            let beside = std::mem::take(&mut look.beside);
            let todo = beside.todo.iter();
            let todo = todo.map(|what| note(format!("would do: {what}")));
            document.notes.extend(todo);
            beside.tell(document);
            document.notes.extend(later(side, look).map(note));
        }
        if let Some(begun) = look.plan.begun.as_ref().filter(|begun| begun.done > 0) {
            document.notes.push(note(format!(
                "would go on after statement {}, which is in the database already",
                begun.done
            )));
        }
    }
    Ok(())
}

/// Policies are compared when the files that make their tables are applied.
fn later(side: &Side<'_>, look: &Look<'_>) -> Option<String> {
    let policies = side.policies.filter(|_| !look.plan.pending.is_empty())?;
    let names: Vec<String> = policies.tables.keys().map(ToString::to_string).collect();
    let words = format!(
        "would then make policies match policies.yaml: {}",
        names.join(", ")
    );
    (!names.is_empty()).then_some(words)
}
