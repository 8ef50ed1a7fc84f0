//! Does the schema contradict what somebody claims about a migration?

use super::{
    files::Migration,
    look::Look,
    resolve::{Claim, Proposal, ResolveRequest},
    resume::decide,
};
use crate::{
    engine::{Engine, Survey, Verdict},
    outcome::{Exit, Failure},
    sql::{SqlText, Verb},
};
use anyhow::Result;
use std::collections::BTreeSet;

/// Compares the claim with what stands there, where that can tell.
///
/// # Errors
/// Exit 1 where the schema says otherwise.
pub async fn contradiction(
    engine: &mut dyn Engine,
    look: &Look<'_>,
    migration: &Migration,
    (request, proposal): (&ResolveRequest<'_>, &Proposal),
) -> Result<()> {
    let target = engine.target();
    let against = |message: String| {
        Failure::new(Exit::Failed, message)
            .on(target)
            .at(migration.up.file.clone(), None)
    };
    if let (Some(begun), Some(number)) = (&look.plan.begun, proposal.statement) {
        let said = match (decide(engine, begun, number).await?, request.claim) {
            (Verdict::Applied, Claim::Reverted) => "is in the database",
            (Verdict::NotApplied, Claim::Applied) => "is not in the database, or may be repeated",
            _ => return Ok(()),
        };
        return Err(against(format!(
            "the schema says that statement {number} {said}; nothing was recorded"
        ))
        .remedy(format!("let the evidence decide: {}", begun.again(target)))
        .into());
    }
    if request.claim == Claim::AcceptChecksum {
        return Ok(());
    }
    let there = tables(&look.survey);
    let made = made(&migration.up.sql);
    let (version, upgrade) = (
        migration.version,
        format!("sgmp-db upgrade --only {target}"),
    );
    let (wrong, said, remedy): (Vec<&String>, &str, String) = match request.claim {
        Claim::Applied => (
            made.difference(&there).collect(),
            "not there",
            format!(
                "make it and type the same command again, or let the file run to its end: {upgrade}"
            ),
        ),
        _ => (
            made.intersection(&there).collect(),
            "still there",
            format!(
                "drop it and type the same command again, or leave V{version} as it is and go on with: {upgrade}"
            ),
        ),
    };
    if wrong.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = wrong.into_iter().map(String::as_str).collect();
    let names = names.join(", ");
    Err(against(format!(
        "the schema says otherwise: {names} of V{version} {said}; nothing was recorded"
    ))
    .remedy(remedy)
    .into())
}

fn tables(survey: &Survey) -> BTreeSet<String> {
    survey
        .foreign
        .iter()
        .map(|object| object.name.clone())
        .collect()
}

/// Tables that the whole file leaves behind, as far as that can be read off it.
pub(super) fn made(sql: &SqlText) -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    for statement in sql.statements() {
        let facts = &statement.facts;
        let renames =
            facts.verb == Verb::Alter && statement.text().to_ascii_lowercase().contains("rename");
        for object in &facts.objects {
            let plain = object.kind == "table" && object.schema.is_none();
            match facts.verb {
                Verb::Create
                    if plain && !statement.summary().to_ascii_lowercase().contains("temp") =>
                {
                    made.insert(object.name.clone());
                }
                Verb::Drop | Verb::Rename => {
                    made.remove(&object.name);
                }
                Verb::Alter if renames => {
                    made.remove(&object.name);
                }
                _ => {}
            }
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Dialect;

    #[test]
    fn tables_that_a_file_leaves_behind_are_those_it_makes_and_keeps() {
        let text = "CREATE TABLE a (b int); CREATE TABLE c (d int); DROP TABLE c;\n\
            CREATE TABLE e (f int); ALTER TABLE e RENAME TO g; CREATE TEMPORARY TABLE h (i int);";
        assert_eq!(
            made(&SqlText::new(Dialect::Mysql, text))
                .into_iter()
                .collect::<Vec<_>>(),
            ["a"]
        );
    }
}
