//! One PostgreSQL session: rows of text, literals that no setting changes the meaning of, error words.

use crate::connect::PgClient as Client;
use crate::engine::Place;
use anyhow::Result;
use tokio_postgres::{
    Error, SimpleQueryMessage, SimpleQueryRow,
    error::{ErrorPosition, SqlState},
};

/// The rows of a text without parameters: one turn, every value as text.
pub async fn rows(client: &Client, sql: &str) -> Result<Vec<SimpleQueryRow>, Error> {
    Ok(client
        .simple_query(sql)
        .await?
        .into_iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })
        .collect())
}

/// The rows of each statement of a batch, in one turn; a statement without rows has none.
pub async fn answers(client: &Client, batch: &str) -> Result<Vec<Vec<SimpleQueryRow>>, Error> {
    let mut answers = vec![Vec::new()];
    for message in client.simple_query(batch).await? {
        match message {
            SimpleQueryMessage::Row(row) => {
                if let Some(last) = answers.last_mut() {
                    last.push(row);
                }
            }
            SimpleQueryMessage::CommandComplete(_) => answers.push(Vec::new()),
            _ => {}
        }
    }
    answers.pop();
    Ok(answers)
}

/// A column that must be there; absent and NULL read as the empty string.
pub fn column(row: &SimpleQueryRow, index: usize) -> &str {
    row.try_get(index).ok().flatten().unwrap_or_default()
}

/// A column that may be NULL.
pub fn optional(row: &SimpleQueryRow, index: usize) -> Option<&str> {
    row.try_get(index).ok().flatten()
}

/// A string as a literal that `standard_conforming_strings` does not change: `E'…'`.
pub fn text(value: &str) -> String {
    format!("E'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

/// A string literal, or NULL.
pub fn nullable(value: Option<&str>) -> String {
    value.map_or_else(|| "NULL".to_owned(), text)
}

/// A quoted identifier.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Did this error end the session?
pub fn is_lost(error: &Error) -> bool {
    error.is_closed()
        || match error.code() {
            None => true,
            // 57P01..57P03: shutdown, crash, terminated by an administrator; 25P03, 57P05: idle too long.
            Some(code) => {
                [
                    SqlState::ADMIN_SHUTDOWN,
                    SqlState::CRASH_SHUTDOWN,
                    SqlState::CANNOT_CONNECT_NOW,
                ]
                .contains(code)
                    || ["25P03", "57P05"].contains(&code.code())
            }
        }
}

/// Where in the statement the server's error points. Its position counts characters from 1.
pub fn place(error: &Error, statement: &str) -> Option<Place> {
    let Some(ErrorPosition::Original(position)) = error.as_db_error()?.position() else {
        return None;
    };
    let offset = usize::try_from(*position).ok()?.checked_sub(1)?;
    let before: Vec<char> = statement.chars().take(offset).collect();
    let line_start = before
        .iter()
        .rposition(|c| *c == '\n')
        .map_or(0, |newline| newline + 1);
    Some(Place {
        line: before.iter().filter(|c| **c == '\n').count() + 1,
        column: Some(before.len() - line_start + 1),
    })
}

/// The server's words, with what it adds to them.
pub fn words(error: &Error) -> String {
    let Some(db) = error.as_db_error() else {
        return format!("{error}");
    };
    let mut words = format!("{} (SQLSTATE {})", db.message(), db.code().code());
    for extra in [db.detail(), db.hint()].into_iter().flatten() {
        words.push_str("; ");
        // A deadlock's details are a line for each process.
        words.push_str(extra.replace(".\n", "; ").trim_end_matches('.'));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_means_the_same_under_every_setting() {
        assert_eq!(text("a'b\\c"), "E'a''b\\\\c'");
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
    }
}
