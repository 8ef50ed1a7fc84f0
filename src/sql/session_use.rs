//! What a statement leaves in its session, or needs of it: what a resumed file would lose.

use super::{
    Dialect,
    lexer::Kind,
    words::{Token, contains, sequence},
};

/// One such thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionUse {
    /// `SET` of a session variable; a constant can be set again.
    SetVariable {
        name: String,
        constant: bool,
    },
    /// `@name`.
    UserVariable {
        name: String,
        writes: bool,
    },
    TemporaryTable {
        name: String,
    },
    LastInsertId,
    FoundRows,
    Prepared {
        name: String,
    },
    LockTables,
    UnlockTables,
}

/// Everything of the kind in a statement.
pub fn session_uses(dialect: Dialect, tokens: &[Token<'_>]) -> Vec<SessionUse> {
    let mut uses = Vec::new();
    let first = |keyword: &str| tokens.first().is_some_and(|token| token.is(keyword));
    if let Some(name) = temporary_table(dialect, tokens) {
        uses.push(SessionUse::TemporaryTable { name });
    }
    if first("prepare") || first("execute") || first("deallocate") {
        let name = tokens.iter().skip(1).find(|token| !token.is("prepare"));
        let name = name.map(|token| token.name(dialect)).unwrap_or_default();
        uses.push(SessionUse::Prepared { name });
    }
    if first("set") {
        uses.extend(set_variable(dialect, tokens));
    }
    if dialect == Dialect::Mysql {
        if first("lock") {
            uses.push(SessionUse::LockTables);
        }
        if first("unlock") {
            uses.push(SessionUse::UnlockTables);
        }
        uses.extend(user_variables(tokens));
        for pair in tokens.windows(2).filter(|pair| pair[1].is_symbol("(")) {
            if pair[0].is("last_insert_id") {
                uses.push(SessionUse::LastInsertId);
            } else if pair[0].is_any(&["found_rows", "row_count"]) {
                uses.push(SessionUse::FoundRows);
            }
        }
    }
    uses
}

fn temporary_table(dialect: Dialect, tokens: &[Token<'_>]) -> Option<String> {
    let made = sequence(tokens, &["create", "temporary", "table"])
        || sequence(tokens, &["create", "temp", "table"]);
    let name = tokens
        .iter()
        .skip(3)
        .find(|token| !token.is_any(&["if", "not", "exists"]))?;
    made.then(|| name.name(dialect))
}

fn set_variable(dialect: Dialect, tokens: &[Token<'_>]) -> Option<SessionUse> {
    let name = tokens
        .iter()
        .skip(1)
        .find(|token| !token.is_symbol("@") && !token.is_any(&["session", "local"]))?;
    if name.is_any(&["global", "persist", "persist_only"]) {
        return None;
    }
    // A single @ is a user variable, told elsewhere.
    let user = tokens.get(1).is_some_and(|token| token.is_symbol("@"))
        && !tokens.get(2).is_some_and(|token| token.is_symbol("@"));
    let constant =
        !tokens.iter().skip(1).any(|token| token.is_symbol("(")) && !contains(tokens, &["select"]);
    (!user).then(|| SessionUse::SetVariable {
        name: name.name(dialect),
        constant,
    })
}

fn user_variables(tokens: &[Token<'_>]) -> Vec<SessionUse> {
    let mut uses = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let Some(name) = tokens.get(index + 1) else {
            break;
        };
        let system = index > 0 && tokens[index - 1].is_symbol("@");
        let adjacent = name.at == token.at + 1
            && matches!(name.kind, Kind::Word | Kind::Quoted | Kind::String);
        // `user`@`host` has its name directly before the sign.
        let account = index > 0 && {
            let before = &tokens[index - 1];
            before.at + before.text.len() == token.at && before.kind != Kind::Symbol
        };
        if !token.is_symbol("@") || system || account || !adjacent {
            continue;
        }
        let assigned = tokens
            .get(index + 2)
            .is_some_and(|next| next.is_symbol("=") || next.is_symbol(":"));
        let into = index > 0
            && tokens[..index]
                .iter()
                .rev()
                .find(|t| !t.is_symbol(","))
                .is_some_and(|t| t.is("into"));
        let set = tokens[0].is("set") && assigned;
        let colon = tokens
            .get(index + 2)
            .is_some_and(|next| next.is_symbol(":"));
        uses.push(SessionUse::UserVariable {
            name: name.text.to_lowercase(),
            writes: set || colon || into,
        });
    }
    uses
}
