//! A file's statements, each with its place.

use super::{
    Dialect,
    classify::{Facts, classify},
    compound::Nesting,
    differing,
    gather::Gathered,
    lexer::{Kind, Lexer, Unterminated},
    modes::Modes,
    refuse,
    statement::{Draft, Statement},
    words::{Token, inside, is_executable},
};
use std::{fmt, ops::Range, sync::Arc};

/// Why a text has no statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    pub message: String,
    pub hint: Option<String>,
    /// Is it a command of a client (`source`, `\i`), which no server understands?
    pub client_command: bool,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// A part of a text; all parts together are the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub kind: PieceKind,
    pub range: Range<usize>,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    Statement,
    /// Blanks and comments between statements, and a byte order mark.
    Between,
    /// What ends a statement.
    Delimiter,
    /// A DELIMITER line of MySQL's client.
    DelimiterCommand,
    /// From here on the text does not end as it should.
    Broken,
}

/// The statements of a file, copied out of it.
///
/// # Errors
/// Something does not end, or is a command of a client.
pub fn split(dialect: Dialect, text: &str) -> Result<Vec<Statement>, SyntaxError> {
    read(dialect, &Arc::from(text))
}

/// The statements of a file, read in one pass.
pub(super) fn read(dialect: Dialect, text: &Arc<str>) -> Result<Vec<Statement>, SyntaxError> {
    differing::nul(text).map_err(|refused| refused_at(text, refused))?;
    let mut splitter = Splitter::new(dialect, text);
    splitter.statements = Some(Vec::new());
    splitter.run();
    if let Some(refused) = splitter.refused {
        return Err(refused);
    }
    if let Some(Unterminated { at, what }) = splitter.broken {
        return Err(error(text, at, format!("this {what} does not end"), None));
    }
    let drafts = splitter.statements.unwrap_or_default();
    Ok(drafts
        .into_iter()
        .map(|draft| Statement::cut(dialect, text, draft))
        .collect())
}

fn client_error(text: &str, refused: refuse::Refused) -> SyntaxError {
    SyntaxError {
        client_command: true,
        ..refused_at(text, refused)
    }
}

fn refused_at(text: &str, refused: refuse::Refused) -> SyntaxError {
    error(text, refused.at, refused.message, Some(refused.hint))
}

/// Every part of a text, in order, losing nothing; never fails.
pub fn pieces(dialect: Dialect, text: &str) -> Vec<Piece> {
    let mut splitter = Splitter::new(dialect, text);
    splitter.run();
    splitter.pieces
}

fn error(text: &str, at: usize, message: String, hint: Option<String>) -> SyntaxError {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    SyntaxError {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message,
        hint,
        client_command: false,
    }
}

struct Splitter<'a> {
    lexer: Lexer<'a>,
    pieces: Vec<Piece>,
    /// End of the last piece.
    cut: usize,
    /// From the first to the end of the last meaningful token of the statement under way.
    open: Option<Range<usize>>,
    nesting: Nesting<'a>,
    gathered: Gathered<'a>,
    broken: Option<Unterminated>,
    /// What has been read; none where only the pieces are asked for.
    statements: Option<Vec<Draft>>,
    refused: Option<SyntaxError>,
    /// Line of `counted`, from 1.
    line: usize,
    counted: usize,
}

impl<'a> Splitter<'a> {
    fn new(dialect: Dialect, text: &'a str) -> Splitter<'a> {
        Splitter {
            lexer: Lexer {
                dialect,
                text,
                modes: Modes::of(dialect),
                delimiter: "",
            },
            pieces: Vec::new(),
            cut: 0,
            open: None,
            nesting: Nesting::default(),
            gathered: Gathered::default(),
            broken: None,
            statements: None,
            refused: None,
            line: 1,
            counted: 0,
        }
    }

    fn run(&mut self) {
        let text = self.lexer.text;
        let mut at = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        while at < text.len() && self.refused.is_none() {
            if let Some(end) = self.delimiter_command(at) {
                self.piece(PieceKind::Between, at);
                self.piece(PieceKind::DelimiterCommand, end);
                self.check_delimiter(at, end);
                at = end;
                continue;
            }
            let custom = self.lexer.delimiter;
            if !custom.is_empty() && text[at..].starts_with(custom) {
                at = self.end_statement(at, custom.len());
                continue;
            }
            match self.lexer.token(at) {
                Err(broken) => {
                    self.close();
                    self.piece(PieceKind::Between, broken.at);
                    self.piece(PieceKind::Broken, text.len());
                    self.broken = Some(broken);
                    return;
                }
                Ok((kind, end)) => at = self.token(kind, at, end),
            }
        }
        self.close();
        self.piece(PieceKind::Between, text.len());
    }

    /// Takes a token; returns where the next one begins.
    fn token(&mut self, kind: Kind, at: usize, end: usize) -> usize {
        if matches!(kind, Kind::Comment | Kind::Executable) {
            let differing = differing::comment(&self.lexer, kind, at, end);
            self.refuse(differing, refused_at);
        }
        if matches!(kind, Kind::Blank | Kind::Comment) {
            return end;
        }
        let (dialect, modes) = (self.lexer.dialect, self.lexer.modes);
        let token = Token {
            kind,
            text: &self.lexer.text[at..end],
            at,
        };
        if token.is_symbol(";") && self.ends_at_semicolon() {
            return self.end_statement(at, 1);
        }
        if is_executable(&token) {
            let mut any = false;
            for token in inside(modes, &token).1 {
                self.nesting.feed(dialect, token);
                any = true;
            }
            // An empty one is nothing to any server.
            if !any {
                return end;
            }
        } else {
            self.nesting.feed(dialect, token);
        }
        self.extend(&token, end);
        self.gathered.take(modes, token);
        end
    }

    /// Keeps the first thing that is refused.
    fn refuse(
        &mut self,
        checked: Result<(), refuse::Refused>,
        error: fn(&str, refuse::Refused) -> SyntaxError,
    ) {
        if let Err(refused) = checked
            && self.statements.is_some()
            && self.refused.is_none()
        {
            self.refused = Some(error(self.lexer.text, refused));
        }
    }

    /// Under a delimiter of its own, only a stored program may have semicolons inside, and all of its are.
    fn ends_at_semicolon(&self) -> bool {
        let program = !self.lexer.delimiter.is_empty() && self.nesting.is_program();
        !program && self.nesting.is_outside()
    }

    /// The statement under way goes on to here; semicolons at its end are no part of it.
    fn extend(&mut self, token: &Token<'_>, end: usize) {
        match &mut self.open {
            None => self.open = Some(token.at..end),
            Some(_) if token.is_symbol(";") => {}
            Some(open) => open.end = end,
        }
    }

    /// End of the DELIMITER line that begins at `at`, if one does; takes the new delimiter.
    fn delimiter_command(&mut self, at: usize) -> Option<usize> {
        const WORD: &str = "DELIMITER";
        let text = self.lexer.text;
        let rest = text.get(at..at + WORD.len())?;
        if self.lexer.dialect != Dialect::Mysql
            || self.open.is_some()
            || !rest.eq_ignore_ascii_case(WORD)
        {
            return None;
        }
        let tail = &text[at + WORD.len()..];
        let end = tail.find('\n').unwrap_or(tail.len());
        if !tail.is_empty() && !tail.starts_with(char::is_whitespace) {
            return None;
        }
        let named = tail[..end].split_whitespace().next().unwrap_or_default();
        let named = ['\'', '"', '`']
            .into_iter()
            .find_map(|quote| named.strip_prefix(quote)?.strip_suffix(quote))
            .unwrap_or(named);
        self.lexer.delimiter = if named == ";" { "" } else { named };
        Some(at + WORD.len() + end)
    }

    /// The statement under way ends with a delimiter at `at`.
    fn end_statement(&mut self, at: usize, length: usize) -> usize {
        self.close();
        self.piece(PieceKind::Between, at);
        self.piece(PieceKind::Delimiter, at + length);
        at + length
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            let (tokens, since) = self.gathered.end(open.end);
            self.keep(&open, &tokens, since);
            self.lexer.modes = self.lexer.modes.behind(self.lexer.dialect, &tokens);
            self.piece(PieceKind::Between, open.start);
            self.piece(PieceKind::Statement, open.end);
        }
        self.gathered = Gathered::default();
        self.nesting = Nesting::default();
    }

    /// Reads the statement that has ended, where statements are asked for.
    fn keep(&mut self, open: &Range<usize>, tokens: &[Token<'a>], since: Option<u32>) {
        if self.statements.is_none() {
            return;
        }
        let (dialect, text) = (self.lexer.dialect, self.lexer.text);
        self.line += text[self.counted..open.start].matches('\n').count();
        self.counted = open.start;
        let refused = refuse::client_command(dialect, tokens, text);
        self.refuse(refused, client_error);
        self.refuse(differing::setting(dialect, tokens), refused_at);
        let draft = Draft {
            range: open.clone(),
            line: self.line,
            modes: self.lexer.modes,
            facts: Facts {
                since,
                ..classify(dialect, &text[open.clone()], tokens)
            },
        };
        self.statements.get_or_insert_default().push(draft);
    }

    fn check_delimiter(&mut self, at: usize, end: usize) {
        let text = self.lexer.text;
        let line = text[..at].rfind('\n').map_or(0, |feed| feed + 1);
        let before = text[line..at].trim_start_matches('\u{feff}');
        let checked = differing::delimiter(&text[at..end], before);
        let checked = checked.map_err(|refused| refuse::Refused { at, ..refused });
        self.refuse(checked, client_error);
    }

    fn piece(&mut self, kind: PieceKind, end: usize) {
        if end > self.cut {
            self.pieces.push(Piece {
                kind,
                range: self.cut..end,
            });
            self.cut = end;
        }
    }
}
