//! What an upgrade would do, told instead of done.

use super::{look::Look, preflight::wanted, upgrade::Side};
use crate::outcome::{Document, Finding, Kind, Pending};

/// Fills in the SQL that would run, and notes for what would be made beside it.
pub fn describe(sides: &mut [Side<'_>], looks: &mut [Look<'_>], document: &mut Document) {
    for (side, look) in sides.iter_mut().zip(looks) {
        let target = side.engine.target();
        let note = |text: String| Finding::new(Kind::Pending, target, text);
        let wanted = wanted(look, side.goal);
        if let Some(report) = document.targets.get_mut(&target) {
            report.pending = wanted
                .iter()
                .map(|one| Pending {
                    version: one.version,
                    name: one.name.clone(),
                    sql: Some(one.up.text().to_owned()),
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
