//! In what does a database differ from what is expected? One look, repeated only where somebody was
//! at work in between.

use super::{Committed, Expected, expected};
use crate::{
    counted::counted,
    engine::{Engine, Survey, alike},
    schema::{Change, Class, Ignore, ObjectDifference, Reading, Scope, Snapshot, Unseen, diff},
};
use anyhow::Result;
use std::collections::BTreeSet;

/// Tables in which other tools keep their record of what they did; `adopt` leaves them where they are.
const RECORDS_OF_OTHERS: [&str; 1] = ["alembic_version"];

/// How often a schema that moves under our eyes is looked at.
const LOOKS: usize = 3;

/// How many objects a note names.
const NAMED: usize = 10;

/// What is to be compared.
pub struct Question<'a> {
    pub committed: &'a Committed,
    pub survey: &'a Survey,
    /// Compared beyond what always is.
    pub include: &'a BTreeSet<Class>,
}

/// What one look found.
#[derive(Debug, Clone, Default)]
pub struct Drift {
    pub expected: Option<Snapshot>,
    pub reading: Option<Reading>,
    pub scope: Scope,
    /// Without those that are ignored, or that nobody may conclude.
    pub differences: Vec<ObjectDifference>,
    /// Why there is nothing to compare with.
    pub unknown: Option<String>,
    pub unseen: Vec<Unseen>,
    /// What a reader should know beside.
    pub notes: Vec<String>,
}

impl Drift {
    /// Is the schema wholly seen, and as expected?
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.unknown.is_none() && self.unseen.is_empty()
    }
}

/// Reads the schema and compares. A database without a version is not looked at, and neither is a
/// half-applied one: its schema is a matter of the journal.
pub async fn look(engine: &mut dyn Engine, question: &Question<'_>) -> Result<Drift> {
    let mut survey = question.survey.clone();
    for _ in 0..LOOKS {
        if !survey.database_exists
            || survey.record.version().is_none()
            || survey.record.is_half_applied()
        {
            return Ok(Drift::default());
        }
        if survey.busy.is_some() {
            break;
        }
        let drift = once(engine, question, &survey).await?;
        if drift.differences.is_empty() {
            return Ok(drift);
        }
        // Somebody may have applied a file between reading the record and reading the schema.
        let again = engine.survey().await?;
        if again.record == survey.record && again.busy.is_none() {
            return Ok(drift);
        }
        survey = again;
    }
    Ok(Drift {
        notes: vec!["an upgrade is under way: the schema is not compared".to_owned()],
        ..Drift::default()
    })
}

/// A reading that is there already, against what is committed of the latest version; none where the
/// database is not at it.
pub fn against_committed(reading: Reading, question: &Question<'_>) -> Option<Drift> {
    let committed = question.committed;
    let snapshot = committed.snapshot.clone()?;
    let is_latest = question.survey.record.version() == committed.latest;
    is_latest.then(|| against(snapshot, reading, &committed.ignore, question.include))
}

/// A reading that is there already, against any schema.
pub fn against(
    expected: Snapshot,
    reading: Reading,
    ignore: &Ignore,
    include: &BTreeSet<Class>,
) -> Drift {
    let mut drift = Drift {
        unseen: reading.unseen.clone(),
        ..Drift::default()
    };
    compare(&mut drift, expected, &reading, (ignore, include));
    drift.reading = Some(reading);
    drift
}

async fn once(engine: &mut dyn Engine, question: &Question<'_>, survey: &Survey) -> Result<Drift> {
    let committed = question.committed;
    let expected = expected(engine, committed, &survey.record).await?;
    let reading = engine.schema().await?;
    let mut drift = Drift {
        unseen: reading.unseen.clone(),
        notes: committed.notes.clone(),
        ..Drift::default()
    };
    match expected {
        Expected::Nothing => {}
        Expected::Unknown(why) => drift.unknown = Some(why),
        Expected::Known(snapshot) => {
            compare(
                &mut drift,
                *snapshot,
                &reading,
                (&committed.ignore, question.include),
            );
        }
    }
    drift.reading = Some(reading);
    Ok(drift)
}

fn compare(
    drift: &mut Drift,
    expected: Snapshot,
    actual: &Reading,
    (ignore, include): (&Ignore, &BTreeSet<Class>),
) {
    drift.scope = Scope {
        include: include.clone(),
        same_major: expected.server_major == actual.server_major,
    };
    let alike = alike(expected.target, &expected.schema, &actual.schema);
    let found = diff(&expected.schema, &alike, &drift.scope);
    let found = found
        .into_iter()
        .filter(|one| !belongs_to_others(&one.key.name) && may_be_concluded(one, &actual.unseen))
        .collect();
    drift.notes.extend(uncompared(actual));
    let (left, unmatched) = ignore.apply(found);
    drift.differences = left;
    drift.notes.extend(unmatched.into_iter().map(|rule| {
        format!(
            "the rule for `{}` in drift-ignore.yaml matches no difference ({})",
            rule.object, rule.reason
        )
    }));
    let texts = expected
        .schema
        .objects
        .values()
        .filter(|object| object.per_major.is_some())
        .count();
    if !drift.scope.same_major && texts > 0 {
        drift.notes.push(format!(
            "the texts of {} (view definitions and the like) are not compared: the snapshot is of server version {}, this is {}, and each writes them in its own way",
            counted(texts, "object"), expected.server_major, actual.server_major
        ));
    }
    drift.expected = Some(expected);
}

/// One note for each kind that is there and that nobody compares.
fn uncompared(actual: &Reading) -> impl Iterator<Item = String> {
    actual.uncompared.iter().map(|(kind, names)| {
        let named: Vec<&str> = names.iter().map(String::as_str).take(NAMED).collect();
        let more = match names.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = named.join(", ");
        format!("no {kind} is compared, and there is: {named}{more}")
    })
}

fn belongs_to_others(name: &str) -> bool {
    RECORDS_OF_OTHERS.iter().any(|table| {
        name == *table
            || name
                .strip_prefix(table)
                .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// What a login cannot see is not missing, and what it sees in part is not changed.
fn may_be_concluded(difference: &ObjectDifference, unseen: &[Unseen]) -> bool {
    difference.change() == Change::Unexpected
        || !unseen
            .iter()
            .any(|unseen| unseen.kinds.contains(&difference.key.kind))
}
