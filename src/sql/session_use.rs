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
        /// ON COMMIT DROP.
        goes_with_transaction: bool,
    },
    LastInsertId,
    FoundRows,
    /// A row of a cursor that an earlier statement declared.
    Cursor,
    /// What an earlier `nextval` of the session returned.
    LastValue,
    Prepared {
        name: String,
        /// PREPARE itself.
        makes: bool,
    },
    LockTables,
    UnlockTables,
    /// A lock by name is taken, which the session holds until it gives it back.
    TakesLock(&'static str),
    GivesLock,
    /// All locks by name are given back, the runner's own with them; how that is written.
    GivesAllLocks(&'static str),
    /// PostgreSQL: the session becomes somebody else.
    OtherRole,
}

/// Everything of the kind in a statement.
pub fn session_uses(dialect: Dialect, tokens: &[Token<'_>]) -> Vec<SessionUse> {
    let mut uses = Vec::new();
    let first = |keyword: &str| tokens.first().is_some_and(|token| token.is(keyword));
    if let Some(name) = temporary_table(dialect, tokens) {
        let goes_with_transaction = contains(tokens, &["on", "commit", "drop"]);
        uses.push(SessionUse::TemporaryTable {
            name,
            goes_with_transaction,
        });
    }
    if first("prepare") || first("execute") || first("deallocate") {
        let name = tokens.iter().skip(1).find(|token| !token.is("prepare"));
        let name = name.map(|token| token.name(dialect)).unwrap_or_default();
        uses.push(SessionUse::Prepared {
            name,
            makes: first("prepare"),
        });
    }
    if first("set") {
        uses.extend(set_variables(dialect, tokens));
    }
    uses.extend(named_locks(dialect, tokens));
    if dialect == Dialect::Postgres {
        if changes_role(tokens) {
            uses.push(SessionUse::OtherRole);
        }
        if first("fetch") || first("move") || first("close") {
            uses.push(SessionUse::Cursor);
        }
        let called =
            |pair: &[Token<'_>]| pair[0].is_any(&["currval", "lastval"]) && pair[1].is_symbol("(");
        if tokens.windows(2).any(called) {
            uses.push(SessionUse::LastValue);
        }
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

/// Functions of PostgreSQL whose lock outlives the transaction.
const SESSION_LOCKS: [&str; 4] = [
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
];

/// Calls that take and give back locks by name.
fn named_locks(dialect: Dialect, tokens: &[Token<'_>]) -> Vec<SessionUse> {
    let (take, give, give_all): (&[&'static str], &[&str], &'static str) = match dialect {
        Dialect::Mysql => (&["get_lock"], &["release_lock"], "release_all_locks"),
        Dialect::Postgres => (
            &SESSION_LOCKS,
            &["pg_advisory_unlock", "pg_advisory_unlock_shared"],
            "pg_advisory_unlock_all",
        ),
    };
    let mut uses = Vec::new();
    if sequence(tokens, &["discard", "all"]) {
        uses.push(SessionUse::GivesAllLocks("DISCARD ALL"));
    }
    for pair in tokens.windows(2).filter(|pair| pair[1].is_symbol("(")) {
        if let Some(function) = take.iter().find(|function| pair[0].is(function)) {
            uses.push(SessionUse::TakesLock(function));
        } else if pair[0].is_any(give) {
            uses.push(SessionUse::GivesLock);
        } else if pair[0].is(give_all) {
            uses.push(SessionUse::GivesAllLocks(give_all));
        }
    }
    uses
}

/// `SET [SESSION | LOCAL] ROLE …`, `SET … SESSION AUTHORIZATION …`
fn changes_role(tokens: &[Token<'_>]) -> bool {
    let scope = usize::from(
        tokens
            .get(1)
            .is_some_and(|word| word.is_any(&["session", "local"])),
    );
    let named = tokens.get(1 + scope);
    tokens.first().is_some_and(|word| word.is("set"))
        && (named.is_some_and(|word| word.is("role"))
            || contains(tokens, &["session", "authorization"]))
}

fn temporary_table(dialect: Dialect, tokens: &[Token<'_>]) -> Option<String> {
    // PostgreSQL has views and sequences of that kind too, and words that it ignores.
    let kind = 2 + usize::from(tokens.get(1)?.is_any(&["local", "global"]));
    let made = tokens.first()?.is("create")
        && tokens.get(kind - 1)?.is_any(&["temporary", "temp"])
        && tokens.get(kind)?.is_any(&["table", "view", "sequence"]);
    let name = tokens
        .iter()
        .skip(kind + 1)
        .find(|token| !token.is_any(&["if", "not", "exists"]))?;
    made.then(|| name.name(dialect))
}

/// Every variable of `SET [SESSION | LOCAL] a = 1, @@session.b = 2`. What is set for the whole server
/// is none of the session's, and `@name` is told elsewhere.
fn set_variables(dialect: Dialect, tokens: &[Token<'_>]) -> Vec<SessionUse> {
    assignments(&tokens[1..])
        .into_iter()
        .filter_map(|assignment| set_variable(dialect, assignment))
        .collect()
}

/// The parts between the commas that stand outside of brackets.
pub(super) fn assignments<'a, 'b>(tokens: &'b [Token<'a>]) -> Vec<&'b [Token<'a>]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (index, token) in tokens.iter().enumerate() {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
        } else if token.is_symbol(",") && depth == 0 {
            parts.push(&tokens[start..index]);
            start = index + 1;
        }
    }
    parts.push(&tokens[start..]);
    parts
}

fn set_variable(dialect: Dialect, assignment: &[Token<'_>]) -> Option<SessionUse> {
    let signs = assignment
        .iter()
        .take_while(|token| token.is_symbol("@"))
        .count();
    if signs == 1 {
        return None;
    }
    let mut rest = &assignment[signs..];
    let scope = rest
        .first()
        .filter(|token| token.is_any(&["session", "local", "global", "persist", "persist_only"]));
    if let Some(scope) = scope {
        if !scope.is_any(&["session", "local"]) {
            return None;
        }
        rest = &rest[1..];
        if rest.first().is_some_and(|token| token.is_symbol(".")) {
            rest = &rest[1..];
        }
    }
    let (first, mut value) = rest.split_first()?;
    let mut name = first.name(dialect);
    while let [dot, part, behind @ ..] = value
        && dot.is_symbol(".")
    {
        name = format!("{name}.{}", part.name(dialect));
        value = behind;
    }
    let computed = |token: &Token<'_>| token.is_symbol("(") || token.is_symbol("@");
    Some(SessionUse::SetVariable {
        name,
        constant: !value.iter().any(computed) && !contains(value, &["select"]),
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

#[cfg(test)]
mod tests {
    use super::super::{Dialect, SessionUse, Statement};

    fn variables(text: &str) -> Vec<(String, bool)> {
        Statement::of(Dialect::Mysql, text)
            .facts
            .session
            .into_iter()
            .filter_map(|used| match used {
                SessionUse::SetVariable { name, constant } => Some((name, constant)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn every_variable_of_a_set_is_told_with_whether_it_is_a_constant() {
        let told = |name: &str, constant| (name.to_owned(), constant);
        assert_eq!(
            variables(
                "SET foreign_key_checks = 0, @@session.unique_checks = 0, SESSION sql_mode = ''"
            ),
            [
                told("foreign_key_checks", true),
                told("unique_checks", true),
                told("sql_mode", true)
            ]
        );
        assert_eq!(
            variables("SET sql_mode = CONCAT(@@sql_mode, ',ANSI'), @old = @@sql_mode"),
            [told("sql_mode", false)]
        );
        assert_eq!(variables("SET @@global.x = 1, GLOBAL y = 2"), []);
        assert_eq!(variables("SET NAMES utf8mb4"), [told("NAMES", true)]);
    }
}
