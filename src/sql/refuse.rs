//! Commands of a client, which no server understands, and statements that would leave the database.

use super::{
    Dialect,
    lexer::Kind,
    words::{Token, sequence},
};

/// What is refused, and where in the text.
#[derive(Debug)]
pub struct Refused {
    pub at: usize,
    pub message: String,
    pub hint: String,
}

/// Commands of mysql's, beside `source` and `use`, that are no SQL of any server. Source: MySQL 8.0 Reference
/// Manual, 6.5.1.2 (mysql client commands).
const MYSQL_COMMANDS: [&str; 22] = [
    "source",
    "system",
    "tee",
    "notee",
    "pager",
    "nopager",
    "prompt",
    "quit",
    "exit",
    "charset",
    "clear",
    "connect",
    "edit",
    "ego",
    "go",
    "nowarning",
    "print",
    "query_attributes",
    "rehash",
    "resetconnection",
    "status",
    "warnings",
];

/// Is this statement, or a part of it, a command of mysql's or psql's? `text` is what the tokens were read from.
pub fn client_command(dialect: Dialect, tokens: &[Token<'_>], text: &str) -> Result<(), Refused> {
    if let Some(token) = tokens.iter().find(|token| token.is_symbol("\\")) {
        return Err(backslash_command(token, text));
    }
    let Some(first) = tokens.first() else {
        return Ok(());
    };
    let found = match dialect {
        Dialect::Mysql => mysql_command(first, tokens.get(1)),
        Dialect::Postgres => psql_command(tokens),
    };
    match found {
        None => Ok(()),
        Some((at, message, hint)) => Err(Refused {
            at,
            message,
            hint: hint.to_owned(),
        }),
    }
}

fn backslash_command(token: &Token<'_>, text: &str) -> Refused {
    let command = text[token.at..].split_whitespace().next().unwrap_or("\\");
    let hint = match command {
        "\\g" | "\\G" => "end the statement with ;",
        "\\i" | "\\ir" | "\\." => "put the file's SQL here",
        _ => "remove it, or write the SQL that it stands for",
    };
    Refused {
        at: token.at,
        message: format!("`{command}` is a command of the client, not SQL"),
        hint: hint.to_owned(),
    }
}

type Found = (usize, String, &'static str);

fn mysql_command(first: &Token<'_>, second: Option<&Token<'_>>) -> Option<Found> {
    if first.is("use") {
        let message = "`USE` would move every later statement, and the record, to another database";
        return Some((
            first.at,
            message.to_owned(),
            "name the database in the statement: other_database.table",
        ));
    }
    let delimiter = first
        .text
        .get(.."delimiter".len())
        .is_some_and(|word| word.eq_ignore_ascii_case("delimiter"));
    if first.kind == Kind::Word && delimiter {
        let message = format!("`{}` is no DELIMITER line", first.text);
        return Some((
            first.at,
            message,
            "write a blank behind the word: DELIMITER $$",
        ));
    }
    let command =
        first.is_any(&MYSQL_COMMANDS) && !second.is_some_and(|token| token.is_symbol("="));
    command.then(|| {
        let message = format!(
            "`{}` is a command of the client, not SQL",
            first.text.to_lowercase()
        );
        let hint = match first.is("source") {
            true => "put the file's SQL here",
            false => "remove it",
        };
        (first.at, message, hint)
    })
}

fn psql_command(tokens: &[Token<'_>]) -> Option<Found> {
    if is_copy_from_stdin(tokens) {
        let message = "`COPY … FROM stdin` needs a client that sends the rows".to_owned();
        return Some((tokens[0].at, message, "write the rows as INSERT … VALUES"));
    }
    let variable = psql_variable(tokens)?;
    Some((
        variable.at,
        "`:name` is a variable of psql, not SQL".to_owned(),
        "write its value",
    ))
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
