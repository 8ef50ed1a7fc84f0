//! Are two texts the same SQL, apart from comments and blank space?

use super::{Dialect, split, words::tokens};

/// True when every statement has the same tokens in the same order. A DELIMITER line is the
/// client's, so a change of delimiter is none of the SQL. Texts that cannot be split are equal only
/// to the letter.
pub fn same_sql(dialect: Dialect, a: &str, b: &str) -> bool {
    let (Ok(first), Ok(second)) = (split(dialect, a), split(dialect, b)) else {
        return a == b;
    };
    first.len() == second.len()
        && first.iter().zip(&second).all(|(one, other)| {
            let (one, other) = (tokens(dialect, one.text), tokens(dialect, other.text));
            one.len() == other.len() && one.iter().zip(&other).all(|(x, y)| x.text == y.text)
        })
}
