//! A column, a key or an action of a CREATE TABLE or ALTER TABLE.

use super::parse::{bracket, parts};
use crate::sql::{Dialect, Token, TokenKind, contains};

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A column of a CREATE TABLE.
    Column,
    /// A key or a check of a CREATE TABLE.
    Key,
    AddColumn,
    AddKey,
    DropColumn,
    DropKey,
    /// `ALTER COLUMN c …`
    AlterColumn,
    /// MySQL: `MODIFY c …`, `CHANGE c d …`.
    Redefine,
    Rename,
    Other,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct Clause<'a> {
    pub act: Act,
    pub dialect: Dialect,
    /// The column, or the constraint, as the server knows it.
    pub name: Option<String>,
    /// All of it.
    pub tokens: Vec<Token<'a>>,
    /// Where in `tokens` begins what stands behind the name.
    pub body: usize,
}

/// What ends a column's type.
const BEHIND_TYPE: [&str; 33] = [
    "not",
    "null",
    "default",
    "primary",
    "unique",
    "references",
    "check",
    "generated",
    "auto_increment",
    "comment",
    "collate",
    "constraint",
    "character",
    "charset",
    "on",
    "first",
    "after",
    "as",
    "visible",
    "invisible",
    "storage",
    "compression",
    "using",
    "key",
    "virtual",
    "stored",
    "set",
    "column_format",
    "engine_attribute",
    "srid",
    "encode",
    "reference",
    "algorithm",
];

impl<'a> Clause<'a> {
    /// What stands behind the name.
    pub fn rest(&self) -> &[Token<'a>] {
        self.tokens.get(self.body..).unwrap_or_default()
    }

    /// Do these words stand behind the name, one behind the other?
    pub fn has(&self, words: &[&str]) -> bool {
        contains(self.rest(), words)
    }

    /// Is it a column that is made here?
    pub fn is_column(&self) -> bool {
        matches!(self.act, Act::Column | Act::AddColumn)
    }

    /// Does it define a column, old or new?
    pub fn defines_column(&self) -> bool {
        self.is_column() || self.act == Act::Redefine
    }

    /// Is it a key or check that is made here?
    pub fn is_key(&self) -> bool {
        matches!(self.act, Act::Key | Act::AddKey)
    }

    /// The type of a column, in small letters: `varchar(40)`, `timestamp with time zone`.
    pub fn kind(&self) -> String {
        kind(self.rest())
    }

    /// Its first word.
    pub fn base(&self) -> String {
        let kind = self.kind();
        let end = kind.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        kind[..end.unwrap_or(kind.len())].to_owned()
    }

    /// What stands behind DEFAULT, as far as the column's next property.
    pub fn default(&self) -> Option<&[Token<'a>]> {
        let rest = self.rest();
        let at = rest.iter().position(|token| token.is("default"))? + 1;
        let ends = [
            "not",
            "primary",
            "unique",
            "references",
            "check",
            "comment",
            "collate",
            "constraint",
            "first",
            "after",
            "on",
        ];
        let mut depth = 0_i32;
        let end = rest[at..].iter().position(|token| {
            depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
            depth <= 0 && token.is_any(&ends)
        });
        Some(&rest[at..end.map_or(rest.len(), |end| at + end)])
    }

    /// Is it, or has it, a foreign key?
    pub fn refers(&self) -> bool {
        (self.is_column() || self.is_key())
            && self.tokens.iter().any(|token| token.is("references"))
    }

    /// The table that a foreign key refers to.
    pub fn referred(&self) -> Option<String> {
        let at = self
            .tokens
            .iter()
            .position(|token| token.is("references"))?;
        super::parse::name(self.dialect, &self.tokens[at + 1..]).map(|(name, _)| name)
    }

    /// Columns of a key: those in its first brackets; of a column's own key the column.
    pub fn key_columns(&self) -> Vec<String> {
        match self.is_column() {
            true => self.name.iter().cloned().collect(),
            false => first_names(self.dialect, &self.tokens),
        }
    }
}

/// The type at the beginning of these.
pub fn kind(tokens: &[Token<'_>]) -> String {
    let mut kind = String::new();
    let mut depth = 0_i32;
    for (index, token) in tokens.iter().enumerate() {
        let ends =
            token.is_any(&BEHIND_TYPE) || token.is_symbol(",") || token.kind == TokenKind::String;
        if depth == 0 && index > 0 && ends {
            break;
        }
        depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
        let was_word = kind.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ')');
        if was_word && token.kind == TokenKind::Word && depth == 0 {
            kind.push(' ');
        }
        kind.push_str(&token.text.to_lowercase());
    }
    kind
}

/// The names in the first brackets of these; what is an expression is an empty one.
pub fn first_names(dialect: Dialect, tokens: &[Token<'_>]) -> Vec<String> {
    let Some(open) = tokens.iter().position(|token| token.is_symbol("(")) else {
        return Vec::new();
    };
    let inner = bracket(tokens, open);
    parts(&tokens[inner])
        .map(|part| of_part(dialect, part))
        .collect()
}

fn of_part(dialect: Dialect, part: &[Token<'_>]) -> String {
    let is_call =
        part.get(1).is_some_and(|next| next.is_symbol("(")) && dialect == Dialect::Postgres;
    match part.first() {
        Some(first) if matches!(first.kind, TokenKind::Word | TokenKind::Quoted) && !is_call => {
            super::parse::folded(dialect, first)
        }
        _ => String::new(),
    }
}
