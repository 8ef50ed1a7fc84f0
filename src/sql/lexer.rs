//! One token after the other, losing nothing: blanks and comments are tokens too.
//!
//! Sources: MySQL 8.0 Reference Manual, 11.1 (literals), 11.7 (comments), 11.2 (identifiers);
//! PostgreSQL documentation, 4.1 (lexical structure).

use super::{Dialect, modes::Modes, work};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Blank,
    Comment,
    /// `/*! … */` and `/*+ … */` of MySQL: the server reads them.
    Executable,
    /// An identifier, keyword or number without quotes.
    Word,
    /// A quoted identifier.
    Quoted,
    String,
    /// One other character.
    Symbol,
}

/// A token that does not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unterminated {
    /// Where it begins.
    pub at: usize,
    pub what: &'static str,
}

/// A cursor over a text.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    pub dialect: Dialect,
    pub text: &'a str,
    /// What the session's settings make of quotes and backslashes.
    pub modes: Modes,
    /// A delimiter that ends even a word (`END$$`); empty where it is the semicolon.
    pub delimiter: &'a str,
}

impl Lexer<'_> {
    /// Kind and end of the token at `at`, which must be before the end of the text and on a
    /// character's boundary.
    pub fn token(&self, at: usize) -> Result<(Kind, usize), Unterminated> {
        let token = self.read(at);
        work::count(token.as_ref().map_or(self.text.len(), |(_, end)| *end) - at);
        token
    }

    fn read(&self, at: usize) -> Result<(Kind, usize), Unterminated> {
        let rest = &self.text[at..];
        let first = rest.chars().next().unwrap_or(' ');
        if is_blank(first) {
            return Ok((Kind::Blank, at + span(rest, is_blank)));
        }
        if let Some(comment) = self.comment(at)? {
            return Ok(comment);
        }
        let identifier = |end| (Kind::Quoted, end);
        match (self.dialect, first) {
            (Dialect::Mysql, '`') => self.doubled(at, '`', "identifier").map(identifier),
            (Dialect::Mysql, '"') if !self.modes.ansi_quotes => self.string(at, '"'),
            (_, '"') => self.doubled(at, '"', "identifier").map(identifier),
            (_, '\'') => self.string(at, '\''),
            (Dialect::Postgres, '$') => self.dollar(at),
            _ if is_word(first) => self.word(at),
            _ => Ok((Kind::Symbol, at + first.len_utf8())),
        }
    }

    fn comment(&self, at: usize) -> Result<Option<(Kind, usize)>, Unterminated> {
        let rest = &self.text[at..];
        let line = || at + rest.find(self.line_ends()).unwrap_or(rest.len());
        if let Some(behind) = rest.strip_prefix("--") {
            // MySQL needs a blank or control character behind it: `5--3` is arithmetic.
            let comment = match self.dialect {
                Dialect::Postgres => true,
                Dialect::Mysql => behind
                    .chars()
                    .next()
                    .is_none_or(|c| c.is_ascii_whitespace() || c.is_ascii_control()),
            };
            return Ok(comment.then(|| (Kind::Comment, line())));
        }
        if self.dialect == Dialect::Mysql && rest.starts_with('#') {
            return Ok(Some((Kind::Comment, line())));
        }
        if !rest.starts_with("/*") {
            return Ok(None);
        }
        let kind = match self.dialect {
            Dialect::Mysql if rest.starts_with("/*!") => {
                let end = self
                    .executable_comment(at)
                    .map_or_else(|| self.block_comment(at), Ok)?;
                return Ok(Some((Kind::Executable, end)));
            }
            Dialect::Mysql if rest.starts_with("/*+") => Kind::Executable,
            _ => Kind::Comment,
        };
        Ok(Some((kind, self.block_comment(at)?)))
    }

    /// Where a `--` comment ends: PostgreSQL and psql end it at a carriage return too, MySQL and its client
    /// do not.
    fn line_ends(&self) -> &'static [char] {
        match self.dialect {
            Dialect::Postgres => &['\n', '\r'],
            Dialect::Mysql => &['\n'],
        }
    }

    /// End of `/*! … */` as the server reads it: a string inside may have the end sign, and one comment
    /// may stand inside. None where that does not come out even.
    pub(super) fn executable_comment(&self, at: usize) -> Option<usize> {
        let mut position = at + "/*!".len();
        while position < self.text.len() {
            let rest = &self.text[position..];
            if rest.starts_with("*/") {
                return Some(position + 2);
            }
            position = match rest.starts_with("/*") {
                true => self.block_comment(position).ok()?,
                false => self.token(position).ok()?.1,
            };
        }
        None
    }

    /// PostgreSQL nests block comments, MySQL does not.
    fn block_comment(&self, at: usize) -> Result<usize, Unterminated> {
        let bytes = self.text.as_bytes();
        let (mut depth, mut position) = (1_usize, at + 2);
        while position + 1 < bytes.len() {
            match (&bytes[position..position + 2], self.dialect) {
                (b"*/", _) => {
                    depth -= 1;
                    position += 2;
                    if depth == 0 {
                        return Ok(position);
                    }
                }
                (b"/*", Dialect::Postgres) => {
                    depth += 1;
                    position += 2;
                }
                _ => position += 1,
            }
        }
        Err(Unterminated {
            at,
            what: "comment",
        })
    }

    /// A literal by the session's rules.
    fn string(&self, at: usize, quote: char) -> Result<(Kind, usize), Unterminated> {
        let end = match self.modes.backslash {
            true => self.backslashed(at, quote),
            false => self.doubled(at, quote, "string"),
        };
        end.map(|end| (Kind::String, end))
    }

    /// A literal in which the backslash escapes and the quote is doubled.
    fn backslashed(&self, at: usize, quote: char) -> Result<usize, Unterminated> {
        let bytes = self.text.as_bytes();
        let mut position = at + 1;
        while position < bytes.len() {
            match bytes[position] {
                b'\\' => position += 2,
                byte if byte == quote as u8 => {
                    if bytes.get(position + 1) != Some(&byte) {
                        return Ok(position + 1);
                    }
                    position += 2;
                }
                _ => position += 1,
            }
        }
        Err(Unterminated { at, what: "string" })
    }

    /// A literal in which only the doubled quote escapes.
    fn doubled(&self, at: usize, quote: char, what: &'static str) -> Result<usize, Unterminated> {
        let bytes = self.text.as_bytes();
        let mut position = at + 1;
        while position < bytes.len() {
            if bytes[position] == quote as u8 {
                if bytes.get(position + 1) != Some(&(quote as u8)) {
                    return Ok(position + 1);
                }
                position += 1;
            }
            position += 1;
        }
        Err(Unterminated { at, what })
    }

    /// A dollar-quoted string, a parameter (`$1`), or a lone dollar.
    fn dollar(&self, at: usize) -> Result<(Kind, usize), Unterminated> {
        let rest = &self.text[at + 1..];
        let length = span(rest, |c| c.is_alphanumeric() || c == '_' || !c.is_ascii());
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok((Kind::Word, at + 1 + span(rest, |c| c.is_ascii_digit())));
        }
        if !rest[length..].starts_with('$') {
            return Ok((Kind::Symbol, at + 1));
        }
        let tag = &self.text[at..at + length + 2];
        let body = at + tag.len();
        match self.text[body..].find(tag) {
            Some(offset) => Ok((Kind::String, body + offset + tag.len())),
            None => Err(Unterminated {
                at,
                what: "dollar-quoted string",
            }),
        }
    }

    fn word(&self, at: usize) -> Result<(Kind, usize), Unterminated> {
        let rest = &self.text[at..];
        // A number of PostgreSQL's ends before a dollar, where a dollar-quoted string may begin.
        let is_number =
            self.dialect == Dialect::Postgres && rest.starts_with(|c: char| c.is_ascii_digit());
        let mut length = match is_number {
            true => span(rest, |c| is_word(c) && c != '$'),
            false => span(rest, is_word),
        };
        // The delimiter is looked for before each token, so it is not at the word's beginning.
        let inside = rest
            .char_indices()
            .skip(1)
            .take_while(|(offset, _)| *offset < length);
        if !self.delimiter.is_empty()
            && let Some((offset, _)) = inside
                .into_iter()
                .find(|(offset, _)| rest[*offset..].starts_with(self.delimiter))
        {
            length = offset;
        }
        let end = at + length;
        let word = &rest[..length];
        if self.dialect == Dialect::Postgres
            && word.eq_ignore_ascii_case("e")
            && self.text[end..].starts_with('\'')
        {
            return self.escape_string(end).map(|end| (Kind::String, end));
        }
        Ok((Kind::Word, end))
    }

    /// `E'…'`; a piece that continues on another line follows the same rules, and between the two may be
    /// a `--` comment.
    fn escape_string(&self, quote: usize) -> Result<usize, Unterminated> {
        let mut end = self.backslashed(quote, '\'')?;
        loop {
            let mut next = end;
            while self.text[next..].starts_with("--") || self.text[next..].starts_with(is_blank) {
                next = self.token(next)?.1;
            }
            if !self.text[end..next].contains(self.line_ends())
                || !self.text[next..].starts_with('\'')
            {
                return Ok(end);
            }
            end = self.backslashed(next, '\'')?;
        }
    }
}

/// Both servers know the blanks of ASCII only; any other is part of a name.
pub(super) fn is_blank(c: char) -> bool {
    c == ' ' || ('\t'..='\r').contains(&c)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

/// Length in bytes of the longest beginning of `text` in which every character is `wanted`.
fn span(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|c| !wanted(c)).unwrap_or(text.len())
}
