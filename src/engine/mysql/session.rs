//! One MySQL session: packets of one or many statements, and literals that no setting changes the meaning of.

use crate::engine::Place;
use mysql_async::{Conn, Error, Row, prelude::Queryable};
use std::fmt::Write;

/// An error in a packet of several statements.
#[derive(Debug)]
pub struct PacketError {
    pub error: Error,
}

/// Sends `statements` as one packet and returns the rows of each.
///
/// What stands before a failing statement has run and nothing after it does.
/// `is_empty()` is already true on a last result without columns, whose error only shows when it
/// is dropped; hence the drop at the end.
pub async fn packet(conn: &mut Conn, statements: &[&str]) -> Result<Vec<Vec<Row>>, PacketError> {
    // A line feed, not only a semicolon: a statement may end in a comment.
    let text = statements.join("\n;");
    let mut sets: Vec<Vec<Row>> = Vec::with_capacity(statements.len());
    let mut result = conn
        .query_iter(text)
        .await
        .map_err(|error| PacketError { error })?;
    while !result.is_empty() {
        let rows = result
            .collect::<Row>()
            .await
            .map_err(|error| PacketError { error })?;
        sets.push(rows);
    }
    result
        .drop_result()
        .await
        .map_err(|error| PacketError { error })?;
    sets.resize(statements.len(), Vec::new());
    Ok(sets)
}

/// A string as a literal that neither sql_mode nor the connection's character set can change.
pub fn text(value: &str) -> String {
    if value.is_empty() {
        return "''".to_owned();
    }
    let mut literal = String::with_capacity(value.len() * 2 + 12);
    literal.push_str("_utf8mb4 0x");
    for byte in value.bytes() {
        // Writing to a String cannot fail.
        write!(literal, "{byte:02x}").unwrap_or_default();
    }
    literal
}

/// A string literal, or NULL.
pub fn nullable(value: Option<&str>) -> String {
    value.map_or_else(|| "NULL".to_owned(), text)
}

/// A quoted identifier.
pub fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Did this error end the session?
pub fn is_lost(error: &Error) -> bool {
    match error {
        Error::Io(_) => true,
        Error::Driver(error) => matches!(
            error,
            mysql_async::DriverError::ConnectionClosed | mysql_async::DriverError::PoolDisconnected
        ),
        // 1053 shutdown in progress, 1927 connection killed, 3169 session killed, 4031 idle too long.
        Error::Server(error) => matches!(error.code, 1053 | 1927 | 3169 | 4031),
        Error::Other(_) | Error::Url(_) => false,
    }
}

/// The server's number for an error, where the server sent it.
pub fn code(error: &Error) -> Option<u16> {
    match error {
        Error::Server(error) => Some(error.code),
        _ => None,
    }
}

/// The line of the statement that a syntax error names: `… near '…' at line 3`.
pub fn place(error: &Error) -> Option<Place> {
    let Error::Server(error) = error else {
        return None;
    };
    let (_, line) = error.message.rsplit_once(" at line ")?;
    let line = line.parse().ok()?;
    Some(Place { line, column: None })
}

/// The server's words.
pub fn words(error: &Error) -> String {
    match error {
        Error::Server(error) => format!("{} (MySQL error {})", error.message, error.code),
        other => format!("{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_has_no_character_that_a_setting_could_read_differently() {
        assert_eq!(text("a'\\ü"), "_utf8mb4 0x61275cc3bc");
        assert_eq!(text(""), "''");
        assert_eq!(identifier("a`b"), "`a``b`");
    }
}
