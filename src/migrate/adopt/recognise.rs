//! Who made this database, and at which version does that leave it?

use crate::{
    engine::{Engine, Event, Survey},
    migrate::files::{Migration, MigrationSet},
    outcome::{Finding, Kind},
    target::Target,
};
use anyhow::Result;

/// The table in which Alembic, and so flask-migrate, keeps its revision.
const ALEMBIC: &str = "alembic_version";
/// A migration that stands for a revision says so in a comment, with these words before the revision.
const STANDS_FOR: &str = "-- flask-migrate revision ";

/// What was found.
#[derive(Debug)]
pub enum Maker {
    /// There is no database, or nothing in it.
    Nobody,
    /// Everything that is applied is in our ledger.
    Ourselves,
    /// flask-migrate, at the revision that this version stands for.
    Flask { revision: String, version: i32 },
    /// Stock refinery, up to this version.
    Refinery { version: i32 },
    /// Somebody with SQL: the schema itself must say the version.
    Hand,
    /// What it says makes no sense to us.
    Unclear(Box<Finding>),
}

impl Maker {
    /// In words, for the ledger.
    pub fn words(&self) -> String {
        match self {
            Maker::Nobody => "made by nobody".to_owned(),
            Maker::Ourselves => "made by sgmp-db".to_owned(),
            Maker::Flask { revision, .. } => format!("made by flask-migrate, revision {revision}"),
            Maker::Refinery { version } => format!("made by refinery, up to V{version}"),
            Maker::Hand | Maker::Unclear(_) => "made by hand".to_owned(),
        }
    }
}

/// Asks the database, and writes nothing.
pub async fn maker(engine: &mut dyn Engine, set: &MigrationSet, survey: &Survey) -> Result<Maker> {
    let record = &survey.record;
    if let Some(version) = record.version() {
        let is_ours = record.history.iter().all(|row| {
            record
                .latest_entry(row.version)
                .is_some_and(|entry| entry.event != Event::Revert)
        });
        return Ok(match is_ours {
            true => Maker::Ourselves,
            false => Maker::Refinery { version },
        });
    }
    if survey.foreign.is_empty() {
        return Ok(Maker::Nobody);
    }
    if !survey.foreign.iter().any(|object| object.name == ALEMBIC) {
        return Ok(Maker::Hand);
    }
    let revisions = engine.alembic_revisions().await?;
    Ok(flask(set, &revisions))
}

fn flask(set: &MigrationSet, revisions: &[String]) -> Maker {
    let unclear = |message: String, remedy: String| {
        let finding = Finding::new(Kind::History, set.target, message);
        let finding = finding.about(format!("table {ALEMBIC}")).remedy(remedy);
        Maker::Unclear(Box::new(finding))
    };
    let [revision] = revisions else {
        return match revisions {
            [] => unclear(
                format!(
                    "{ALEMBIC} is there and holds no revision, though there are tables beside it"
                ),
                "flask db current tells what flask-migrate makes of it".to_owned(),
            ),
            several => unclear(
                format!(
                    "{ALEMBIC} holds {} revisions ({}): the branches were never merged",
                    several.len(),
                    several.join(", ")
                ),
                "flask db heads shows them; leave one with flask db upgrade, then: sgmp-db adopt"
                    .to_owned(),
            ),
        };
    };
    let known: Vec<(&str, &Migration)> = set
        .migrations
        .iter()
        .filter_map(|migration| Some((stands_for(migration)?, migration)))
        .collect();
    match known.iter().find(|(other, _)| other == revision) {
        Some((_, migration)) => Maker::Flask {
            revision: revision.clone(),
            version: migration.version,
        },
        None => unclear(
            format!("{ALEMBIC} holds revision {revision}, which no migration here stands for"),
            match known.last() {
                Some((last, migration)) => format!(
                    "the newest that is known is {last} (V{}): bring the database to a known revision with flask-migrate, or use an sgmp-db that knows this one",
                    migration.version
                ),
                None => format!(
                    "let a migration say which revision it stands for: {STANDS_FOR}{revision}"
                ),
            },
        ),
    }
}

/// The revision of flask-migrate that a migration does the same as.
fn stands_for(migration: &Migration) -> Option<&str> {
    migration
        .up
        .text()
        .lines()
        .find_map(|line| line.trim().strip_prefix(STANDS_FOR))
        .map(str::trim)
}

/// A note that there is nothing to take over.
pub fn nothing(target: Target, maker: &Maker) -> Finding {
    match maker {
        Maker::Ourselves => Finding::new(
            Kind::History,
            target,
            "nothing to adopt: sgmp-db itself applied or adopted everything that is there",
        ),
        _ => Finding::new(
            Kind::History,
            target,
            "nothing to adopt: the database is empty",
        )
        .remedy("sgmp-db upgrade"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::files::Source;

    fn of(revisions: &[&str]) -> Maker {
        let set = Source::Embedded.load(Target::Mysql).unwrap();
        let revisions: Vec<String> = revisions.iter().map(|one| (*one).to_owned()).collect();
        flask(&set, &revisions)
    }

    #[test]
    fn each_of_the_nine_revisions_is_a_version() {
        let nine = [
            "1e0b7b8ffdb3",
            "d45ddbe7f0b9",
            "08e383bb915f",
            "ce1e631883a8",
            "b8464db3feb8",
            "05476c7997eb",
            "adb06291d483",
            "65099af7d24f",
            "4d17a2ffbc74",
        ];
        for (expected, revision) in (1..).zip(nine) {
            let found = of(&[revision]);
            assert!(
                matches!(found, Maker::Flask { version, .. } if version == expected),
                "{found:?}"
            );
        }
    }

    #[test]
    fn an_unknown_revision_several_and_none_are_told_as_found() {
        for (revisions, words) in [
            (vec!["0123456789ab"], "0123456789ab"),
            (vec!["1e0b7b8ffdb3", "d45ddbe7f0b9"], "holds 2 revisions"),
            (vec![], "no revision"),
        ] {
            let found = of(&revisions);
            assert!(
                matches!(&found, Maker::Unclear(finding) if finding.message.contains(words)),
                "{found:?}"
            );
        }
    }
}
