//! The one JSON document that every command prints under `--json`, also when it fails.

use super::{Call, Exit, Failure, Finding};
use crate::{sql::Script, target::Target};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// The whole result of a command: what the tables, the annotations and `--json` are drawn from.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// Version of this form.
    pub format: u32,
    pub command: String,
    pub exit: u8,
    /// Every exit code that applies, by precedence; `exit` is the first.
    pub exits: Vec<u8>,
    /// Which migrations the command worked with; null where it has nothing to do with any.
    pub migrations: Option<FilesReport>,
    pub targets: BTreeMap<Target, TargetReport>,
    pub ran: Vec<Ran>,
    pub findings: Vec<Finding>,
    pub notes: Vec<Finding>,
    pub error: Option<ErrorReport>,
    /// All of them, where there are several; `error` is the one whose exit code wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorReport>,
    /// For people, all of stdout where a command's result is a text to pass on (`diff --sql`);
    /// findings and notes then stand on stderr.
    #[serde(skip)]
    pub plain: Option<Plain>,
    #[serde(skip)]
    failures: Vec<Failure>,
    /// How sgmp-db was called: what every remedy repeats.
    #[serde(skip)]
    pub call: Call,
    /// The result in words, line by line, for people; a program finds the same in the other members.
    #[serde(skip)]
    pub words: Vec<String>,
    /// What a command has to say beyond the common members (`history`: its events).
    #[serde(flatten, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<&'static str, serde_json::Value>,
}

/// Which migrations a command worked with.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "source", rename_all = "kebab-case")]
pub enum FilesReport {
    /// Those of the binary.
    BuiltIn {
        /// The binary's version.
        version: &'static str,
        /// A folder where we stand that has the very same files.
        #[serde(skip_serializing_if = "Option::is_none")]
        same_as: Option<String>,
    },
    Directory {
        directory: String,
    },
}

impl fmt::Display for FilesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilesReport::BuiltIn { version, same_as } => {
                write!(f, "built-in migrations of {version}")?;
                match same_as {
                    Some(folder) => write!(f, ", the same as {folder}/"),
                    None => Ok(()),
                }
            }
            FilesReport::Directory { directory } => {
                write!(f, "{}/", directory.trim_end_matches('/'))
            }
        }
    }
}

/// A text to pass on.
#[derive(Debug, Clone)]
pub enum Plain {
    /// A unified diff.
    Patch(String),
    /// Statements for the databases' clients.
    Scripts(Vec<Script>),
}

/// What one database looks like.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TargetReport {
    /// Highest applied version.
    pub version: Option<i32>,
    /// Highest version that the files have.
    pub latest: Option<i32>,
    pub applied: Vec<Applied>,
    pub pending: Vec<Pending>,
    pub server: Option<ServerReport>,
}

/// A migration that the database has.
#[derive(Debug, Clone, Serialize)]
pub struct Applied {
    pub version: i32,
    pub name: String,
    /// `sha256:v1:<hex>`; null where another tool applied it and no file is known.
    pub sha256: Option<String>,
    /// RFC 3339; null where another tool applied it.
    pub applied_on: Option<String>,
    pub duration_ms: Option<u64>,
}

/// A migration that the database lacks.
#[derive(Debug, Clone, Serialize)]
pub struct Pending {
    pub version: i32,
    pub name: String,
    /// The statements, under `--dry-run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
}

/// What answers there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ServerReport {
    pub version: String,
    /// TimescaleDB's version, where it is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// `timescale` or `apache`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
}

/// One migration that this run applied, tried or reverted.
#[derive(Debug, Clone, Serialize)]
pub struct Ran {
    pub target: Target,
    pub version: i32,
    pub name: String,
    /// How many statements are in the database now.
    pub statements: usize,
    pub duration_ms: u64,
    pub outcome: RanOutcome,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RanOutcome {
    Applied,
    Resumed,
    Reverted,
    Failed,
    Stopped,
}

/// Why the command stopped.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorReport {
    pub message: String,
    pub remedy: Option<String>,
    pub target: Option<Target>,
    pub file: Option<String>,
    pub line: Option<usize>,
    pub statement: Option<String>,
}

impl Document {
    /// An empty document of that command.
    pub fn new(command: impl Into<String>) -> Document {
        Document {
            format: 1,
            command: command.into(),
            exit: 0,
            exits: Vec::new(),
            migrations: None,
            targets: BTreeMap::new(),
            ran: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
            error: None,
            errors: Vec::new(),
            plain: None,
            failures: Vec::new(),
            call: Call::default(),
            words: Vec::new(),
            extra: BTreeMap::new(),
        }
    }

    /// Adds a reason to stop. All are shown; `error` is the one whose exit code wins.
    pub fn fail(&mut self, error: &anyhow::Error) {
        let failure = Failure::from_error(error);
        // Both databases may fail for one reason, as a tunnel that neither has.
        if !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
    }

    /// Takes in what a part of the work found, with its notes and failures.
    pub fn absorb(&mut self, part: Document) {
        self.findings.extend(part.findings);
        self.notes.extend(part.notes);
        self.failures.extend(part.failures);
    }

    /// Every reason to stop, in the order in which they came.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// Works out `exits`, `exit` and `error`, and completes the remedies for this call; `beside` are
    /// codes that no finding or failure stands for.
    pub fn conclude(&mut self, beside: impl IntoIterator<Item = Exit>) -> u8 {
        let told = self.findings.iter_mut().chain(&mut self.notes);
        let told = told.map(|finding| &mut finding.remedy);
        let failed = self.failures.iter_mut().map(|failure| &mut failure.remedy);
        for remedy in told.chain(failed).flatten() {
            *remedy = self.call.complete(remedy);
        }
        for note in &mut self.notes {
            note.message = self.call.complete(&note.message);
        }
        let exits = Exit::ranked(
            beside
                .into_iter()
                .chain(self.findings.iter().map(|finding| finding.kind.exit()))
                .chain(self.failures.iter().map(|failure| failure.exit)),
        );
        self.error = exits
            .iter()
            .find_map(|exit| self.failures.iter().find(|failure| failure.exit == *exit))
            .map(Failure::report);
        if self.failures.len() > 1 {
            self.errors = self.failures.iter().map(Failure::report).collect();
        }
        self.exits = exits.iter().map(|exit| exit.code()).collect();
        self.exit = self.exits.first().copied().unwrap_or(0);
        self.exit
    }
}
