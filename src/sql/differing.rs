//! What a server and its own client read differently, or read by their versions: refused, because no
//! reading of ours could be everybody's.
//!
//! Sources: MySQL 8.4 Reference Manual, 11.7 (Comments), 6.5.1.2 (mysql client commands: delimiter), and what
//! mysql 9.7 and psql 18 send (tests/splitter_logs.rs compares with the servers' logs).

use super::{
    Dialect,
    lexer::{Kind, Lexer},
    modes::conforming,
    refuse::Refused,
    words::Token,
};

const ONE_READING: &str = "write it so that it can be read in one way only";

/// A NUL byte: neither server takes one, in a comment neither.
pub fn nul(text: &str) -> Result<(), Refused> {
    match text.find('\0') {
        None => Ok(()),
        Some(at) => Err(Refused {
            at,
            message: "the file has a NUL byte (0x00), which no server takes".to_owned(),
            hint: "remove the byte; data with NUL bytes is written in hexadecimal, as x'00'"
                .to_owned(),
        }),
    }
}

/// A comment of MySQL's that its client takes for another one.
pub fn comment(lexer: &Lexer<'_>, kind: Kind, at: usize, end: usize) -> Result<(), Refused> {
    if lexer.dialect != Dialect::Mysql {
        return Ok(());
    }
    let text = &lexer.text[at..end];
    let refused = match kind {
        Kind::Comment if text.starts_with("--") => control(text),
        Kind::Executable if text.starts_with("/*+") => hint(lexer, text),
        Kind::Executable => executable(lexer, at, end),
        _ => None,
    };
    refused.map_or(Ok(()), |message| {
        Err(Refused {
            at,
            message: message.to_owned(),
            hint: ONE_READING.to_owned(),
        })
    })
}

/// The server takes any control character behind `--`, the client blanks only.
fn control(text: &str) -> Option<&'static str> {
    let third = text["--".len()..].chars().next()?;
    (third.is_ascii_control() && !super::lexer::is_blank(third)).then_some(
        "`--` with a control character behind it is a comment for the server and none for the mysql client",
    )
}

/// The client forgets at a line's end that it is in a hint.
fn hint(lexer: &Lexer<'_>, text: &str) -> Option<&'static str> {
    let (_, rest) = text.split_once('\n')?;
    let odd = rest.contains(['\'', '"', '`', ';', '#']) || rest.contains("--");
    let delimiter = !lexer.delimiter.is_empty() && rest.contains(lexer.delimiter);
    (odd || delimiter).then_some(
        "the mysql client reads the second line of this hint as SQL, the server does not",
    )
}

fn executable(lexer: &Lexer<'_>, at: usize, end: usize) -> Option<&'static str> {
    if lexer.executable_comment(at) != Some(end) {
        return Some(
            "a quote or a comment inside this `/*! … */` does not end there: a server that skips it reads on elsewhere than one that runs it",
        );
    }
    let mut position = at + "/*!".len();
    while position + "*/".len() < end {
        let rest = &lexer.text[position..end];
        let ends = match lexer.delimiter {
            "" => rest.starts_with(';'),
            delimiter => rest.starts_with(delimiter),
        };
        if ends {
            return Some("the mysql client ends the statement inside this `/*! … */`");
        }
        let (kind, next) = lexer.token(position).ok()?;
        if kind == Kind::Comment && !rest.starts_with("/*") {
            return Some(
                "a line comment inside `/*! … */` ends it for a server that skips it, and not for one that runs it",
            );
        }
        position = next;
    }
    None
}

/// A setting that decides where a string ends, at a value that the statement does not say.
pub fn setting(dialect: Dialect, tokens: &[Token<'_>]) -> Result<(), Refused> {
    let unclear = dialect == Dialect::Postgres && conforming(tokens) == Some(None);
    match tokens.first().filter(|_| unclear) {
        None => Ok(()),
        Some(first) => Err(Refused {
            at: first.at,
            message: "where strings end after this statement cannot be read off it".to_owned(),
            hint: "say it in one statement: SET standard_conforming_strings = on".to_owned(),
        }),
    }
}

/// A DELIMITER line: what it names must mean the same to the client. `before` is the line in front of
/// the word.
pub fn delimiter(line: &str, before: &str) -> Result<(), Refused> {
    let Some(named) = line.split_whitespace().nth(1) else {
        return refuse(
            "DELIMITER without a delimiter",
            "write what shall end a statement on the same line: DELIMITER $$",
        );
    };
    if before.contains(|c: char| !c.is_whitespace()) && !before.trim_end().ends_with("*/") {
        return refuse(
            "DELIMITER is a command of the client's only at the beginning of a line",
            "put it on a line of its own",
        );
    }
    // The client keeps 15 bytes, and never finds one that begins with more than a byte.
    let odd = named.len() > 15 || !named.is_ascii() || named.contains(['\\', '#']);
    let comment = named.contains("--") || named.contains("/*");
    let quote = ['\'', '"', '`']
        .into_iter()
        .find(|quote| named.contains(*quote));
    let is_quoted = quote.is_some_and(|quote| {
        let inner = named
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        inner.is_some_and(|inner| !inner.is_empty() && !inner.contains(['\'', '"', '`']))
    });
    if odd || comment || quote.is_some() && !is_quoted {
        return refuse(
            "the mysql client reads this delimiter in its own way",
            "use one of at most 15 signs without quotes, backslash and comment signs: DELIMITER $$",
        );
    }
    Ok(())
}

fn refuse(message: &str, hint: &str) -> Result<(), Refused> {
    Err(Refused {
        at: 0,
        message: message.to_owned(),
        hint: hint.to_owned(),
    })
}
