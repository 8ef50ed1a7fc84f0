//! One token after the other, losing nothing: blanks and comments are tokens too.
//!
//! Sources: MySQL 8.0 Reference Manual, 11.1 (literals), 11.7 (comments), 11.2 (identifiers);
//! PostgreSQL documentation, 4.1 (lexical structure).

use super::Dialect;

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
    /// A delimiter that ends even a word (`END$$`); empty where it is the semicolon.
    pub delimiter: &'a str,
}

impl Lexer<'_> {
    /// Kind and end of the token at `at`, which must be before the end of the text and on a
    /// character's boundary.
    pub fn token(&self, at: usize) -> Result<(Kind, usize), Unterminated> {
        let rest = &self.text[at..];
        let first = rest.chars().next().unwrap_or(' ');
        if first.is_whitespace() {
            return Ok((Kind::Blank, at + span(rest, char::is_whitespace)));
        }
        if let Some(comment) = self.comment(at)? {
            return Ok(comment);
        }
        match (self.dialect, first) {
            (Dialect::Mysql, '\'' | '"') => {
                self.backslashed(at, first).map(|end| (Kind::String, end))
            }
            (Dialect::Mysql, '`') => self
                .doubled(at, '`', "identifier")
                .map(|end| (Kind::Quoted, end)),
            (Dialect::Postgres, '\'') => self
                .doubled(at, '\'', "string")
                .map(|end| (Kind::String, end)),
            (Dialect::Postgres, '"') => self
                .doubled(at, '"', "identifier")
                .map(|end| (Kind::Quoted, end)),
            (Dialect::Postgres, '$') => self.dollar(at),
            _ if is_word(first) => self.word(at),
            _ => Ok((Kind::Symbol, at + first.len_utf8())),
        }
    }

    fn comment(&self, at: usize) -> Result<Option<(Kind, usize)>, Unterminated> {
        let rest = &self.text[at..];
        let line = || at + rest.find('\n').unwrap_or(rest.len());
        if let Some(behind) = rest.strip_prefix("--") {
            // MySQL needs a blank or control character behind it: `5--3` is arithmetic.
            let comment = match self.dialect {
                Dialect::Postgres => true,
                Dialect::Mysql => behind
                    .chars()
                    .next()
                    .is_none_or(|c| c.is_whitespace() || c.is_control()),
            };
            return Ok(comment.then(|| (Kind::Comment, line())));
        }
        if self.dialect == Dialect::Mysql && rest.starts_with('#') {
            return Ok(Some((Kind::Comment, line())));
        }
        if !rest.starts_with("/*") {
            return Ok(None);
        }
        let executable =
            self.dialect == Dialect::Mysql && (rest.starts_with("/*!") || rest.starts_with("/*+"));
        let end = self.block_comment(at)?;
        Ok(Some((
            if executable {
                Kind::Executable
            } else {
                Kind::Comment
            },
            end,
        )))
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
        let mut length = span(rest, is_word);
        if !self.delimiter.is_empty()
            && let Some(offset) = rest[..].find(self.delimiter)
            && offset < length
        {
            // The delimiter is looked for before each token, so it is not at the word's beginning.
            length = offset.max(rest.chars().next().map_or(1, char::len_utf8));
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

    /// `E'…'`; a piece that continues on another line follows the same rules.
    fn escape_string(&self, quote: usize) -> Result<usize, Unterminated> {
        let end = self.backslashed(quote, '\'')?;
        let rest = &self.text[end..];
        let blank = span(rest, char::is_whitespace);
        if rest[..blank].contains('\n') && rest[blank..].starts_with('\'') {
            return self.escape_string(end + blank);
        }
        Ok(end)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || (!c.is_ascii() && !c.is_whitespace())
}

/// Length in bytes of the longest beginning of `text` in which every character is `wanted`.
fn span(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|c| !wanted(c)).unwrap_or(text.len())
}
