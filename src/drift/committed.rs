//! What do the files beside the migrations say about the schema?

use crate::{
    engine::{snapshot_of_today, steps_of_today},
    migrate::files::MigrationSet,
    outcome::Failure,
    schema::{Ignore, Snapshot, Steps},
    target::Target,
};

/// `schema.snapshot`, `schema.steps` and `drift-ignore.yaml` of one database.
#[derive(Debug, Clone)]
pub struct Committed {
    pub target: Target,
    /// Highest version that the files have.
    pub latest: Option<i32>,
    /// Of the latest version; none where there is no such file, or it is of another version.
    pub snapshot: Option<Snapshot>,
    /// Read when first needed: it is as long as the history.
    steps: Option<(String, String)>,
    pub ignore: Ignore,
    /// What is odd but no error.
    pub notes: Vec<String>,
}

impl Committed {
    /// Reads what was found beside the migrations.
    ///
    /// # Errors
    /// Everything that is malformed, with file and line (exit 2).
    pub fn read(set: &MigrationSet) -> Result<Committed, Vec<Failure>> {
        let latest = set.migrations.last().map(|migration| migration.version);
        let mut committed = Committed {
            target: set.target,
            latest,
            snapshot: None,
            steps: set.steps.clone(),
            ignore: Ignore::default(),
            notes: Vec::new(),
        };
        let mut failures = Vec::new();
        if let Some((file, text)) = &set.snapshot {
            match Snapshot::parse(text, file).and_then(|one| of_target(set.target, one.target, file).map(|()| one)) {
                Ok(one) if Some(one.version) == latest => committed.snapshot = Some(snapshot_of_today(one)),
                Ok(one) => committed.notes.push(format!(
                    "{file} is of V{} and the files go to V{}: nothing is compared with it; write it anew: sgmp-db snapshot",
                    one.version,
                    latest.unwrap_or_default()
                )),
                Err(failure) => failures.push(failure),
            }
        }
        if let Some((file, text)) = &set.ignore {
            match Ignore::parse(text, file) {
                Ok(ignore) => committed.ignore = ignore,
                Err(wrong) => failures.extend(wrong),
            }
        }
        match failures.is_empty() {
            true => Ok(committed),
            false => Err(failures.into_iter().map(|one| one.on(set.target)).collect()),
        }
    }

    /// The same files with nothing said about the schema.
    pub fn without(&self) -> Committed {
        Committed {
            snapshot: None,
            steps: None,
            ignore: Ignore::default(),
            notes: Vec::new(),
            ..self.clone()
        }
    }

    /// The schema that the files leave at that version, where they say it.
    ///
    /// # Errors
    /// `schema.steps` is malformed (exit 2).
    pub fn at(&self, version: i32) -> Result<Option<Snapshot>, Failure> {
        if Some(version) == self.latest && self.snapshot.is_some() {
            return Ok(self.snapshot.clone());
        }
        let Some(steps) = self.steps()? else {
            return Ok(None);
        };
        Ok(steps.at(version).map(|schema| Snapshot {
            target: self.target,
            server_major: steps.server_major.clone(),
            version,
            schema,
        }))
    }

    /// The way from nothing to the newest version, where the files say it.
    ///
    /// # Errors
    /// `schema.steps` is malformed (exit 2).
    pub fn steps(&self) -> Result<Option<Steps>, Failure> {
        let Some((file, text)) = &self.steps else {
            return Ok(None);
        };
        let steps = Steps::parse(text, file)?;
        of_target(self.target, steps.target, file)?;
        Ok(Some(steps_of_today(steps)))
    }
}

fn of_target(expected: Target, actual: Target, file: &str) -> Result<(), Failure> {
    if expected == actual {
        return Ok(());
    }
    let failure = Failure::usage(format!(
        "the file is of {actual} and lies beside the migrations of {expected}"
    ));
    Err(failure
        .at(file, None)
        .remedy("write it anew: sgmp-db snapshot"))
}
