//! Settling one migration by hand: what a claim means, whether the schema contradicts it, and the
//! record of it.
//!
//! Where a statement is in flight the claim is about that statement, and the next upgrade goes on
//! before or after it. Elsewhere it is about the whole file.

use super::{
    contradiction::contradiction,
    files::{Migration, MigrationSet},
    job::verb,
    look::{Look, look, look_again},
    plan::Begun,
};
use crate::{
    counted::{counted, part_of},
    engine::{
        Direction, Engine, EntryState, HistoryChange, Identity, LockRequest, Resolution, StopFlag,
    },
    outcome::{Document, Failure, Kind},
    sql::Statement,
};
use anyhow::Result;
use std::time::Duration;

/// What is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    Applied,
    Reverted,
    AcceptChecksum,
}

/// What somebody wants to settle.
pub struct ResolveRequest<'a> {
    pub version: i32,
    pub claim: Claim,
    pub reason: Option<&'a str>,
    pub lock_wait: Duration,
    pub identity: &'a Identity,
}

/// What would be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// For people: the statements or the diff concerned, and what is recorded.
    pub text: String,
    pub state: EntryState,
    /// How many statements are in the database then.
    pub done: usize,
    pub history: HistoryChange,
    /// Number of the statement that is settled.
    pub statement: Option<usize>,
    pub continues: Option<i64>,
}

/// Works out what would be recorded. Writes nothing.
///
/// # Errors
/// Exit 2 where there is nothing to settle.
pub async fn propose(
    engine: &mut dyn Engine,
    set: &MigrationSet,
    request: &ResolveRequest<'_>,
    document: &mut Document,
) -> Result<Proposal> {
    let look = look(engine, set).await?;
    document
        .targets
        .insert(look.plan.target, look.plan.report.clone());
    Ok(proposal(&look, file(set, request)?, request)?)
}

/// Checks the claim against the schema and records it, under the lock.
pub async fn resolve(
    engine: &mut dyn Engine,
    set: &MigrationSet,
    request: &ResolveRequest<'_>,
    shown: &Proposal,
    document: &mut Document,
) -> Result<()> {
    let stop = StopFlag::default();
    engine
        .lock(&LockRequest {
            wait: request.lock_wait,
            progress: &|_| {},
            stop: &stop,
        })
        .await?;
    engine.prepare_record().await?;
    let survey = engine.survey().await?;
    let look = look_again(engine, set, &survey).await?;
    let migration = file(set, request)?;
    let target = engine.target();
    let now = proposal(&look, migration, request)?;
    if now != *shown {
        return Err(Failure::failed("the record has changed since it was shown")
            .on(target)
            .remedy("look again: sgmp-db status")
            .into());
    }
    contradiction(engine, &look, migration, (request, &now)).await?;
    let details = format!(
        "{}; reason: {}",
        recorded(migration, &now),
        request.reason.unwrap_or("none given")
    );
    // What was done by a text is resumed by that text.
    let begun = look
        .plan
        .begun
        .as_ref()
        .filter(|_| now.state == EntryState::Stopped && now.done > 0);
    let total = begun.map_or(migration.up.statements(), |begun| begun.script.statements());
    let total = total.len();
    engine
        .resolve(&Resolution {
            version: migration.version,
            name: &migration.name,
            text: begun.map_or(migration.up.text(), |begun| begun.script.as_str()),
            checksum: begun.map_or_else(
                || migration.up.checksum(),
                |begun| super::files::checksum(begun.script.as_str()),
            ),
            refinery_checksum: migration.refinery_checksum(),
            statements_total: total,
            statements_done: now.done.min(total),
            state: now.state,
            history: now.history,
            continues: now.continues,
            details: &details,
            identity: request.identity,
        })
        .await?;
    let look = look_again(engine, set, &survey).await?;
    document.targets.insert(target, look.plan.report.clone());
    Ok(())
}

fn file<'a>(set: &'a MigrationSet, request: &ResolveRequest<'_>) -> Result<&'a Migration, Failure> {
    let version = request.version;
    set.migrations
        .iter()
        .find(|migration| migration.version == version)
        .ok_or_else(|| Failure::usage(format!("there is no migration V{version}")).on(set.target))
}

fn proposal(
    look: &Look<'_>,
    migration: &Migration,
    request: &ResolveRequest<'_>,
) -> Result<Proposal, Failure> {
    let applied = look
        .survey
        .record
        .history
        .iter()
        .any(|row| row.version == migration.version);
    let proposed = match (request.claim, applied) {
        (Claim::AcceptChecksum, true) => accept(look, migration),
        (Claim::AcceptChecksum, false) => Err(Failure::usage(format!(
            "V{} is not applied, so there is no checksum to accept",
            migration.version
        ))),
        (Claim::Applied | Claim::Reverted, true) if way_back(look, migration).is_some() => {
            back(look, migration, request.claim)
        }
        (Claim::Applied, true) => Err(Failure::usage(format!(
            "V{} is recorded as applied already",
            migration.version
        ))),
        (Claim::Reverted, true) => forget(look, migration),
        (Claim::Applied | Claim::Reverted, false) => pending(look, migration, request.claim),
    };
    let target = look.plan.target;
    proposed.map_err(|failure| {
        let remedy = failure.remedy.clone();
        let told = failure.on(target).at(migration.up.file.clone(), None);
        match remedy {
            Some(_) => told,
            None => told.remedy(format!(
                "see what is recorded: sgmp-db status --only {target}"
            )),
        }
    })
}

/// The way back of that version, where it was begun and not finished.
fn way_back<'l>(look: &'l Look<'_>, migration: &Migration) -> Option<&'l Begun> {
    let begun = look.plan.begun.as_ref()?;
    let is_it = begun.direction == Direction::Revert && begun.version == migration.version;
    is_it.then_some(begun)
}

/// A way back that stopped half-way: the claim is about the statement in flight, else about the whole version.
fn back(look: &Look<'_>, migration: &Migration, claim: Claim) -> Result<Proposal, Failure> {
    let version = migration.version;
    let Some(begun) = way_back(look, migration) else {
        return forget(look, migration);
    };
    if let Some(number) = begun.in_flight {
        return Ok(in_flight(begun, number, (version, claim)));
    }
    if claim == Claim::Reverted {
        return forget(look, migration);
    }
    let (done, file) = (begun.done, &begun.file.file);
    Ok(Proposal {
        text: format!(
            "sgmp-db ran {} of {file}:\n{}\n\
             to be recorded: what they did was undone by hand, and V{version} is applied",
            counted(done, "statement"),
            listed(begun.script.statements(), 0)
        ),
        state: EntryState::Done,
        done: usize::MAX,
        history: HistoryChange::Keep,
        statement: None,
        continues: Some(begun.entry),
    })
}

fn accept(look: &Look<'_>, migration: &Migration) -> Result<Proposal, Failure> {
    let differs = look
        .plan
        .findings
        .iter()
        .chain(&look.plan.notes)
        .find(|finding| {
            finding.kind == Kind::Checksum
                && finding.object.as_deref() == Some(migration.up.file.as_str())
        });
    let Some(differs) = differs else {
        return Err(Failure::usage(
            "the file is what was applied, so there is no checksum to accept",
        ));
    };
    let version = migration.version;
    Ok(Proposal {
        text: format!(
            "{}\nto be recorded: the file as it is now stands for V{version}",
            differs.message
        ),
        state: EntryState::Done,
        done: usize::MAX,
        history: HistoryChange::Checksum,
        statement: None,
        continues: None,
    })
}

/// An applied migration that is no longer in the database.
fn forget(look: &Look<'_>, migration: &Migration) -> Result<Proposal, Failure> {
    let current = look.survey.record.version().unwrap_or_default();
    if migration.version != current {
        let target = look.plan.target;
        return Err(Failure::usage(format!(
            "V{} is not the newest applied migration, V{current} is",
            migration.version
        ))
        .remedy(format!(
            "take that one back first: sgmp-db resolve {current} --only {target} --reverted"
        )));
    }
    Ok(Proposal {
        text: format!(
            "statements of V{}:\n{}\nto be recorded: none of them is in the database; the next upgrade runs the file again",
            migration.version,
            listed(migration.up.statements(), 0)
        ),
        state: EntryState::Stopped,
        done: 0,
        history: HistoryChange::Remove,
        statement: None,
        continues: None,
    })
}

fn pending(look: &Look<'_>, migration: &Migration, claim: Claim) -> Result<Proposal, Failure> {
    let version = migration.version;
    let first = look.plan.pending.first().map(|first| first.version);
    if first != Some(version) {
        let first = first.unwrap_or_default();
        let target = look.plan.target;
        return Err(Failure::usage(format!(
            "V{first} comes before V{version} and is not applied"
        ))
        .remedy(format!(
            "bring V{first} to its end first: sgmp-db upgrade --only {target} --to {first}"
        )));
    }
    let begun = look.plan.begun.as_ref();
    let continues = begun.map(|begun| begun.entry);
    if let Some((begun, number)) = begun.and_then(|begun| Some((begun, begun.in_flight?))) {
        return Ok(in_flight(begun, number, (version, claim)));
    }
    let done = begun.map_or(0, |begun| begun.done);
    let statements = listed(migration.up.statements(), done);
    let total = migration.up.statements().len();
    let ran = part_of(done, total, "statement");
    match claim {
        Claim::Applied => Ok(Proposal {
            text: format!(
                "sgmp-db ran {ran} of V{version}; the others are:\n{statements}\n\
                 to be recorded: they are in the database too, and V{version} is applied"
            ),
            state: EntryState::Done,
            done: total,
            history: HistoryChange::Add,
            statement: None,
            continues,
        }),
        _ if done == 0 => Err(Failure::usage(format!(
            "nothing of V{version} is recorded as being in the database"
        ))
        .remedy(format!(
            "it runs with: sgmp-db upgrade --only {}",
            look.plan.target
        ))),
        _ => Ok(Proposal {
            text: format!(
                "sgmp-db ran {ran} of V{version}:\n{}\n\
                 to be recorded: none of them is in the database any more; the next upgrade runs the file from its beginning",
                listed(migration.up.statements(), 0)
            ),
            state: EntryState::Stopped,
            done: 0,
            history: HistoryChange::Keep,
            statement: None,
            continues,
        }),
    }
}

fn in_flight(begun: &Begun, number: usize, (version, claim): (i32, Claim)) -> Proposal {
    let statements = begun.script.statements();
    let text = number
        .checked_sub(1)
        .and_then(|index| statements.get(index))
        .map_or("", |statement| statement.text());
    let verb = verb(begun.direction);
    let (done, said) = match claim {
        Claim::Applied => (
            number,
            format!("it is in the database; the next {verb} goes on after it"),
        ),
        _ => (
            number.saturating_sub(1),
            format!("it is not in the database; the next {verb} runs it again"),
        ),
    };
    Proposal {
        text: format!(
            "statement {number} of {} of V{version}, whose end nobody recorded:\n    {}\nto be recorded: {said}",
            statements.len(),
            text.replace('\n', "\n    ")
        ),
        state: EntryState::Stopped,
        done,
        history: HistoryChange::Keep,
        statement: Some(number),
        continues: Some(begun.entry),
    }
}

/// The statements from `from` on, numbered.
fn listed(statements: &[Statement], from: usize) -> String {
    statements
        .iter()
        .enumerate()
        .skip(from)
        .map(|(index, statement)| {
            format!(
                "{:>4}  {}",
                index + 1,
                statement.text().replace('\n', "\n      ")
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// What the ledger says.
fn recorded(migration: &Migration, proposal: &Proposal) -> String {
    let version = migration.version;
    match (proposal.statement, proposal.history) {
        (Some(number), _) if proposal.done >= number => {
            format!("statement {number} was declared to be in the database")
        }
        (Some(number), _) => format!("statement {number} was declared not to be in the database"),
        (None, HistoryChange::Add) => format!("V{version} was declared applied"),
        (None, HistoryChange::Remove | HistoryChange::Keep) => {
            format!("V{version} was declared not applied")
        }
        (None, HistoryChange::Checksum) => format!("the file was accepted for V{version}"),
    }
}
