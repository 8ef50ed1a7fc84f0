//! How somebody else's statement stands in a message.

/// On one line, whatever its own form is.
pub fn one_line(statement: &str) -> String {
    statement.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_of_many_lines_stands_on_one() {
        assert_eq!(
            one_line("ALTER TABLE a\n  ADD b int\n"),
            "ALTER TABLE a ADD b int"
        );
        assert_eq!(one_line("\n"), "");
    }
}
