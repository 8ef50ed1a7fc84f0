//! Does this server make a table and fill it from a query at once? Else a table that is there may lack
//! its rows.
//!
//! Source: MySQL 8.0 Reference Manual, 15.1.20.4 (CREATE TABLE … SELECT is atomic since 8.0.21, where
//! the engine has atomic DDL).

use super::{Mysql, effect::Watched, guard, session};
use anyhow::Result;

/// The first version that does.
const ATOMIC_SINCE: (u32, u32, u32) = (8, 0, 21);

/// In words, why the table may be there without its rows; none where it cannot be.
pub async fn by_halves(mysql: &mut Mysql, made: &[Watched]) -> Result<Option<String>> {
    let Some(table) = made.first() else {
        return Ok(None);
    };
    let schema = table
        .schema
        .as_deref()
        .map_or_else(|| "DATABASE()".to_owned(), session::text);
    let query = format!(
        "SELECT VERSION(), (SELECT ENGINE FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = {schema} AND TABLE_NAME = {} AND {})",
        session::text(&table.name),
        guard::NOT_TRANSACTIONAL
    );
    let sets = mysql.packet(&[&query]).await?;
    let answer = sets[0].first().cloned();
    let (version, engine): (String, Option<String>) = match answer.map(mysql_async::from_row_opt) {
        Some(Ok(answer)) => answer,
        _ => return Ok(Some("the server does not tell its version".to_owned())),
    };
    let may_lack = format!(
        "table {} is there, but may lack rows of the query",
        table.name
    );
    Ok(match engine {
        Some(engine) => Some(format!(
            "{may_lack}: its engine, {engine}, is not transactional"
        )),
        None if number(&version) < ATOMIC_SINCE => Some(format!(
            "{may_lack}: MySQL {version} makes the table and its rows one after the other (8.0.21 and later do not)"
        )),
        None => None,
    })
}

/// `8.0.20-log` as numbers; what is none counts as old.
fn number(version: &str) -> (u32, u32, u32) {
    let mut parts = version
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(number("8.0.20-log") < ATOMIC_SINCE);
        assert!(number("8.0.21") >= ATOMIC_SINCE);
        assert!(number("8.0.100") >= ATOMIC_SINCE);
        assert!(number("9.7.4-2") >= ATOMIC_SINCE);
    }
}
