//! How is a statement written so that nothing in it is hidden from a reader, and it means the same?
//!
//! A name may hold a line break whose next line reads as a statement, or an escape character that a
//! terminal obeys. PostgreSQL has escapes for every character of a name (`U&"…"`) and of a text
//! (`E'…'`). MySQL has none for names; what it prepares is put together by `CONCAT` and `CHAR`.
//!
//! Sources: PostgreSQL documentation, 4.1.1 and 4.1.2 (Unicode escapes, C-style escapes) and psql,
//! "SQL Interpolation"; MySQL 8.4 Reference Manual, 15.5 (statements that can be prepared) and
//! 6.5.1.1 (mysql: `binary-mode`).

use super::{
    Dialect,
    lexer::{Kind, Lexer},
    modes::Modes,
    words::tokens_by,
};
use crate::visible::{self, is_hidden};

/// What becomes of the line feeds and tabs of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bodies {
    /// They stay: the statement is to be run and read.
    AsWritten,
    /// No quoted text has a line break: the statement is to be a comment.
    OnOneLine,
}

/// Statements for a client, and how a terminal shows them where that is not the same.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub statements: Vec<String>,
    pub shown: Vec<String>,
}

impl Written {
    fn same(statements: Vec<String>) -> Written {
        Written {
            shown: statements.clone(),
            statements,
        }
    }
}

const NO_ESCAPE: &str = "a name or a text in it has a line break or another hidden character, which cannot be written as an escape";
const CLIENT_READS_IT: &str = "the client would read a backslash in it as a command";
const CLIENT_CHANGES_IT: &str =
    "a name or a text in it has a character that the mysql client changes";

/// The statement as it can be given to the client.
///
/// # Errors
/// It cannot; the reason.
pub(super) fn written(
    dialect: Dialect,
    modes: Modes,
    statement: &str,
    bodies: Bodies,
) -> Result<Written, &'static str> {
    let parts = parts(dialect, modes, statement)?;
    match dialect {
        Dialect::Postgres => postgres(&parts, bodies).map(|text| Written::same(vec![text])),
        Dialect::Mysql => mysql(statement, modes, &parts, bodies),
    }
}

type Part<'a> = (Kind, &'a str);

fn parts(dialect: Dialect, modes: Modes, text: &str) -> Result<Vec<Part<'_>>, &'static str> {
    let lexer = Lexer {
        dialect,
        text,
        modes,
        delimiter: "",
    };
    let (mut parts, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let (kind, end) = lexer
            .token(at)
            .map_err(|_| "a quoted text in it does not end")?;
        parts.push((kind, &text[at..end]));
        at = end;
    }
    Ok(parts)
}

fn postgres(parts: &[Part<'_>], bodies: Bodies) -> Result<String, &'static str> {
    let mut written = String::new();
    for (index, (kind, text)) in parts.iter().enumerate() {
        match kind {
            Kind::Quoted if text.contains(is_hidden) => written.push_str(&unicode_name(text)),
            Kind::String if must_be_escaped(text, bodies) => written.push_str(&escape_string(text)),
            Kind::Quoted | Kind::String => written.push_str(text),
            _ if text.contains(|c| c != '\n' && c != '\t' && is_hidden(c)) => {
                return Err(NO_ESCAPE);
            }
            // psql would put the value of a variable here; a blank keeps it from that.
            Kind::Symbol if *text == ":" && is_variable(parts, index) => written.push_str(": "),
            _ => written.push_str(text),
        }
    }
    Ok(written)
}

fn is_variable(parts: &[Part<'_>], index: usize) -> bool {
    let is_cast = index > 0 && parts[index - 1].1 == ":";
    let next = parts.get(index + 1);
    !is_cast
        && next.is_some_and(|(kind, text)| {
            matches!(kind, Kind::Word | Kind::Quoted | Kind::String) || *text == "{"
        })
}

fn must_be_escaped(text: &str, bodies: Bodies) -> bool {
    match text.starts_with('$') && bodies == Bodies::AsWritten {
        true => text.contains(|c| c != '\n' && c != '\t' && is_hidden(c)),
        false => text.contains(is_hidden),
    }
}

/// `"a<line feed>b"` as `U&"a\000Ab"`. What is doubled in it stays doubled.
fn unicode_name(quoted: &str) -> String {
    let mut name = String::from("U&");
    for c in quoted.chars() {
        match c {
            '\\' => name.push_str(r"\\"),
            c if !is_hidden(c) => name.push(c),
            c if u32::from(c) > 0xffff => name.push_str(&format!(r"\+{:06X}", u32::from(c))),
            c => name.push_str(&format!(r"\{:04X}", u32::from(c))),
        }
    }
    name
}

/// Any literal as `E'…'`.
fn escape_string(literal: &str) -> String {
    let (text, is_escaped) = content(literal);
    let mut written = String::from("E'");
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' if is_escaped => match characters.next() {
                Some(next) if !is_hidden(next) => written.extend(['\\', next]),
                // A backslash before any such character stands for the character.
                Some(next) => written.push_str(&c_escape(next)),
                None => written.push_str(r"\\"),
            },
            '\\' => written.push_str(r"\\"),
            c if is_hidden(c) => written.push_str(&c_escape(c)),
            c => written.push(c),
        }
    }
    written + "'"
}

/// What is between the quotes, with every quote of the text doubled; and are backslashes escapes?
fn content(literal: &str) -> (String, bool) {
    if let Some(text) = literal.strip_prefix('\'') {
        return (text.strip_suffix('\'').unwrap_or(text).to_owned(), false);
    }
    if literal.starts_with(['e', 'E']) {
        let text = &literal[2..];
        return (text.strip_suffix('\'').unwrap_or(text).to_owned(), true);
    }
    let tag = literal[1..].find('$').map_or(literal.len(), |end| end + 2);
    let body = literal.get(tag..literal.len() - tag).unwrap_or_default();
    (body.replace('\'', "''"), false)
}

fn c_escape(c: char) -> String {
    match c {
        '\n' => r"\n".to_owned(),
        '\r' => r"\r".to_owned(),
        '\t' => r"\t".to_owned(),
        c if u32::from(c) > 0xffff => format!(r"\U{:08X}", u32::from(c)),
        c => format!(r"\u{:04X}", u32::from(c)),
    }
}

fn mysql(
    statement: &str,
    modes: Modes,
    parts: &[Part<'_>],
    bodies: Bodies,
) -> Result<Written, &'static str> {
    let any =
        |test: &dyn Fn(Kind, &str) -> bool| parts.iter().any(|(kind, text)| test(*kind, text));
    let is_quoted = |kind: Kind| matches!(kind, Kind::Quoted | Kind::String);
    let hides = any(&|kind, text| is_quoted(kind) && text.contains(is_hidden));
    let commands = any(&client_reads);
    if (hides || commands) && can_be_prepared(statement, modes) {
        return Ok(Written::same(prepared(parts)));
    }
    if commands {
        return Err(CLIENT_READS_IT);
    }
    if hides && bodies == Bodies::OnOneLine {
        return Err(NO_ESCAPE);
    }
    if any(&|kind, text| is_quoted(kind) && (text.contains('\0') || text.contains("\r\n"))) {
        return Err(CLIENT_CHANGES_IT);
    }
    let shown = parts.iter().map(|(kind, text)| match is_quoted(*kind) {
        true => visible::line(text),
        false => visible::lines(text),
    });
    Ok(Written {
        statements: vec![statement.to_owned()],
        shown: vec![shown.collect()],
    })
}

/// Does the client find a command (`\\!`) or the beginning of a text (`$a$`, since 9.0) where the server finds
/// neither? It looks into the comments that the server reads.
fn client_reads(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Executable => text.contains(['\\', '$']),
        Kind::Symbol => text == "\\",
        Kind::Word => text
            .strip_prefix('$')
            .is_some_and(|rest| rest.contains('$')),
        _ => false,
    }
}

/// Error 1295 for everything about a program.
fn can_be_prepared(statement: &str, modes: Modes) -> bool {
    let tokens = tokens_by(Dialect::Mysql, modes, statement);
    let programs = ["trigger", "procedure", "function", "event"];
    let others = ["table", "view", "database", "schema", "index"];
    tokens
        .iter()
        .find(|token| token.is_any(&programs) || token.is_any(&others))
        .is_some_and(|token| token.is_any(&others))
}

/// Statements that put the text together and run it. No setting changes what they mean: the literals
/// have no backslash and no double quote that would need one.
fn prepared(parts: &[Part<'_>]) -> Vec<String> {
    let is_commented = parts.iter().any(|(kind, _)| *kind == Kind::Comment);
    let text: String = parts
        .iter()
        .map(|(kind, text)| match *kind == Kind::Blank && !is_commented {
            true => " ",
            false => text,
        })
        .collect();
    vec![
        format!("SET @sgmp_db = CONCAT({})", pieces(&text).join(", ")),
        "PREPARE sgmp_db FROM @sgmp_db".to_owned(),
        "EXECUTE sgmp_db".to_owned(),
        "DEALLOCATE PREPARE sgmp_db".to_owned(),
    ]
}

/// `'…'` and `CHAR(… USING utf8mb4)` in turn.
fn pieces(text: &str) -> Vec<String> {
    let is_coded = |c: char| c == '\\' || is_hidden(c);
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let coded = is_coded(first);
        let end = rest.find(|c| is_coded(c) != coded).unwrap_or(rest.len());
        let (run, more) = rest.split_at(end);
        pieces.push(match coded {
            true => {
                let codes: Vec<String> = run.chars().map(code).collect();
                format!("CHAR({} USING utf8mb4)", codes.join(", "))
            }
            false => format!("'{}'", run.replace('\'', "''")),
        });
        rest = more;
    }
    pieces
}

/// The bytes of a character as one number.
fn code(c: char) -> String {
    let bytes = c
        .encode_utf8(&mut [0; 4])
        .bytes()
        .fold(0, |number, byte| number << 8 | u32::from(byte));
    match c.is_ascii() {
        true => bytes.to_string(),
        false => format!("0x{bytes:X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dialect: Dialect, statement: &str, bodies: Bodies) -> Result<Vec<String>, &'static str> {
        written(dialect, Modes::of(dialect), statement, bodies).map(|written| written.statements)
    }

    #[test]
    fn postgres_writes_every_character_as_an_escape() {
        let cases = [
            (
                "DROP TABLE \"x\nDROP TABLE \"\"y\\\u{202e}\u{e0041}\"",
                r#"DROP TABLE U&"x\000ADROP TABLE ""y\\\202E\+0E0041""#,
            ),
            ("SELECT 'a''\n\\'", r"SELECT E'a''\n\\'"),
            (
                "SELECT E'a''\\\\\n\\'\\\n\u{1b}'",
                r"SELECT E'a''\\\n\'\n\u001B'",
            ),
            ("AS $a$it's\r\\$a$", r"AS E'it''s\r\\'"),
            ("AS $a$x\n\ty$a$", "AS $a$x\n\ty$a$"),
            (
                "SELECT a[1:\"DBNAME\"], b::int, :x, :'y'",
                "SELECT a[1: \"DBNAME\"], b::int, : x, : 'y'",
            ),
        ];
        for (statement, expected) in cases {
            assert_eq!(
                of(Dialect::Postgres, statement, Bodies::AsWritten).unwrap(),
                [expected]
            );
        }
        let body = of(Dialect::Postgres, "AS $a$x\n$a$", Bodies::OnOneLine).unwrap();
        assert_eq!(body, [r"AS E'x\n'"]);
        assert!(of(Dialect::Postgres, "SELECT 1 -- a\rDROP", Bodies::AsWritten).is_err());
        assert!(of(Dialect::Postgres, "SELECT 'a", Bodies::AsWritten).is_err());
    }

    #[test]
    fn mysql_prepares_what_it_can_and_withholds_what_its_client_would_read_otherwise() {
        let name = "DROP TABLE `x\n\\! touch it's\u{202e}`";
        let expected = r"SET @sgmp_db = CONCAT('DROP TABLE `x', CHAR(10, 92 USING utf8mb4), '! touch it''s', CHAR(0xE280AE USING utf8mb4), '`')";
        for bodies in [Bodies::AsWritten, Bodies::OnOneLine] {
            assert_eq!(of(Dialect::Mysql, name, bodies).unwrap()[0], expected);
        }
        let trigger = "DROP TRIGGER `x\ny`";
        assert_eq!(
            of(Dialect::Mysql, trigger, Bodies::AsWritten).unwrap(),
            [trigger]
        );
        assert!(of(Dialect::Mysql, trigger, Bodies::OnOneLine).is_err());
        for statement in [
            "DROP EVENT `x\r\ny`",
            "DROP EVENT `x\0y`",
            "CREATE PROCEDURE p() SELECT /*+ \\! touch x */ 1",
            "CREATE PROCEDURE p() SELECT /*!99999 \\! touch x */ 1",
            "CREATE PROCEDURE p() SELECT /*+ a\n$a$ */ 1",
            "CREATE PROCEDURE p() SELECT 1 AS $a$",
        ] {
            assert!(
                of(Dialect::Mysql, statement, Bodies::AsWritten).is_err(),
                "{statement}"
            );
        }
        let plain = "ALTER TABLE `t`\n  ADD COLUMN `a` int COMMENT 'b'";
        assert_eq!(
            of(Dialect::Mysql, plain, Bodies::OnOneLine).unwrap(),
            [plain]
        );
    }

    #[test]
    fn a_terminal_shows_no_forged_line() {
        let event = "DROP EVENT `x\nDROP TABLE y;`";
        let written = written(
            Dialect::Mysql,
            Modes::of(Dialect::Mysql),
            event,
            Bodies::AsWritten,
        )
        .unwrap();
        assert_eq!(written.shown, [r"DROP EVENT `x\nDROP TABLE y;`"]);
    }
}
