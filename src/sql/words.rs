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
    each_token(dialect, modes, text).collect()
}

/// The same one by one: a text may be large.
pub fn each_token(dialect: Dialect, modes: Modes, text: &str) -> impl Iterator<Item = Token<'_>> {
    let lexer = Lexer {
        dialect,
        text,
        modes,
        delimiter: "",
    };
    let mut next = 0;
    std::iter::from_fn(move || {
        while next < text.len() {
            let at = next;
            let (kind, end) = lexer.token(at).unwrap_or((Kind::String, text.len()));
            next = end;
            if !matches!(kind, Kind::Blank | Kind::Comment) {
                let text = &text[at..end];
                return Some(Token { kind, text, at });
            }
        }
        None
    })
}

/// The tokens of a `/*! … */` that the server reads as SQL, with the version that it asks for. Source: MySQL
/// 8.4 Reference Manual, 11.7 (Comments): five digits, or six.
pub(super) fn inside<'a>(
    modes: Modes,
    comment: &Token<'a>,
) -> (Option<u32>, impl Iterator<Item = Token<'a>>) {
    let text = comment.text.strip_suffix("*/").unwrap_or(comment.text);
    let body = text.strip_prefix("/*!").unwrap_or_default();
    let digits = body.bytes().take(6).take_while(u8::is_ascii_digit).count();
    let digits = if digits < 5 { 0 } else { digits };
    let at = comment.at + (text.len() - body.len()) + digits;
    let tokens = tokens_by(Dialect::Mysql, modes, &body[digits..]);
    let moved = tokens.into_iter().map(move |token| Token {
        at: token.at + at,
        ..token
    });
    (body[..digits].parse().ok(), moved)
}

/// Is it a comment that the server reads as SQL?
pub(super) fn is_executable(token: &Token<'_>) -> bool {
    token.kind == Kind::Executable && token.text.starts_with("/*!")
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
