//! The tokens of one statement that mean something, with the questions asked of them.

use super::{
    Dialect,
    lexer::{Kind, Lexer},
    modes::Modes,
};

/// A token that is neither blank nor comment.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    /// Offset in the text that was read.
    pub at: usize,
}

impl Token<'_> {
    /// Is it this keyword, in any case, without quotes?
    pub fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Is it one of these keywords?
    pub fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    /// Is it this character?
    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// An identifier as the server knows it: without quotes, and in PostgreSQL folded.
    pub fn name(&self, dialect: Dialect) -> String {
        match (self.kind, dialect) {
            (Kind::Quoted, Dialect::Mysql) if self.text.starts_with('"') => {
                unquoted(self.text, "\"")
            }
            (Kind::Quoted, Dialect::Mysql) => unquoted(self.text, "`"),
            (Kind::Quoted, Dialect::Postgres) => unquoted(self.text, "\""),
            (_, Dialect::Postgres) => self.text.to_lowercase(),
            _ => self.text.to_owned(),
        }
    }
}

fn unquoted(text: &str, quote: &str) -> String {
    let inner = text
        .strip_prefix(quote)
        .and_then(|text| text.strip_suffix(quote));
    inner.unwrap_or(text).replace(&quote.repeat(2), quote)
}

/// The meaningful tokens of a text, by the settings that the runner gives a session.
pub fn tokens(dialect: Dialect, text: &str) -> Vec<Token<'_>> {
    tokens_by(dialect, Modes::of(dialect), text)
}

/// The same by other settings. What does not end is one token.
pub fn tokens_by(dialect: Dialect, modes: Modes, text: &str) -> Vec<Token<'_>> {
    let lexer = Lexer {
        dialect,
        text,
        modes,
        delimiter: "",
    };
    let (mut tokens, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let (kind, end) = lexer.token(at).unwrap_or((Kind::String, text.len()));
        if !matches!(kind, Kind::Blank | Kind::Comment) {
            tokens.push(Token {
                kind,
                text: &text[at..end],
                at,
            });
        }
        at = end;
    }
    tokens
}

/// Do these keywords stand there, one behind the other?
pub fn sequence(tokens: &[Token<'_>], keywords: &[&str]) -> bool {
    tokens.len() >= keywords.len()
        && tokens
            .iter()
            .zip(keywords)
            .all(|(token, word)| token.is(word))
}

/// Do these keywords stand anywhere, one behind the other?
pub fn contains(tokens: &[Token<'_>], keywords: &[&str]) -> bool {
    (0..tokens.len()).any(|start| sequence(&tokens[start..], keywords))
}
