//! What happens while migrations run, as values for whoever shows progress.

use crate::target::Target;

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// A server does not answer yet.
    Unreachable {
        target: Target,
        why: &'a str,
    },
    /// Somebody else has the lock.
    Waiting {
        target: Target,
        holder: &'a str,
    },
    /// A lock on a table was not free in time; the same is tried again.
    Retrying {
        target: Target,
        file: &'a str,
        why: &'a str,
        seconds: u64,
    },
    /// Nothing has moved for a while; `doing` is what the server says.
    Busy {
        target: Target,
        /// None while the record or the policies are at work.
        file: Option<&'a str>,
        statement: Option<usize>,
        seconds: u64,
        doing: &'a str,
    },
    Created {
        target: Target,
        database: &'a str,
    },
    Started {
        target: Target,
        file: &'a str,
        from: usize,
        statements: usize,
    },
    Statement {
        target: Target,
        file: &'a str,
        done: usize,
        statements: usize,
    },
    Finished {
        target: Target,
        file: &'a str,
        statements: usize,
        milliseconds: u64,
    },
    Failed {
        target: Target,
        file: &'a str,
    },
}

/// Whoever wants to know.
pub type Observer<'a> = &'a dyn Fn(Event<'_>);
