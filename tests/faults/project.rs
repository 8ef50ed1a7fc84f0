//! Migrations of a test's own, and the tool pointed at them and at a database behind a port.

use crate::{support::Sgmp, victim::Database};
use std::{fs, path::PathBuf};
use tempfile::TempDir;

/// A folder of migrations.
pub struct Project {
    directory: PathBuf,
    _made: Option<TempDir>,
}

impl Project {
    /// Files V1, V2, … for the database.
    pub fn new(database: &Database, files: &[&str]) -> Project {
        let made = tempfile::tempdir().expect("a directory");
        let folder = made.path().join(database.target());
        fs::create_dir(&folder).expect("a folder");
        for (index, text) in files.iter().enumerate() {
            let file = folder.join(format!("V{}__step.sql", index + 1));
            fs::write(file, text).expect("a migration");
        }
        Project {
            directory: made.path().to_owned(),
            _made: Some(made),
        }
    }

    /// The committed ones of this harness.
    pub fn committed() -> Project {
        Project {
            directory: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/faults/migrations"),
            _made: None,
        }
    }

    /// The files for one target, in order.
    pub fn files(&self, target: &str) -> Vec<String> {
        let mut files: Vec<_> = fs::read_dir(self.directory.join(target))
            .expect("the migrations")
            .map(|entry| entry.expect("a file").path())
            .collect();
        files.sort();
        files
            .iter()
            .map(|file| fs::read_to_string(file).expect("a migration"))
            .collect()
    }

    /// The tool. Without TLS: a proxy that counts packets must be able to read them.
    pub fn sgmp(&self, database: &Database, port: u16) -> Sgmp {
        let sgmp = match database {
            Database::Mysql(database) => Sgmp::default().mysql(database),
            Database::Timescale(database) => Sgmp::default().timescale(database),
        };
        sgmp.with("MYSQL_PORT", port.to_string())
            .with("TSDB_PORT", port.to_string())
            .with("SGMP_DB_MYSQL_TLS", "disable")
            .with("SGMP_DB_TIMESCALE_TLS", "disable")
            .with(
                "SGMP_DB_MIGRATIONS",
                self.directory.to_str().expect("a path"),
            )
    }
}
