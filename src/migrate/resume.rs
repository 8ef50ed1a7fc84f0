//! Where does a file go on that another run began? Asked under the lock.

use super::{
    look::Look,
    plan::{Begun, Plan, edited_part, same_beginning},
};
use crate::{
    counted::part_is,
    engine::{Direction, Engine, Flight, Verdict},
    outcome::{Exit, Failure, Finding, Kind},
    sql::{Commits, SessionUse, Statement},
    target::Target,
};
use anyhow::Result;

/// Where the first file goes on.
#[derive(Debug, Clone, Default)]
pub struct Resume {
    /// How many statements are in the database.
    pub from: usize,
    /// The ledger entry of the run before.
    pub continues: Option<i64>,
    /// What was found out about the statement in flight, for the ledger.
    pub found: Option<String>,
}

/// Decides the statement in flight by evidence. A statement that turns out to be in the database
/// and was changed in the file since is a finding.
///
/// # Errors
/// Exit 7 where evidence cannot decide.
pub async fn resume(
    engine: &mut dyn Engine,
    look: &Look<'_>,
    direction: Direction,
) -> Result<Result<Resume, Finding>> {
    let begun = look.plan.begun.as_ref();
    let Some(begun) = begun.filter(|begun| begun.direction == direction) else {
        return Ok(Ok(Resume::default()));
    };
    let mut at = Resume {
        from: begun.done,
        continues: Some(begun.entry),
        found: None,
    };
    let Some(number) = begun.in_flight else {
        return Ok(Ok(at));
    };
    match decide(engine, begun, number).await? {
        Verdict::NotApplied => {
            at.from = number - 1;
            at.found = Some(format!(
                "statement {number} was in flight; it is not in the database, or may be repeated"
            ));
        }
        Verdict::Applied => {
            at.from = number;
            at.found = Some(format!(
                "statement {number} was in flight; it is in the database"
            ));
        }
        Verdict::Unknown(why) => {
            return Err(undecided(engine, begun, &why).into());
        }
    }
    if same_beginning(&begun.script, &begun.file.sql, at.from) {
        Ok(Ok(at))
    } else {
        Ok(Err(edited_part(engine.target(), begun, at.from)))
    }
}

/// What evidence says about the statement in flight.
pub async fn decide(engine: &mut dyn Engine, begun: &Begun, number: usize) -> Result<Verdict> {
    let sent = begun.script.statements();
    let Some(statement) = number.checked_sub(1).and_then(|index| sent.get(index)) else {
        return Ok(Verdict::Unknown(
            "the journal does not hold the text that ran".to_owned(),
        ));
    };
    let settings = settings(&sent[..number - 1]);
    engine
        .decide(&Flight {
            entry: begun.entry,
            statement,
            settings: &settings,
        })
        .await
}

/// The statements that set session variables to constants.
pub fn settings(statements: &[Statement]) -> Vec<&str> {
    statements
        .iter()
        .filter(|statement| {
            let facts = &statement.facts;
            facts.commits == Commits::Session
                && facts
                    .session
                    .iter()
                    .any(|used| matches!(used, SessionUse::SetVariable { constant: true, .. }))
        })
        .map(Statement::text)
        .collect()
}

/// Tells at a look already where only a person can say how the statement in flight ended.
pub fn tell_undecidable(engine: &dyn Engine, plan: &mut Plan<'_>) {
    let Some(begun) = &plan.begun else {
        return;
    };
    let Some(number) = begun.in_flight else {
        return;
    };
    let sent = begun.script.statements();
    let statement = number.checked_sub(1).and_then(|index| sent.get(index));
    let Some(why) = statement.and_then(|statement| engine.undecidable(statement)) else {
        return;
    };
    for finding in &mut plan.findings {
        if finding.kind == Kind::HalfApplied {
            let name = &begun.file.file;
            let inside = part_is(number - 1, sent.len(), "statement");
            finding.message = format!(
                "{name} is half-applied: {inside} in the database; nobody recorded how statement {number} ended, and it cannot be found out: {why}"
            );
            finding.remedy = Some(by_hand(engine.target(), begun, number));
        }
    }
}

/// Both ways out where only a person knows.
fn by_hand(target: Target, begun: &Begun, number: usize) -> String {
    let (version, again) = (begun.version, begun.again(target));
    format!(
        "look whether statement {number} took effect; if it did: sgmp-db resolve {version} --only {target} --applied; \
         if it did not: sgmp-db resolve {version} --only {target} --reverted; \
         then go on with: {again}"
    )
}

/// Exit 7 with what is known and both ways out.
fn undecided(engine: &dyn Engine, begun: &Begun, why: &str) -> Failure {
    let target = engine.target();
    let number = begun.in_flight.unwrap_or_default();
    let statements = begun.script.statements();
    let inside = part_is(number.saturating_sub(1), statements.len(), "statement");
    let mut failure = Failure::new(
        Exit::HalfApplied,
        format!(
            "{inside} in the database; nobody recorded how statement {number} ended, and it cannot be found out: {why}"
        ),
    )
    .on(target)
    .remedy(by_hand(target, begun, number));
    let statement = number
        .checked_sub(1)
        .and_then(|index| statements.get(index));
    failure = failure.at(
        begun.file.file.clone(),
        statement.map(|statement| statement.line),
    );
    match statement {
        Some(statement) => failure.statement(statement.text()),
        None => failure,
    }
}
