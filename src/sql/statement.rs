//! A SQL text and its statements: split and read once, when first asked for, and handed down from there.

use super::{
    Dialect,
    classify::{Facts, classify},
    modes::Modes,
    split::{SyntaxError, read},
    words::{Token, inside, is_executable, tokens_by},
};
use std::{
    fmt,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// A text and, when somebody has asked, its statements. A copy shares both.
#[derive(Clone)]
pub struct SqlText(Arc<Read>);

struct Read {
    dialect: Dialect,
    text: Arc<str>,
    statements: OnceLock<Result<Vec<Statement>, SyntaxError>>,
}

impl SqlText {
    /// A text that nobody has read yet.
    pub fn new(dialect: Dialect, text: impl Into<Arc<str>>) -> SqlText {
        SqlText(Arc::new(Read {
            dialect,
            text: text.into(),
            statements: OnceLock::new(),
        }))
    }

    /// Which SQL it is.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// The bytes as written.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Its statements.
    ///
    /// # Errors
    /// Something does not end, or is a command of a client.
    pub fn parsed(&self) -> Result<&[Statement], &SyntaxError> {
        let read = || read(self.0.dialect, &self.0.text);
        let statements = self.0.statements.get_or_init(read);
        statements.as_ref().map(Vec::as_slice)
    }

    /// Its statements; none of a text that cannot be split.
    pub fn statements(&self) -> &[Statement] {
        self.parsed().unwrap_or_default()
    }
}

impl PartialEq for SqlText {
    fn eq(&self, other: &SqlText) -> bool {
        self.dialect() == other.dialect() && self.as_str() == other.as_str()
    }
}

impl Eq for SqlText {}

impl fmt::Debug for SqlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// One statement, as it is sent, with what is known from its words.
#[derive(Clone)]
pub struct Statement {
    source: Arc<str>,
    /// Of `text` in the file.
    pub range: Range<usize>,
    /// Line of its first token, from 1.
    pub line: usize,
    pub dialect: Dialect,
    /// How the session reads quotes when it comes to this statement.
    pub modes: Modes,
    pub facts: Facts,
}

/// A statement without the text that it was cut out of.
pub(super) struct Draft {
    pub range: Range<usize>,
    pub line: usize,
    pub modes: Modes,
    pub facts: Facts,
}

impl Statement {
    pub(super) fn cut(dialect: Dialect, source: &Arc<str>, draft: Draft) -> Statement {
        Statement {
            source: source.clone(),
            range: draft.range,
            line: draft.line,
            dialect,
            modes: draft.modes,
            facts: draft.facts,
        }
    }

    /// A statement that stands alone, by the settings that the runner gives a session.
    pub fn of(dialect: Dialect, text: &str) -> Statement {
        let modes = Modes::of(dialect);
        let draft = Draft {
            range: 0..text.len(),
            line: 1,
            modes,
            facts: classify(dialect, text, &flat(dialect, modes, text)),
        };
        Statement::cut(dialect, &Arc::from(text), draft)
    }

    /// The bytes as written, without the comments and blanks around and without the delimiter: a
    /// trailing `-- comment` would swallow what is sent behind it.
    pub fn text(&self) -> &str {
        &self.source[self.range.clone()]
    }

    /// Its meaningful tokens, with those in `/*! … */`. Each call reads the text again.
    pub fn tokens(&self) -> Vec<Token<'_>> {
        flat(self.dialect, self.modes, self.text())
    }

    /// The same with `/*! … */` as one token.
    pub(super) fn tokens_as_written(&self) -> Vec<Token<'_>> {
        tokens_by(self.dialect, self.modes, self.text())
    }

    /// What a MySQL server of that version (80404 is 8.4.4) is sent. A statement that is nothing but comments for
    /// newer servers is none there, and in a packet of several an empty one is an error.
    pub fn on_server(&self, version: u32) -> &str {
        match self.facts.since {
            Some(since) if since > version => "DO 0",
            _ => self.text(),
        }
    }

    /// A few words for reports: `CREATE TABLE device`.
    pub fn summary(&self) -> String {
        let words: Vec<&str> = self.text().split_whitespace().take(6).collect();
        let mut summary: String = words.join(" ").chars().take(60).collect();
        if let Some(bracket) = summary.find('(') {
            summary.truncate(bracket);
        }
        summary.trim_end().to_owned()
    }
}

fn flat(dialect: Dialect, modes: Modes, text: &str) -> Vec<Token<'_>> {
    let mut flat = Vec::new();
    for token in tokens_by(dialect, modes, text) {
        match is_executable(&token) {
            true => flat.extend(inside(modes, &token).1),
            false => flat.push(token),
        }
    }
    flat
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {:?}", self.line, self.text())
    }
}
