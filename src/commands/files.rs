//! Which migrations are meant: one choice for every command, said in every output.
//!
//! `--migrations`, its variable or its key decide. Without them it is the folder `migrations/` where
//! we stand, and where there is none, what the binary was built with. A folder that has the very
//! files of the binary is the same choice. Where the two differ, a command that writes to a database
//! asks: the one would be another project's migrations on this one's database.

use crate::{
    cli::Command,
    config::{BUILT_IN, MigrationsFrom, Settings},
    migrate::files::Source,
    outcome::{Call, Document, Failure, FilesReport, Finding},
    target::Target,
};
use std::path::{Path, PathBuf};

/// What a command does with the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reads them and looks at databases.
    Look,
    /// Applies or records them in databases.
    Record,
    /// Reads them only, or tries them on servers that nobody needs.
    Read,
    /// Writes files, which the built-in ones are not.
    Edit,
}

impl Purpose {
    /// None where a command has nothing to do with migrations.
    pub fn of(command: &Command) -> Option<Purpose> {
        match command {
            Command::Upgrade(_)
            | Command::Downgrade(_)
            | Command::Adopt(_)
            | Command::Resolve(_)
            | Command::Policies(_) => Some(Purpose::Record),
            Command::Status(_) | Command::Diff(_) | Command::History => Some(Purpose::Look),
            Command::Check(check) if check.fix => Some(Purpose::Edit),
            Command::New(_) | Command::Snapshot(_) => Some(Purpose::Edit),
            Command::Check(_) | Command::Verify => Some(Purpose::Read),
            Command::Sandbox(_) | Command::Completions(_) | Command::Man => None,
        }
    }
}

/// The folder of a project.
const FOLDER: &str = "migrations";

/// Makes the choice: afterwards `settings.migrations` is it, and `settings.targets` are those that
/// have files.
///
/// # Errors
/// Both could be meant, or the directory has no migrations (exit 2).
pub fn choose(
    settings: &mut Settings,
    purpose: Purpose,
    document: &mut Document,
) -> Result<(), Failure> {
    let (source, same) = match &settings.migrations {
        Some(MigrationsFrom::BuiltIn) => (Source::Embedded, None),
        Some(MigrationsFrom::Directory(directory)) => (Source::Directory(directory.clone()), None),
        None => unsaid(&settings.targets, purpose, &document.call)?,
    };
    settings.migrations = Some(match &source {
        Source::Embedded => MigrationsFrom::BuiltIn,
        Source::Directory(directory) => MigrationsFrom::Directory(directory.clone()),
    });
    document.migrations = Some(report(&source, same));
    match source {
        Source::Embedded => Ok(()),
        Source::Directory(directory) => leave_out(settings, purpose, &directory, document),
    }
}

fn report(source: &Source, same: Option<PathBuf>) -> FilesReport {
    match source {
        Source::Embedded => FilesReport::BuiltIn {
            version: env!("CARGO_PKG_VERSION"),
            same_as: same.map(|folder| folder.display().to_string()),
        },
        Source::Directory(directory) => FilesReport::Directory {
            directory: directory.display().to_string(),
        },
    }
}

/// Nobody said which: the source, and the folder that has the same files.
fn unsaid(
    targets: &[Target],
    purpose: Purpose,
    call: &Call,
) -> Result<(Source, Option<PathBuf>), Failure> {
    let folder = PathBuf::from(FOLDER);
    if !targets.iter().any(|one| folder.join(one.name()).is_dir()) {
        return Ok((Source::Embedded, None));
    }
    match (Source::unlike_the_embedded(&folder, targets), purpose) {
        (_, Purpose::Edit) => Ok((Source::Directory(folder), None)),
        (None, _) => Ok((Source::Embedded, Some(folder))),
        (Some(_), Purpose::Look | Purpose::Read) => Ok((Source::Directory(folder), None)),
        (Some(which), Purpose::Record) => Err(Failure::usage(format!(
            "which migrations? {FOLDER}/ is here, and it is not what this binary was built with ({which} differs)"
        ))
        .remedy(format!(
            "say it: {}; or the built-in ones of sgmp-db: {}; or once for all, in sgmp-db.yaml: `migrations: {FOLDER}`",
            call.again_with("migrations", FOLDER),
            call.again_with("migrations", BUILT_IN)
        ))),
    }
}

/// A project of one database has the folder of that one only.
fn leave_out(
    settings: &mut Settings,
    purpose: Purpose,
    directory: &Path,
    document: &mut Document,
) -> Result<(), Failure> {
    let is_there = |target: &Target| directory.join(target.name()).is_dir();
    let only = document.call.only;
    if !Target::ALL.iter().any(is_there) || only.is_some_and(|only| is_there(&only)) {
        return Ok(());
    }
    // The first file of the other database may be about to be made.
    if let Some(only) = only.filter(|_| purpose != Purpose::Edit) {
        return Err(Failure::usage(format!(
            "there are no migrations of {only} in {}",
            directory.display()
        ))
        .on(only)
        .remedy(format!(
            "name a directory that has a folder {only}: --migrations DIR"
        )));
    }
    if only.is_some() {
        return Ok(());
    }
    // A folder without a file says as little about a database as none does.
    let is_empty = |target: &Target| {
        let entries = std::fs::read_dir(directory.join(target.name()));
        entries.is_ok_and(|mut entries| entries.next().is_none())
    };
    let reaches = matches!(purpose, Purpose::Look | Purpose::Record);
    let without = |target: &Target| !is_there(target) || (reaches && is_empty(target));
    let left_out: Vec<Target> = Target::ALL.into_iter().filter(without).collect();
    if left_out.len() == Target::ALL.len() {
        return Ok(());
    }
    for target in left_out {
        settings.targets.retain(|one| *one != target);
        let message = format!(
            "{} has no migrations of {target}, so that database is left out",
            directory.display()
        );
        document.notes.push(Finding::remark(target, message));
    }
    Ok(())
}
