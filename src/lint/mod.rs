//! Which statements of a migration are a bad idea, why, and what is the safer way? Pure: knows no server, no file
//! and no command.
//!
//! It reads words, not a grammar: what it does not understand it says nothing about, so that no valid SQL makes it
//! fail. docs/lint.md says why, and has a page per rule that is generated from the rules.

mod clause;
mod context;
mod known;
mod parse;
mod refusals;
mod reserved;
mod review;
mod rules;

pub use context::File;
pub use refusals::REFUSALS;
pub use review::{Origin, Reviewer, Told};
pub use rules::RULES;

use crate::sql::Dialect;
use clause::Clause;
use context::At;

/// What a rule is about; the pages are in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// What locks or rewrites a table. Way back too.
    Locks,
    /// What cannot be got back. A way back loses by its nature, and `downgrade` asks before it does.
    Loss,
    /// What a half-done file leaves, and who else reads the schema meanwhile. Way back too.
    Running,
    /// How a table should be.
    Design,
    /// Names.
    Names,
    /// What is another file's or another server's business.
    Elsewhere,
}

/// How bad?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// `check` fails (exit 2).
    Error,
    /// `check` says so, and passes.
    Warning,
}

/// What a rule looks at. Each gives what is wrong, in words, or nothing.
pub enum Find {
    /// Each column, key and action of a CREATE TABLE or ALTER TABLE.
    Clause(fn(&Clause<'_>, &At<'_, '_>) -> Option<String>),
    /// Each statement that changes rows: there may be very many.
    Rows(fn(&At<'_, '_>) -> Option<String>),
    /// Each other statement.
    Statement(fn(&At<'_, '_>) -> Option<String>),
    /// The file as a whole: indexes of its statements with what is wrong with each.
    File(fn(&File<'_>, &known::Known) -> Vec<(usize, String)>),
}

/// One rule.
pub struct Rule {
    /// As `-- sgmp-db: allow=<name> because "…"` has it.
    pub name: &'static str,
    pub subject: Subject,
    /// None where both servers are meant.
    pub dialect: Option<Dialect>,
    pub severity: Severity,
    /// Why it is a bad idea: whole sentences.
    pub reason: &'static str,
    /// What to write instead, as SQL in a sentence.
    pub safer: &'static str,
    /// SQL in which exactly one thing breaks this rule.
    pub bad: &'static str,
    /// SQL that means the same and breaks no rule.
    pub good: &'static str,
    pub find: Find,
}

impl Rule {
    /// Is it of this SQL?
    pub fn is_for(&self, dialect: Dialect) -> bool {
        self.dialect.is_none_or(|only| only == dialect)
    }
}

/// The rule of that name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}

/// Every name that an `allow` may have.
pub fn names() -> impl Iterator<Item = &'static str> {
    let refused = REFUSALS.iter().map(|refusal| refusal.name);
    refused.chain(RULES.iter().map(|rule| rule.name))
}

#[cfg(test)]
mod page;
#[cfg(test)]
mod tests;
