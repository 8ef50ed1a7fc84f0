//! The same migrations in every tool's own form.

use crate::workload::{Migration, Workload};
use std::{fmt::Write, fs, path::PathBuf};
use tempfile::TempDir;

/// A folder with one sub-folder per form.
pub struct Files {
    directory: TempDir,
}

impl Files {
    /// Writes the migrations of one workload.
    pub fn write(workload: Workload) -> Files {
        let files = Files {
            directory: tempfile::tempdir().expect("a directory"),
        };
        let migrations = workload.migrations();
        files.sgmp("ours", &migrations);
        files.form("mysql.sql", &piped_to_mysql(&migrations));
        files.form("postgres.sql", &piped_to_psql(&migrations));
        for (index, migration) in migrations.iter().enumerate() {
            let number = index + 1;
            let text = migration.text();
            files.form(&format!("refinery/V{number}__t{number:05}.sql"), &text);
            files.form(&format!("sqlx/{number}_t{number:05}.sql"), &text);
            files.form(
                &format!("dbmate/{number:05}_t.sql"),
                &format!("-- migrate:up\n{text}-- migrate:down\n"),
            );
            files.form(&format!("alembic/sql/r{number:05}.sql"), &text);
            files.form(
                &format!("alembic/versions/r{number:05}.py"),
                &revision(number),
            );
        }
        files.form("alembic/env.py", ENVIRONMENT);
        files
    }

    /// Migrations for both databases in this project's form, with migrations.sum absent.
    pub fn sgmp(&self, form: &str, migrations: &[Migration]) -> PathBuf {
        for target in ["mysql", "timescale"] {
            for (index, migration) in migrations.iter().enumerate() {
                let number = index + 1;
                let file = format!("{form}/{target}/V{number}__t{number:05}.sql");
                self.form(&file, &migration.text());
            }
        }
        self.path(form)
    }

    /// Where a form is.
    pub fn path(&self, form: &str) -> PathBuf {
        self.directory.path().join(form)
    }

    fn form(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

/// A transaction for each migration. On MySQL the CREATE TABLE in front of rows would end it, so it goes first.
fn piped_to_mysql(migrations: &[Migration]) -> String {
    let mut piped = String::new();
    for migration in migrations {
        let (before, inside) = match migration.rows.is_empty() {
            true => (None, vec![migration.table.as_str()]),
            false => (
                Some(migration.table.as_str()),
                migration.rows.iter().map(String::as_str).collect(),
            ),
        };
        for statement in before
            .into_iter()
            .chain(["START TRANSACTION"])
            .chain(inside)
            .chain(["COMMIT"])
        {
            writeln!(piped, "{statement};").expect("a line");
        }
    }
    piped
}

fn piped_to_psql(migrations: &[Migration]) -> String {
    let mut piped = String::new();
    for migration in migrations {
        write!(piped, "BEGIN;\n{}COMMIT;\n", migration.text()).expect("lines");
    }
    piped
}

/// Alembic has no files of SQL; this is how people run one.
fn revision(number: usize) -> String {
    let before = match number {
        1 => "None".to_owned(),
        _ => format!("'r{:05}'", number - 1),
    };
    format!(
        "from pathlib import Path\nfrom alembic import op\nrevision = 'r{number:05}'\ndown_revision = {before}\n\n\
         def upgrade():\n    text = Path(__file__).parent.parent.joinpath('sql', 'r{number:05}.sql').read_text()\n    \
         for statement in text.split(';\\n'):\n        if statement:\n            op.execute(statement)\n"
    )
}

/// As `alembic init` writes it, with a transaction per migration.
const ENVIRONMENT: &str = "\
from alembic import context
from sqlalchemy import create_engine

engine = create_engine(context.config.get_main_option('sqlalchemy.url').replace('%%', '%'))
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
";
