//! The way back: what stands in its way, what it takes, told before anything runs.

use super::{
    files::{Migration, Script},
    job::{Job, above, again, jobs},
    look::Look,
    upgrade::{Options, Side},
};
use crate::{
    engine::{Direction, Engine, EntryState, Event, Record},
    outcome::{Document, Exit, Failure, Finding, Kind},
    sql::{Statement, Verb},
    target::Target,
};
use anyhow::Result;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Why the way back to the goal cannot be gone.
pub async fn refusals(
    side: &mut Side<'_>,
    look: &Look<'_>,
    options: &Options<'_>,
) -> Result<Vec<Failure>> {
    let (Some(goal), target) = (side.goal, side.set.target) else {
        return Ok(Vec::new());
    };
    let versions = side.set.migrations.iter().map(|one| one.version);
    if let Some(failure) = goal_failure(look, goal, versions.collect()) {
        return Ok(vec![failure.on(target)]);
    }
    let record = &look.survey.record;
    if side.agreed_at.is_some() && side.agreed_at != record.version() {
        let failure = Failure::failed(
            "somebody else changed the version since it was shown what would run; nothing was changed",
        );
        return Ok(vec![failure.on(target).remedy(
            "see what is there: sgmp-db status; then type the same command again",
        )]);
    }
    let begun = look.plan.begun.as_ref();
    let resumed = begun.filter(|begun| begun.direction == Direction::Revert);
    let resumed = resumed.map(|begun| begun.version);
    let mut refusals = Vec::new();
    for migration in above(look, side.set, Some(goal)) {
        let Some(down) = &migration.down else {
            refusals.push(without_file(target, migration));
            continue;
        };
        if options.allow_edited_down || resumed == Some(migration.version) {
            continue;
        }
        let recorded = recorded(&mut *side.engine, record, migration.version).await?;
        refusals.extend(edited(migration, down, recorded.as_deref()).map(|failure| {
            failure.on(target).remedy(format!(
                "restore it from version control; or read it, and run it as it is now: {} --allow-edited-down",
                again(target, Direction::Revert, goal)
            ))
        }));
    }
    Ok(refusals)
}

fn goal_failure(look: &Look<'_>, goal: i32, versions: BTreeSet<i32>) -> Option<Failure> {
    let target = look.plan.target;
    if goal != 0 && !versions.contains(&goal) {
        let latest = versions.last().copied().unwrap_or_default();
        return Some(
            Failure::usage(format!("there is no migration V{goal} for {target}")).remedy(format!(
                "the versions are 1 to {latest}, and 0 is before the first: sgmp-db check"
            )),
        );
    }
    let current = look.survey.record.version().unwrap_or_default();
    (goal > current).then(|| {
        let at = match current {
            0 => "nothing is applied".to_owned(),
            _ => format!("the database is at V{current}, below V{goal}"),
        };
        Failure::usage(at).remedy(format!(
            "downgrade only goes back; the way up is: sgmp-db upgrade --only {target} --to {goal}"
        ))
    })
}

fn without_file(target: Target, migration: &Migration) -> Failure {
    let (version, name) = (migration.version, &migration.name);
    Failure::failed(format!(
        "V{version} has no way back: V{version}__{name}.down.sql is missing; nothing was changed"
    ))
    .on(target)
    .at(migration.up.file.clone(), None)
    .remedy(format!(
        "write V{version}__{name}.down.sql, then: sgmp-db check --fix; or stay at V{version} or above"
    ))
}

fn edited(migration: &Migration, down: &Script, recorded: Option<&str>) -> Option<Failure> {
    let (version, file) = (migration.version, &down.file);
    let message = match recorded {
        Some(recorded) if recorded == down.checksum() => return None,
        Some(_) => format!("{file} was edited after V{version} was applied; nothing was changed"),
        None => format!(
            "nobody recorded what {file} was when V{version} was applied (it was adopted, declared applied, or \
             applied by another tool or an older sgmp-db); nothing was changed"
        ),
    };
    Some(Failure::new(Exit::History, message).at(file.clone(), None))
}

/// The checksum of the down file when its version was applied. A run that goes on with a long file, and what was
/// settled by hand since, leave it with the entry that began.
async fn recorded(
    engine: &mut dyn Engine,
    record: &Record,
    version: i32,
) -> Result<Option<String>> {
    for entry in record.of_version(version) {
        if entry.event == Event::Revert && entry.state == EntryState::Done {
            break;
        }
        if let Some(down) = engine.recorded_down(entry.id).await? {
            return Ok(Some(down));
        }
    }
    Ok(None)
}

/// Says which files would run, with their SQL, and what data goes with them.
pub async fn describe(side: &mut Side<'_>, look: &Look<'_>, document: &mut Document) -> Result<()> {
    let target = side.set.target;
    let jobs = jobs(look, side);
    let tables: BTreeSet<String> = jobs
        .iter()
        .flat_map(|job| job.script.statements())
        .filter(|statement| takes_data(statement))
        .flat_map(tables)
        .collect();
    let tables: Vec<String> = tables.into_iter().collect();
    let rows = side.engine.estimated_rows(&tables).await?;
    let mut reverts = Vec::new();
    for job in &jobs {
        let losses = losses(job, &rows);
        document
            .words
            .push(format!("{target}  {}", job.script.file));
        let sql = job.script.text().trim_end().lines();
        document.words.extend(sql.map(|line| format!("    {line}")));
        for loss in &losses {
            let note = Finding::new(Kind::Pending, target, loss.message(job));
            document.notes.push(note.about(job.script.file.clone()));
        }
        reverts.push(json!({
            "target": target,
            "version": job.migration.version,
            "name": job.migration.name,
            "sql": job.script.text(),
            "takes": losses.iter().map(Loss::json).collect::<Vec<_>>(),
        }));
    }
    let all = document.extra.entry("reverts").or_insert_with(|| json!([]));
    if let Some(all) = all.as_array_mut() {
        all.extend(reverts);
    }
    if let Some(begun) = look.plan.begun.as_ref().filter(|begun| begun.done > 0) {
        let message = format!(
            "would go on after the {} statements that are in the database already",
            begun.done
        );
        document
            .notes
            .push(Finding::new(Kind::Pending, target, message));
    }
    Ok(())
}

/// A statement that takes data with it.
struct Loss {
    line: usize,
    statement: String,
    /// Of the tables it names, where the server's statistics know them.
    rows: Vec<(String, u64)>,
}

impl Loss {
    fn message(&self, job: &Job<'_>) -> String {
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|(table, rows)| format!("{table} holds about {rows} rows"))
            .collect();
        let rows = match rows.is_empty() {
            true => "how many rows is not known".to_owned(),
            false => format!("{}, an estimate", rows.join(", ")),
        };
        let (file, line, statement) = (&job.script.file, self.line, &self.statement);
        format!("{file}:{line} takes data: {statement} ({rows})")
    }

    fn json(&self) -> serde_json::Value {
        let rows: BTreeMap<&String, u64> = self.rows.iter().map(|(name, n)| (name, *n)).collect();
        json!({"line": self.line, "statement": self.statement, "estimated_rows": rows})
    }
}

fn losses(job: &Job<'_>, rows: &BTreeMap<String, u64>) -> Vec<Loss> {
    let statements = job.script.statements().iter();
    statements
        .filter(|statement| takes_data(statement))
        .map(|statement| Loss {
            line: statement.line,
            statement: short(statement.text()),
            rows: tables(statement)
                .filter_map(|table| rows.get(&table).map(|rows| (table.clone(), *rows)))
                .collect(),
        })
        .collect()
}

/// The statement in one line.
fn short(text: &str) -> String {
    const MOST: usize = 160;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Parts of a table whose end takes no row with it.
const WITHOUT_ROWS: [&str; 11] = [
    "index",
    "key",
    "constraint",
    "primary",
    "foreign",
    "check",
    "default",
    "not",
    "expression",
    "identity",
    "trigger",
];

/// Does it drop a table or a column, or remove rows?
fn takes_data(statement: &Statement) -> bool {
    let facts = &statement.facts;
    match facts.verb {
        Verb::Truncate | Verb::Delete => true,
        Verb::Drop => {
            let holds = ["table", "schema", "database", "materialized view"];
            let objects = facts.objects.iter();
            objects.into_iter().any(|one| holds.contains(&one.kind))
        }
        Verb::Alter => {
            let tokens = statement.tokens();
            tokens
                .windows(2)
                .any(|pair| pair[0].is("drop") && !WITHOUT_ROWS.iter().any(|word| pair[1].is(word)))
        }
        _ => false,
    }
}

/// Tables that it names.
fn tables(statement: &Statement) -> impl Iterator<Item = String> + '_ {
    let objects = statement.facts.objects.iter();
    objects
        .filter(|one| one.kind == "table")
        .map(|one| match &one.schema {
            Some(schema) if statement.dialect == crate::sql::Dialect::Postgres => {
                format!("{schema}.{}", one.name)
            }
            _ => one.name.clone(),
        })
}
