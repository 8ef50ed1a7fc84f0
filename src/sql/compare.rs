//! Are two texts the same SQL, apart from comments and blank space?

use super::statement::{SqlText, Statement};

/// True when every statement has the same tokens in the same order. A DELIMITER line is the
/// client's, so a change of delimiter is none of the SQL. Texts that cannot be split are equal only
/// to the letter.
pub fn same_sql(a: &SqlText, b: &SqlText) -> bool {
    let (Ok(first), Ok(second)) = (a.parsed(), b.parsed()) else {
        return a == b;
    };
    first.len() == second.len()
        && first
            .iter()
            .zip(second)
            .all(|(one, other)| same_statement(one, other))
}

/// The same of two statements.
pub fn same_statement(a: &Statement, b: &Statement) -> bool {
    if a.modes == b.modes && a.text() == b.text() {
        return true;
    }
    let (one, other) = (a.tokens_as_written(), b.tokens_as_written());
    one.len() == other.len() && one.iter().zip(&other).all(|(x, y)| x.text == y.text)
}
