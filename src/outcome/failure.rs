//! An error that knows its exit code and what to type next.

use super::{ErrorReport, Exit, Ruled};
use crate::target::Target;
use std::fmt;

/// Why a command stopped: the fact, then the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub exit: Exit,
    /// The fact: lower case, no full stop, no secret.
    pub message: String,
    /// What to do: the exact command to type, where there is one.
    pub remedy: Option<String>,
    pub target: Option<Target>,
    pub file: Option<String>,
    /// Line in `file`, from 1.
    pub line: Option<usize>,
    /// Text of the statement that failed.
    pub statement: Option<Box<str>>,
    /// The rule of `check` that is broken.
    pub ruled: Option<Box<Ruled>>,
}

impl Failure {
    /// A failure with that code and fact, and nothing else known yet.
    pub fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure {
            exit,
            message: message.into(),
            remedy: None,
            target: None,
            file: None,
            line: None,
            statement: None,
            ruled: None,
        }
    }

    /// Usage or configuration is wrong (exit 2).
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, message)
    }

    /// Failed with nothing half-applied (exit 1).
    pub fn failed(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Failed, message)
    }

    /// The same with what to type next.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Failure {
        self.remedy = Some(remedy.into());
        self
    }

    /// The same, told of one database.
    pub fn on(mut self, target: Target) -> Failure {
        self.target = Some(target);
        self
    }

    /// The same, with the place in a file.
    pub fn at(mut self, file: impl Into<String>, line: Option<usize>) -> Failure {
        self.file = Some(file.into());
        self.line = line;
        self
    }

    /// The same, with the statement that failed.
    pub fn statement(mut self, text: impl Into<String>) -> Failure {
        self.statement = Some(text.into().into_boxed_str());
        self
    }

    /// The same, with the rule that is broken.
    pub fn ruled(mut self, ruled: Ruled) -> Failure {
        self.ruled = Some(Box::new(ruled));
        self
    }

    /// What any error means to the shell; one that is not a `Failure` is exit 1 without a remedy.
    pub fn from_error(error: &anyhow::Error) -> Failure {
        match error.downcast_ref::<Failure>() {
            Some(failure) => failure.clone(),
            None => Failure::failed(format!("{error:#}")),
        }
    }

    /// The `error` member of the JSON document.
    pub fn report(&self) -> ErrorReport {
        ErrorReport {
            message: self.message.clone(),
            remedy: self.remedy.clone(),
            target: self.target,
            file: self.file.clone(),
            line: self.line,
            statement: self.statement.as_deref().map(str::to_owned),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            match self.line {
                Some(line) => write!(f, "{line}: ")?,
                None => f.write_str(" ")?,
            }
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
