//! What is a line, and which lines are comments, for the server that reads the file?

use super::{Dialect, lexer::is_blank};

/// The lines of a text, each with its number as editors count them: by line feeds, from 1. For PostgreSQL
/// a lone carriage return ends a line too, since it ends a comment; for MySQL it does not.
pub fn lines(dialect: Dialect, text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.split('\n').enumerate().flat_map(move |(index, line)| {
        let ends: &[char] = match dialect {
            Dialect::Postgres => &['\r'],
            Dialect::Mysql => &[],
        };
        line.split(ends)
            .map(move |part| (index + 1, part.trim_matches(is_blank)))
    })
}

/// The `--` comment lines above the first statement, with their line numbers.
pub fn leading_comments(dialect: Dialect, text: &str) -> impl Iterator<Item = (usize, &str)> {
    lines(dialect, text)
        .take_while(move |(_, line)| line.is_empty() || is_comment(dialect, line))
        .filter(|(_, line)| !line.is_empty())
}

/// Nothing but blanks and line comments; block comments are left to the splitter.
pub fn is_only_comments(dialect: Dialect, text: &str) -> bool {
    let is_nothing = |line: &str| {
        line.is_empty()
            || is_comment(dialect, line)
            || dialect == Dialect::Mysql && line.starts_with('#')
    };
    lines(dialect, text).all(|(_, line)| is_nothing(line))
}

/// MySQL needs a blank behind the signs.
fn is_comment(dialect: Dialect, line: &str) -> bool {
    line.strip_prefix("--").is_some_and(|rest| {
        dialect == Dialect::Postgres || rest.is_empty() || rest.starts_with(is_blank)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_the_server_ends_a_comment() {
        let text = "\u{feff}-- a\r-- b\r\n\r\n--c\rSELECT 1;\n-- d";
        let of = |dialect| leading_comments(dialect, text).collect::<Vec<_>>();
        assert_eq!(
            of(Dialect::Postgres),
            [(1, "-- a"), (1, "-- b"), (3, "--c")]
        );
        assert_eq!(of(Dialect::Mysql), [(1, "-- a\r-- b")]);
        assert!(is_only_comments(Dialect::Mysql, "-- a\rSELECT 1;\n# b"));
        assert!(!is_only_comments(Dialect::Postgres, "-- a\rSELECT 1;\n"));
        assert!(!is_only_comments(Dialect::Postgres, "# b"));
        assert!(!is_only_comments(Dialect::Mysql, "--b"));
    }
}
