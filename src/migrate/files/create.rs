//! The next migration: `sgmp-db new`.

use super::MigrationSet;
use crate::outcome::Failure;
use std::{
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub up: PathBuf,
    pub down: PathBuf,
    pub version: i32,
}

/// Creates the next numbered file and its way back in `folder`; never overwrites.
///
/// The files hold only comments, which `check` and `upgrade` refuse until there is SQL: an empty
/// migration that counts as applied would be worse.
///
/// # Errors
/// A bad name (exit 2), or the files cannot be written (exit 1).
pub fn create(set: &MigrationSet, folder: &Path, name: &str) -> Result<Created, Failure> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    if name.is_empty() || !name.chars().all(word) {
        return Err(
            Failure::usage(format!("`{name}` cannot be a migration's name")).remedy(
                "use letters, digits and underscores, as in: sgmp-db new add_room --only mysql",
            ),
        );
    }
    // The first migration of this database in a project of the other.
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::failed(format!("the folder cannot be made: {error}"))
            .at(folder.display().to_string(), None)
    })?;
    let version = set.migrations.last().map_or(1, |last| last.version + 1);
    let stem = format!("V{version}__{name}");
    let (up, down) = (
        folder.join(format!("{stem}.sql")),
        folder.join(format!("{stem}.down.sql")),
    );
    write_new(
        &up,
        &format!("-- {name}: write the SQL here, then type: sgmp-db check --fix\n"),
    )?;
    write_new(
        &down,
        &format!("-- the way back of {stem}: write the SQL that undoes it\n"),
    )?;
    Ok(Created { up, down, version })
}

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)?
            .write_all(text.as_bytes())
    };
    write().map_err(|error| {
        Failure::failed(format!("the file cannot be written: {error}"))
            .at(path.display().to_string(), None)
    })
}
