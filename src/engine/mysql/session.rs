//! One MySQL session: packets of one or many statements, and literals that no setting changes the meaning of.

use crate::{
    connect::{FOREIGN, MysqlSession},
    engine::Place,
    outcome::{Exit, Failure},
    target::Target,
};
use mysql_async::{Conn, Error, Row, prelude::Queryable};
use std::borrow::Cow;

/// An error in a packet of several statements.
#[derive(Debug)]
pub struct PacketError {
    pub error: Error,
    /// Index of the statement that failed; of the last one begun when the connection was lost.
    pub index: usize,
    /// The rows of the statements before it.
    pub sets: Vec<Vec<Row>>,
}

impl PacketError {
    /// Of a packet that was never sent.
    pub fn unsent(error: impl Into<Error>) -> PacketError {
        PacketError {
            error: error.into(),
            index: 0,
            sets: Vec::new(),
        }
    }
}

/// Sends `statements` as one packet and returns the rows of each.
///
/// What stands before a failing statement has run and nothing after it does.
/// `is_empty()` is already true on a last result without columns, whose error only shows when it
/// is dropped; hence the drop at the end. The rows are kept beside, because reading a set to its
/// end also meets the error of the statement behind it.
pub async fn packet(
    conn: &mut Conn,
    statements: &[&str],
) -> Result<Vec<Vec<Row>>, Box<PacketError>> {
    packet_keeping(conn, statements, |_| true).await
}

/// What stands between two statements of a packet. A line feed, not only a semicolon: a statement may
/// end in a comment.
pub const BETWEEN: &str = "\n;";

/// The same, without the rows of those that `keep` does not name.
pub async fn packet_keeping(
    conn: &mut Conn,
    statements: &[&str],
    keep: impl Fn(usize) -> bool,
) -> Result<Vec<Vec<Row>>, Box<PacketError>> {
    let text = match statements {
        [one] => Cow::Borrowed(*one),
        several => Cow::Owned(several.join(BETWEEN)),
    };
    let mut sets: Vec<Vec<Row>> = Vec::with_capacity(statements.len());
    let failed = |error, sets: Vec<Vec<Row>>| {
        Box::new(PacketError {
            error,
            index: sets.len(),
            sets,
        })
    };
    let mut result = match conn.query_iter(&*text).await {
        Ok(result) => result,
        Err(error) => return Err(failed(error, sets)),
    };
    while !result.is_empty() {
        let mut rows = Vec::new();
        let kept = keep(sets.len());
        let read = result
            .for_each(|row| {
                if kept {
                    rows.push(row);
                }
            })
            .await;
        sets.push(rows);
        if let Err(error) = read {
            return Err(failed(error, sets));
        }
    }
    if let Err(error) = result.drop_result().await {
        return Err(failed(error, sets));
    }
    sets.resize(statements.len(), Vec::new());
    Ok(sets)
}

/// The same in a session that is set as all of ours are, whatever the server says: the first packet
/// sets it, in the same turn. In a session that a proxy shares with others each packet sets it and
/// puts back what there was.
pub async fn settled(
    session: &mut MysqlSession,
    statements: &[&str],
) -> Result<Vec<Vec<Row>>, Box<PacketError>> {
    let around = session.around();
    let (before, after) = (around.before.len(), around.after.len());
    let all: Vec<&str> = around
        .before
        .iter()
        .map(String::as_str)
        .chain(statements.iter().copied())
        .chain(around.after.iter().map(String::as_str))
        .collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let mut failed = match packet(session, &all).await {
        Ok(mut sets) => {
            session.sent();
            sets.truncate(sets.len() - after);
            return Ok(sets.split_off(before));
        }
        Err(failed) => failed,
    };
    if session.is_fresh() && failed.index == 0 && code(&failed.error) == Some(FOREIGN) {
        session.borrow();
        return Box::pin(settled(session, statements)).await;
    }
    if session.is_borrowed() && !is_lost(&failed.error) {
        give_back(session, &around.after).await;
    } else if failed.index >= before {
        session.sent();
    }
    failed.index = failed.index.saturating_sub(before);
    failed.sets = failed.sets.split_off(before.min(failed.sets.len()));
    Err(failed)
}

/// How often a proxy is asked for the session that a failed packet was in.
const GIVE_BACK_TRIES: usize = 16;

/// Puts back what a failed packet has set. Another session of the proxy's refuses it, since there
/// the values were not kept, and then it is tried again.
async fn give_back(session: &mut MysqlSession, back: &[String]) {
    let mut statements: Vec<&str> = back.iter().map(String::as_str).collect();
    statements.push("ROLLBACK");
    for _ in 0..GIVE_BACK_TRIES {
        match packet(session, &statements).await {
            Err(failed) if !is_lost(&failed.error) => {}
            _ => return,
        }
    }
}

/// Statements that run what the text of `expression` says, so that a packet can decide what it
/// asks; the rows are the third's.
pub fn prepared(expression: &str) -> [String; 5] {
    [
        format!("SET @sgmp_db = {expression}"),
        "PREPARE sgmp_db FROM @sgmp_db".to_owned(),
        "EXECUTE sgmp_db".to_owned(),
        "DEALLOCATE PREPARE sgmp_db".to_owned(),
        "SET @sgmp_db = NULL".to_owned(),
    ]
}

/// The server's version as comments write it: 80404 is 8.4.4.
pub fn version(conn: &Conn) -> u32 {
    let (major, minor, patch) = conn.server_version();
    u32::from(major) * 10_000 + u32::from(minor) * 100 + u32::from(patch)
}

/// A string as a literal that neither sql_mode nor the connection's character set can change.
pub fn text(value: &str) -> String {
    if value.is_empty() {
        return "''".to_owned();
    }
    let mut literal = String::with_capacity(value.len() * 2 + 12);
    literal.push_str("_utf8mb4 0x");
    push_hex(&mut literal, value.as_bytes());
    literal
}

/// Adds bytes as a literal.
pub fn push_bytes(statement: &mut String, bytes: &[u8]) {
    if bytes.is_empty() {
        statement.push_str("''");
        return;
    }
    statement.reserve(bytes.len() * 2 + 2);
    statement.push_str("0x");
    push_hex(statement, bytes);
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// A literal that people can read, where no setting could change what it means.
pub fn readable(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " ._-:/".contains(c);
    match value.chars().all(is_plain) {
        true => format!("'{value}'"),
        false => text(value),
    }
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

/// A packet that only asks, or writes a record, has failed. What a login may not read, nobody may conclude
/// anything of (exit 8).
pub fn failure(error: &Error) -> Failure {
    // ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR.
    const DENIED: [u16; 3] = [1044, 1142, 1143];
    let words = words(error);
    if is_lost(error) {
        return ended(error);
    }
    let is_denied = words.contains("SELECT command denied");
    let failure = Failure::failed(words.clone()).on(Target::Mysql);
    match code(error) {
        Some(code) if DENIED.contains(&code) && is_denied => Failure::new(Exit::Unknown, words)
            .on(Target::Mysql)
            .remedy("as an administrator: GRANT SELECT on what is named to this login; docs/least-role.md has the whole role"),
        // Packet too large.
        Some(1153) => failure.remedy(
            "as an administrator: SET GLOBAL max_allowed_packet = 67108864; (64 MB, MySQL's own default)",
        ),
        _ => failure,
    }
}

/// The connection is gone, and that is the error which the server gave as the reason, or the loss itself.
pub fn ended(error: &Error) -> Failure {
    Failure::failed(format!("the server ended the connection: {}", words(error)))
        .on(Target::Mysql)
        .remedy(
            "the server's error log says why; among its limits are max_allowed_packet and connection_memory_limit",
        )
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

/// A syntax error quotes the packet from the place on (`near '…' at line 3`), so also what stands behind the
/// statement there. Cut to the statement, whose end the quotation has if it goes beyond.
pub fn quoting_only(message: &str, statement: &str) -> String {
    let parts = message.split_once(" near '").and_then(|(before, rest)| {
        let (quoted, after) = rest.rsplit_once("' at line ")?;
        Some((before, quoted, after))
    });
    let Some((before, quoted, after)) = parts else {
        return message.to_owned();
    };
    let ends = quoted.match_indices("\n;").map(|(end, _)| &quoted[..end]);
    let own = ends
        .into_iter()
        .find(|own| statement.ends_with(own))
        .unwrap_or(quoted);
    format!("{before} near '{own}' at line {after}")
}

/// The server's words.
pub fn words(error: &Error) -> String {
    match error {
        Error::Server(error) => format!("{} (MySQL error {})", error.message, error.code),
        Error::Io(error) => innermost(error),
        other => format!("{other}"),
    }
}

/// The driver says the same of each of its layers.
fn innermost(mut error: &dyn std::error::Error) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_quotes_the_statement_and_nothing_of_ours() {
        let told = "wrong near 'c int\n;START TRANSACTION\n;INS' at line 3 (MySQL error 1064)";
        let own = "wrong near 'c int' at line 3 (MySQL error 1064)";
        assert_eq!(quoting_only(told, "ALTER TABLE a ADD COLUM c int"), own);
        assert_eq!(quoting_only(own, "ALTER TABLE a ADD COLUM c int"), own);
        assert_eq!(quoting_only("Table 'a' is near", "x"), "Table 'a' is near");
    }

    #[test]
    fn a_literal_has_no_character_that_a_setting_could_read_differently() {
        assert_eq!(text("a'\\ü"), "_utf8mb4 0x61275cc3bc");
        assert_eq!(text(""), "''");
        assert_eq!(identifier("a`b"), "`a``b`");
    }
}
