//! Commands of a client, which no server understands, and statements that would leave the database.

use super::{
    Dialect,
    lexer::Kind,
    words::{Token, sequence, tokens},
};

/// What is refused, and where in the statement.
#[derive(Debug)]
pub struct Refused {
    pub at: usize,
    pub message: String,
    pub hint: String,
}

/// Is this statement, or a part of it, a command of mysql's or psql's?
pub fn client_command(dialect: Dialect, text: &str) -> Result<(), Refused> {
    let tokens = tokens(dialect, text);
    let refused = |token: &Token<'_>, message: String, hint: &str| {
        Err(Refused {
            at: token.at,
            message,
            hint: hint.to_owned(),
        })
    };
    if let Some(token) = tokens.iter().find(|token| token.is_symbol("\\")) {
        let command: String = text[token.at..]
            .split_whitespace()
            .next()
            .unwrap_or("\\")
            .to_owned();
        let message = format!("`{command}` is a command of the client, not SQL");
        return refused(
            token,
            message,
            "remove it, or write the SQL that it stands for",
        );
    }
    let Some(first) = tokens.first() else {
        return Ok(());
    };
    match dialect {
        Dialect::Mysql
            if first.is("source") && !tokens.get(1).is_some_and(|t| t.is_symbol("=")) =>
        {
            refused(
                first,
                "`source` is a command of the client, not SQL".to_owned(),
                "put the file's SQL here",
            )
        }
        Dialect::Mysql if first.is("use") => refused(
            first,
            "`USE` would move every later statement, and the record, to another database"
                .to_owned(),
            "name the database in the statement: other_database.table",
        ),
        Dialect::Postgres if is_copy_from_stdin(&tokens) => refused(
            first,
            "`COPY … FROM stdin` needs a client that sends the rows".to_owned(),
            "write the rows as INSERT … VALUES",
        ),
        Dialect::Postgres => match psql_variable(&tokens) {
            Some(token) => refused(
                token,
                "`:name` is a variable of psql, not SQL".to_owned(),
                "write its value",
            ),
            None => Ok(()),
        },
        Dialect::Mysql => Ok(()),
    }
}

/// Is it a DELIMITER line that names none?
pub fn names_no_delimiter(line: &str) -> bool {
    line.split_whitespace().nth(1).is_none()
}

fn is_copy_from_stdin(tokens: &[Token<'_>]) -> bool {
    tokens[0].is("copy")
        && (0..tokens.len()).any(|start| sequence(&tokens[start..], &["from", "stdin"]))
}

/// A lone colon directly before a name or string. In SQL a colon stands only in `::`, `:=` and
/// array slices.
fn psql_variable<'a, 'b>(tokens: &'b [Token<'a>]) -> Option<&'b Token<'a>> {
    let mut brackets = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        if token.is_symbol("[") {
            brackets += 1;
        } else if token.is_symbol("]") {
            brackets = brackets.saturating_sub(1);
        }
        let touches = |other: Option<&Token<'_>>| {
            other.is_some_and(|next| {
                next.at == token.at + 1
                    && matches!(next.kind, Kind::Word | Kind::Quoted | Kind::String)
            })
        };
        let doubled = |other: Option<&Token<'_>>| other.is_some_and(|other| other.is_symbol(":"));
        if brackets == 0
            && token.is_symbol(":")
            && touches(tokens.get(index + 1))
            && !doubled(index.checked_sub(1).and_then(|before| tokens.get(before)))
        {
            return Some(token);
        }
    }
    None
}
