//! The binary as a user runs it.

use super::{MysqlDatabase, TimescaleDatabase, server::PASSWORD};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf, process::Stdio, time::Duration};
use tokio::process::{Child, Command};

/// A way to call sgmp-db: its environment and where it stands.
#[derive(Debug, Clone, Default)]
pub struct Sgmp {
    pub environment: BTreeMap<String, String>,
    pub directory: Option<PathBuf>,
    /// Instead of the test's own PATH.
    pub path: Option<String>,
}

/// What one call printed and how it ended.
#[derive(Debug, Clone)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Sgmp {
    /// Pointed at both databases.
    pub fn on(mysql: &MysqlDatabase, timescale: &TimescaleDatabase) -> Sgmp {
        Sgmp::default().mysql(mysql).timescale(timescale)
    }

    /// With a variable.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Sgmp {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// Without a variable.
    pub fn without(mut self, name: &str) -> Sgmp {
        self.environment.remove(name);
        self
    }

    /// Standing in that directory.
    pub fn standing_in(mut self, directory: impl Into<PathBuf>) -> Sgmp {
        self.directory = Some(directory.into());
        self
    }

    /// Pointed at that MySQL database.
    pub fn mysql(self, database: &MysqlDatabase) -> Sgmp {
        self.with("MYSQL_HOST", "127.0.0.1")
            .with("MYSQL_PORT", database.server.port.to_string())
            .with("MYSQL_USER", "root")
            .with("MYSQL_PASS", PASSWORD)
            .with("MYSQL_DATABASE", &database.name)
    }

    /// Pointed at that TimescaleDB database.
    pub fn timescale(self, database: &TimescaleDatabase) -> Sgmp {
        self.with("TSDB_HOST", "127.0.0.1")
            .with("TSDB_PORT", database.server.port.to_string())
            .with("TSDB_USER", "postgres")
            .with("TSDB_PASS", PASSWORD)
            .with("TSDB_DATABASE", &database.name)
            // The community edition of these machines starts a process for a database, which takes
            // its time where every processor is busy.
            .with("SGMP_DB_CONNECT_TIMEOUT", "60s")
    }

    /// The call, not started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sgmp-db"));
        command
            .args(arguments)
            .env_clear()
            // A busy machine is no failure; a test of timeouts says its own.
            .env("SGMP_DB_CONNECT_TIMEOUT", "60s")
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for inherited in ["PATH", "HOME", "USER", "DOCKER_HOST"] {
            if let Some(value) = std::env::var_os(inherited) {
                command.env(inherited, value);
            }
        }
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        match &self.directory {
            Some(directory) => command.current_dir(directory),
            // Not the project's own directory: a config.yaml there must not matter.
            None => command.current_dir(std::env::temp_dir()),
        };
        command
    }

    /// What a person would do with a printed command: give it to a shell, in the same place and with
    /// the same environment.
    pub async fn type_in(&self, line: &str) -> Run {
        let binary = PathBuf::from(env!("CARGO_BIN_EXE_sgmp-db"));
        let folder = binary.parent().expect("the binary is in a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("bash");
        shell.args(["-c", line]).env_clear();
        let call = self.command(&[]);
        for (name, value) in call.as_std().get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        shell
            .env("PATH", format!("{}:{path}", folder.display()))
            .current_dir(
                call.as_std()
                    .get_current_dir()
                    .expect("it stands somewhere"),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        finish(shell.spawn().expect("bash starts")).await
    }

    /// Starts it.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().expect("sgmp-db starts")
    }

    /// Runs it to its end, at most two minutes.
    pub async fn run(&self, arguments: &[&str]) -> Run {
        finish(self.spawn(arguments)).await
    }

    /// Runs it with `--json` and returns the document too.
    pub async fn json(&self, arguments: &[&str]) -> (Run, Value) {
        let mut all = arguments.to_vec();
        all.push("--json");
        let run = self.run(&all).await;
        let document = serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("not one JSON document ({error}): {run:?}"));
        (run, document)
    }
}

/// Waits for a started call.
pub async fn finish(child: Child) -> Run {
    let output = tokio::time::timeout(Duration::from_secs(120), child.wait_with_output())
        .await
        .expect("sgmp-db ends within two minutes")
        .expect("sgmp-db runs");
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
    }
}

impl Run {
    /// Both streams, for searching.
    pub fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Fails the test with everything printed unless the exit code is this one.
    #[track_caller]
    pub fn expect(&self, code: i32) -> &Run {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Fails the test unless one of the streams has this text.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Run {
        assert!(self.all().contains(text), "no {text:?} in:\n{}", self.all());
        self
    }
}
