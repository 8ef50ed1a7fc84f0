//! Where the files come from: the binary, or a directory.

use super::{MigrationSet, Sum, SumState, discover, parallel, script::canonical};
use crate::{outcome::Failure, target::Target};
use discover::Found;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

const EMBEDDED: &[(&str, &str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Files beside the migrations that are none.
const BESIDE: [&str; 6] = [
    "migrations.sum",
    "policies.yaml",
    "schema.snapshot",
    "schema.steps",
    "drift-ignore.yaml",
    "README.md",
];

/// A place of migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Those that the binary was built with.
    Embedded,
    /// `DIR/mysql` and `DIR/timescale`.
    Directory(PathBuf),
}

/// Where a set came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Embedded,
    Folder(PathBuf),
}

impl Source {
    /// Reads all files of one database.
    ///
    /// # Errors
    /// Every problem of every file (exit 2).
    pub fn load(&self, target: Target) -> Result<MigrationSet, Vec<Failure>> {
        let tell = |failures: Vec<Failure>| -> Vec<Failure> {
            failures
                .into_iter()
                .map(|failure| failure.on(target))
                .collect()
        };
        match self {
            Source::Embedded => {
                let files = EMBEDDED
                    .iter()
                    .filter(|(of, ..)| *of == target.name())
                    .map(|(_, name, bytes)| Found {
                        name: (*name).to_owned(),
                        file: format!("migrations/{target}/{name}"),
                        bytes: bytes.to_vec(),
                    })
                    .collect();
                set(target, Origin::Embedded, files).map_err(tell)
            }
            Source::Directory(directory) => {
                let folder = directory.join(target.name());
                let files =
                    read_folder(directory, target).map_err(|failure| tell(vec![failure]))?;
                set(target, Origin::Folder(folder), files).map_err(tell)
            }
        }
    }
}

impl Source {
    /// The first file, as in `mysql/V3__x.sql`, that a directory has otherwise than the binary, for
    /// these databases; none where both are the same.
    pub fn unlike_the_embedded(directory: &Path, targets: &[Target]) -> Option<String> {
        targets.iter().find_map(|target| {
            let mine = |name: &str| name != "README.md";
            let built_in: BTreeMap<&str, &[u8]> = EMBEDDED
                .iter()
                .filter(|(of, name, _)| *of == target.name() && mine(name))
                .map(|(_, name, bytes)| (*name, *bytes))
                .collect();
            // A folder that cannot be read is not the same.
            let found = read_folder(directory, *target).unwrap_or_default();
            let found: BTreeMap<&str, &[u8]> = found
                .iter()
                .filter(|found| mine(&found.name))
                .map(|found| (found.name.as_str(), found.bytes.as_slice()))
                .collect();
            let names = built_in.keys().chain(found.keys());
            let text = |bytes: Option<&&[u8]>| {
                bytes.map(|bytes| canonical(&String::from_utf8_lossy(bytes)).into_owned())
            };
            let differs = |name: &&&str| text(built_in.get(**name)) != text(found.get(**name));
            names
                .filter(differs)
                .min()
                .map(|name| format!("{target}/{name}"))
        })
    }

    /// Writes `migrations.sum` for the files as they are; returns its path, or none where there
    /// are no files.
    ///
    /// # Errors
    /// The files are the binary's own (exit 2), or cannot be read or written.
    pub fn write_sum(&self, target: Target) -> Result<Option<String>, Failure> {
        let Source::Directory(directory) = self else {
            return Err(Failure::usage("the migrations are those of this binary, which cannot be changed")
                .on(target)
                .remedy("stand in the project's directory, or name one: sgmp-db check --fix --migrations DIR"));
        };
        let files: Vec<Found> = read_folder(directory, target)?
            .into_iter()
            .filter(|found| !BESIDE.contains(&found.name.as_str()))
            .collect();
        if files.is_empty() {
            return Ok(None);
        }
        let sum = Sum::of(
            files
                .iter()
                .map(|found| (found.name.as_str(), found.bytes.as_slice())),
        );
        let folder = directory.join(target.name());
        write_whole(&folder, "migrations.sum", &sum.to_string()).map(Some)
    }

    /// Writes a file beside the migrations; returns its path.
    ///
    /// # Errors
    /// The files are the binary's own (exit 2), or it cannot be written.
    pub fn write_beside(&self, target: Target, name: &str, text: &str) -> Result<String, Failure> {
        match self {
            Source::Directory(directory) => write_whole(&directory.join(target.name()), name, text),
            Source::Embedded => Err(Failure::usage(
                "the migrations are those of this binary, which cannot be changed",
            )
            .on(target)
            .remedy(
                "stand in the project's directory, or name one: sgmp-db snapshot --migrations DIR",
            )),
        }
    }
}

/// Whole or not at all: a half-written file would look like a removed migration.
fn write_whole(folder: &Path, name: &str, text: &str) -> Result<String, Failure> {
    let path = folder.join(name);
    let write = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        fs::set_permissions(
            file.path(),
            std::os::unix::fs::PermissionsExt::from_mode(0o644),
        )?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| {
        Failure::failed(format!("the file cannot be written: {error}"))
            .at(path.display().to_string(), None)
    })?;
    Ok(path.display().to_string())
}

/// Every file of the folder. A database without a folder has no migrations, as long as
/// the other one has: then it is a project of one database.
fn read_folder(directory: &Path, target: Target) -> Result<Vec<Found>, Failure> {
    let folder = directory.join(target.name());
    let unreadable = |path: &Path, error: &io::Error| {
        Failure::usage(format!("the file cannot be read: {error}"))
            .at(path.display().to_string(), None)
    };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let other = Target::ALL
                .into_iter()
                .any(|one| directory.join(one.name()).is_dir());
            return if other {
                Ok(Vec::new())
            } else {
                Err(no_migrations(directory))
            };
        }
        Err(error) => return Err(unreadable(&folder, &error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(&folder, &error))?.path();
        paths.extend(named(path)?);
    }
    paths.sort();
    let read = parallel::each(&paths, |(name, path)| {
        let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
        Ok(Found {
            name: name.clone(),
            file: path.display().to_string(),
            bytes,
        })
    });
    read.into_iter().collect()
}

/// A file with its name, unless it is one that an editor leaves.
fn named(path: PathBuf) -> Result<Option<(String, PathBuf)>, Failure> {
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name.map(str::to_owned) else {
        let failure = Failure::usage("the file's name is not UTF-8");
        return Err(failure
            .at(path.display().to_string(), None)
            .remedy("rename it"));
    };
    let leftover = name.starts_with('.') || name.ends_with('~');
    Ok((!leftover).then_some((name, path)))
}

fn no_migrations(directory: &Path) -> Failure {
    Failure::usage(format!(
        "there are no migrations in {}",
        directory.display()
    ))
    .remedy("name a directory that has the folders mysql and timescale: --migrations DIR")
}

fn set(target: Target, origin: Origin, files: Vec<Found>) -> Result<MigrationSet, Vec<Failure>> {
    let (beside, scripts): (Vec<Found>, Vec<Found>) = files
        .into_iter()
        .partition(|found| BESIDE.contains(&found.name.as_str()));
    let mut notes = Vec::new();
    let sum_of_files = Sum::of(
        scripts
            .iter()
            .map(|found| (found.name.as_str(), found.bytes.as_slice())),
    );
    let migrations = discover::migrations(target.dialect(), scripts)?;
    let (mut policies, mut snapshot, mut steps, mut ignore) = (None, None, None, None);
    let mut sum = SumState::Absent;
    for found in beside {
        let Found { name, file, bytes } = found;
        match name.as_str() {
            "policies.yaml" => policies = Some(text(file, bytes)?),
            "schema.snapshot" => snapshot = Some(text(file, bytes)?),
            "schema.steps" => steps = Some(text(file, bytes)?),
            "drift-ignore.yaml" => ignore = Some(text(file, bytes)?),
            "migrations.sum" => {
                let committed =
                    Sum::parse(&String::from_utf8_lossy(&bytes), &file).map_err(|one| vec![one])?;
                if let Some(failure) = committed.differs_from(&sum_of_files) {
                    return Err(vec![failure.at(file, None)]);
                }
                sum = SumState::Present;
            }
            _ => {}
        }
    }
    if sum == SumState::Absent && !migrations.is_empty() {
        notes.push("there is no migrations.sum, so that a removed or reordered file shows only against a database; write it with: sgmp-db check --fix".to_owned());
    }
    if migrations.is_empty() {
        notes.push("there are no migrations for this database".to_owned());
    }
    Ok(MigrationSet {
        target,
        origin,
        migrations,
        sum,
        policies,
        snapshot,
        steps,
        ignore,
        notes,
    })
}

/// A file beside the migrations with its name.
fn text(file: String, bytes: Vec<u8>) -> Result<(String, String), Vec<Failure>> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok((file, text)),
        Err(_) => Err(vec![Failure::usage("the file is not UTF-8").at(file, None)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_migrations_are_whole_and_summed() {
        for (target, count) in [(Target::Mysql, 9), (Target::Timescale, 1)] {
            let set = Source::Embedded.load(target).unwrap();
            assert_eq!(set.migrations.len(), count);
            assert_eq!(set.sum, SumState::Present);
            assert!(
                set.migrations
                    .iter()
                    .all(|migration| migration.down.is_some())
            );
            assert!(set.notes.is_empty(), "{:?}", set.notes);
        }
    }

    #[test]
    fn a_directory_without_either_folder_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let source = Source::Directory(directory.path().to_owned());
        assert!(
            source.load(Target::Mysql).unwrap_err()[0]
                .message
                .contains("no migrations")
        );
        fs::create_dir(directory.path().join("timescale")).unwrap();
        assert!(source.load(Target::Mysql).unwrap().migrations.is_empty());
    }
}
