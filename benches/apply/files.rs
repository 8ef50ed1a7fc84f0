//! The same migrations in every tool's own form.

use std::{fmt::Write, fs, path::PathBuf};
use tempfile::TempDir;

/// A folder with one sub-folder per form.
pub struct Files {
    directory: TempDir,
}

/// One migration: the same on both databases.
fn statement(number: usize) -> String {
    format!(
        "CREATE TABLE t{number:05} (id int PRIMARY KEY, name varchar(64) NOT NULL, made timestamp NULL)"
    )
}

impl Files {
    /// Writes `count` migrations.
    pub fn write(count: usize) -> Files {
        let files = Files {
            directory: tempfile::tempdir().expect("a directory"),
        };
        files.sgmp("ours", count);
        for (form, begin) in [
            ("mysql.sql", "START TRANSACTION"),
            ("postgres.sql", "BEGIN"),
        ] {
            let mut piped = String::new();
            for number in 1..=count {
                writeln!(piped, "{begin};\n{};\nCOMMIT;", statement(number)).expect("a line");
            }
            fs::write(files.path(form), piped).expect("a file");
        }
        let one = |form: &str, name: &dyn Fn(usize) -> String, text: &dyn Fn(usize) -> String| {
            fs::create_dir_all(files.path(form)).expect("a folder");
            for number in 1..=count {
                fs::write(files.path(form).join(name(number)), text(number)).expect("a file");
            }
        };
        one("refinery", &|n| format!("V{n}__t{n:05}.sql"), &|n| {
            format!("{};\n", statement(n))
        });
        one("sqlx", &|n| format!("{n}_t{n:05}.sql"), &|n| {
            format!("{};\n", statement(n))
        });
        one("dbmate", &|n| format!("{n:05}_t.sql"), &|n| {
            format!("-- migrate:up\n{};\n-- migrate:down\n", statement(n))
        });
        one("alembic/versions", &|n| format!("r{n:05}.py"), &revision);
        fs::write(files.path("alembic/env.py"), ENVIRONMENT).expect("a file");
        files
    }

    /// `count` migrations for both databases in this project's form, with migrations.sum absent.
    pub fn sgmp(&self, form: &str, count: usize) -> PathBuf {
        let folder = self.path(form);
        for target in ["mysql", "timescale"] {
            fs::create_dir_all(folder.join(target)).expect("a folder");
            for number in 1..=count {
                let file = folder
                    .join(target)
                    .join(format!("V{number}__t{number:05}.sql"));
                fs::write(file, format!("{};\n", statement(number))).expect("a file");
            }
        }
        folder
    }

    /// Where a form is.
    pub fn path(&self, form: &str) -> PathBuf {
        self.directory.path().join(form)
    }
}

fn revision(number: usize) -> String {
    let before = match number {
        1 => "None".to_owned(),
        _ => format!("'r{:05}'", number - 1),
    };
    format!(
        "from alembic import op\nrevision = 'r{number:05}'\ndown_revision = {before}\n\n\
         def upgrade():\n    op.execute(\"\"\"{}\"\"\")\n",
        statement(number)
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
