//! May a data statement change a table that no transaction covers? Asked by the server itself in
//! front of the transaction that the statement would share with its journal row: on MyISAM and the
//! like the data stays where the row is rolled back, and a resumed run would change it twice.
//!
//! Conservative: everything that the statement names is looked at, and a view, a trigger or a stored
//! function is taken to reach every such table of its own database and of those that such texts name.
//!
//! Sources: MySQL 8.0 Reference Manual, 28.3.13 (ENGINES: TRANSACTIONS), 28.3.38 (TABLES).

use super::{
    Mysql,
    session::{self, PacketError},
};
use crate::sql::{Dialect, Modes, Statement, Token, TokenKind, Verb, classify, tokens_by};
use anyhow::Result;
use mysql_async::{Conn, Row};
use std::collections::BTreeSet;

/// Is the table's engine, of which other words told that it is not InnoDB, without transactions?
pub(super) const NOT_TRANSACTIONAL: &str = "ENGINE <> 'InnoDB' AND ENGINE NOT IN \
     (SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES')";

/// Reserved words that are often met: without quotes, only behind a dot are they names.
/// Source: MySQL 8.0 Reference Manual, 11.3.
const RESERVED: [&str; 62] = [
    "all",
    "and",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cross",
    "default",
    "delayed",
    "delete",
    "desc",
    "distinct",
    "div",
    "else",
    "exists",
    "false",
    "for",
    "from",
    "group",
    "having",
    "high_priority",
    "if",
    "ignore",
    "in",
    "inner",
    "insert",
    "interval",
    "into",
    "is",
    "join",
    "key",
    "left",
    "like",
    "limit",
    "load",
    "low_priority",
    "mod",
    "natural",
    "not",
    "null",
    "on",
    "or",
    "order",
    "outer",
    "over",
    "primary",
    "regexp",
    "replace",
    "right",
    "select",
    "set",
    "straight_join",
    "table",
    "then",
    "true",
    "union",
    "update",
    "using",
    "values",
    "when",
    "where",
];

/// Errors that come before a statement changes anything: syntax, what it names, what it may do, and
/// what the binary log refuses. Source: MySQL 8.0 Error Reference.
const BEFORE_ANY_ROW: [u16; 9] = [1044, 1054, 1064, 1109, 1136, 1142, 1143, 1146, 1785];

/// A wait for a lock that was too long: of the whole table, unless the engine locks rows.
const LOCK_WAIT: u16 = 1205;

/// What a statement names, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Names {
    schemas: BTreeSet<String>,
    /// Everything, because a view may hide behind any name.
    all: BTreeSet<String>,
    /// What it may write itself.
    written: BTreeSet<String>,
    /// What it may call.
    called: BTreeSet<String>,
}

/// A statement that fails with 1242 when the other may change what no transaction covers. None where
/// that one names nothing. `before` are the statements of the file in front of it. It has no rows:
/// an error behind the first of them could not be told from one of the next statement.
pub fn guard(before: &[Statement<'_>], statement: &str) -> Option<String> {
    let names = Names::of(before, statement);
    if names.all.is_empty() && names.called.is_empty() {
        return None;
    }
    let directly = names.tables(&format!(
        "TABLE_TYPE = 'VIEW' OR ENGINE <> 'InnoDB' AND {}",
        among("TABLE_NAME", &names.written)
    ));
    let indirectly = names.triggers_and_functions();
    Some(format!(
        "SET @sgmp_db = IF((EXISTS ({directly}){indirectly}) AND EXISTS ({}), (SELECT 1 UNION ALL SELECT 2), 0)",
        everywhere()
    ))
}

/// Any table without transactions that is not the server's own.
fn everywhere() -> String {
    format!(
        "SELECT 1 FROM information_schema.TABLES AS other WHERE TABLE_SCHEMA NOT IN \
         ('mysql', 'sys', 'performance_schema', 'information_schema') AND {NOT_TRANSACTIONAL}"
    )
}

/// The same more closely, in a turn of its own: on a server with other people's databases the guard
/// stops a statement for tables that nothing of it can reach.
pub async fn confirmed(
    conn: &mut Conn,
    before: &[Statement<'_>],
    statement: &str,
) -> Result<bool, Box<PacketError>> {
    let names = Names::of(before, statement);
    let written = among("TABLE_NAME", &names.written);
    let query = format!(
        "SELECT EXISTS ({}) OR (EXISTS ({}){}) AND EXISTS ({} AND ({}))",
        names.tables(&format!("{written} AND {NOT_TRANSACTIONAL}")),
        names.tables("TABLE_TYPE = 'VIEW'"),
        names.triggers_and_functions(),
        everywhere(),
        names.reachable(),
    );
    let sets = session::packet(conn, &[&query]).await?;
    let answer = sets[0].first().and_then(|row| row.get_opt::<i64, _>(0));
    Ok(!matches!(answer, Some(Ok(0))))
}

fn among(column: &str, names: &BTreeSet<String>) -> String {
    let list: Vec<String> = names.iter().map(|name| literal(name)).collect();
    match list.as_slice() {
        [] => "FALSE".to_owned(),
        list => format!("{column} IN ({})", list.join(", ")),
    }
}

/// In the catalog's own character set: in another one a list is not searched but gone through.
fn literal(name: &str) -> String {
    session::text(name).replacen("_utf8mb4", "_utf8mb3", 1)
}

impl Names {
    fn of(before: &[Statement<'_>], statement: &str) -> Names {
        let mut modes = Modes::of(Dialect::Mysql);
        // Only then does a setting of the file's matter.
        if statement.contains('"') {
            for earlier in before {
                modes = modes.behind(Dialect::Mysql, earlier.text);
            }
        }
        let tokens = flat(modes, statement);
        let mut names = Names::default();
        for (index, token) in tokens.iter().enumerate() {
            let previous = index.checked_sub(1).map(|at| tokens[at]);
            let next = tokens.get(index + 1);
            if !names_something(token, previous) {
                continue;
            }
            let name = token.name(Dialect::Mysql);
            if next.is_some_and(|next| next.is_symbol(".")) {
                names.schemas.insert(name.clone());
            }
            if next.is_some_and(|next| next.is_symbol("(")) {
                names.called.insert(name.clone());
            }
            if stands_alone(previous.as_ref(), &[",", "(", "."])
                && stands_alone(next, &[",", "(", ".", ")"])
            {
                names.all.insert(name);
            }
        }
        names.narrow(classify(Dialect::Mysql, statement).verb, &tokens);
        names
    }

    /// What of it all the statement may write.
    fn narrow(&mut self, verb: Verb, tokens: &[Token<'_>]) {
        let table = match verb {
            Verb::Select => return,
            Verb::Insert | Verb::Replace => target(tokens),
            _ => None,
        };
        let Some(table) = table else {
            self.written = self.all.clone();
            return;
        };
        let reads = |token: &Token<'_>| token.is_any(&["select", "table", "from", "with"]);
        if !tokens.iter().any(reads) {
            self.all.clear();
            self.all.insert(table.clone());
        }
        // The bracket behind it holds its columns.
        self.called.remove(&table);
        self.written.insert(table);
    }

    /// A query about the tables and views that are named.
    fn tables(&self, which: &str) -> String {
        format!(
            "SELECT 1 FROM information_schema.TABLES WHERE {} AND {} AND ({which})",
            self.schema("TABLE_SCHEMA"),
            among("TABLE_NAME", &self.all)
        )
    }

    fn schema(&self, column: &str) -> String {
        match self.schemas.is_empty() {
            true => format!("{column} = DATABASE()"),
            false => format!(
                "({column} = DATABASE() OR {})",
                among(column, &self.schemas)
            ),
        }
    }

    /// Is `other` in a database of the statement's, or in one that a trigger, a routine or a view of those
    /// names? What the login may not read may name any.
    fn reachable(&self) -> String {
        let texts = [
            ("TRIGGERS", "EVENT_OBJECT_SCHEMA", "ACTION_STATEMENT"),
            ("ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_DEFINITION"),
            ("VIEWS", "TABLE_SCHEMA", "NULLIF(VIEW_DEFINITION, '')"),
        ];
        let mut text = self.schema("other.TABLE_SCHEMA");
        for (view, schema, body) in texts {
            text.push_str(&format!(
                " OR EXISTS (SELECT 1 FROM information_schema.{view} AS body WHERE {} \
                 AND COALESCE(INSTR({body}, other.TABLE_SCHEMA), 1) > 0)",
                self.schema(&format!("body.{schema}"))
            ));
        }
        text
    }

    /// `OR EXISTS …` for what runs along with the statement.
    fn triggers_and_functions(&self) -> String {
        let mut text = String::new();
        if !self.written.is_empty() {
            text = format!(
                " OR EXISTS (SELECT 1 FROM information_schema.TRIGGERS WHERE {} AND {})",
                self.schema("EVENT_OBJECT_SCHEMA"),
                among("EVENT_OBJECT_TABLE", &self.written)
            );
        }
        if !self.called.is_empty() {
            text.push_str(&format!(
                " OR EXISTS (SELECT 1 FROM information_schema.ROUTINES WHERE {} AND {} AND ROUTINE_TYPE = 'FUNCTION')",
                self.schema("ROUTINE_SCHEMA"),
                among("ROUTINE_NAME", &self.called)
            ));
        }
        text
    }
}

/// The tokens, with those that stand in `/*! … */`.
fn flat(modes: Modes, text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for token in tokens_by(Dialect::Mysql, modes, text) {
        let inner = token
            .text
            .strip_prefix("/*!")
            .and_then(|inner| inner.strip_suffix("*/"))
            .filter(|_| token.kind == TokenKind::Executable);
        match inner {
            Some(inner) => {
                let inner = inner.trim_start_matches(|c: char| c.is_ascii_digit());
                tokens.extend(tokens_by(Dialect::Mysql, modes, inner));
            }
            None => tokens.push(token),
        }
    }
    tokens
}

/// May it be the name of a table or a function? Numbers, of which an INSERT may have many, are not,
/// nor is what the catalog could not compare (error 3854): names have no characters of four bytes.
fn names_something(token: &Token<'_>, previous: Option<Token<'_>>) -> bool {
    let text = token.text;
    let number = text.starts_with(|c: char| c.is_ascii_digit())
        && (text.parse::<f64>().is_ok() || text.starts_with("0x") || text.starts_with("0X"));
    if text.chars().any(|c| c.len_utf8() > 3) {
        return false;
    }
    let qualified = previous.is_some_and(|dot| dot.is_symbol("."));
    match token.kind {
        TokenKind::Quoted => true,
        TokenKind::Word => !number && (qualified || !token.is_any(&RESERVED)),
        _ => false,
    }
}

/// Is there a word, one of these signs or nothing beside a name? Others make it a column.
fn stands_alone(neighbour: Option<&Token<'_>>, signs: &[&str]) -> bool {
    neighbour.is_none_or(|token| {
        token.kind != TokenKind::Symbol || signs.iter().any(|sign| token.is_symbol(sign))
    })
}

/// The table of INSERT and REPLACE, without its schema.
fn target(tokens: &[Token<'_>]) -> Option<String> {
    let between = ["low_priority", "delayed", "high_priority", "ignore", "into"];
    let mut rest = tokens
        .iter()
        .skip(1)
        .skip_while(|token| token.is_any(&between));
    let first = rest.next().filter(|token| names_something(token, None))?;
    match (rest.next(), rest.next()) {
        (Some(dot), Some(table)) if dot.is_symbol(".") => Some(table.name(Dialect::Mysql)),
        _ => Some(first.name(Dialect::Mysql)),
    }
}

/// In words, why nobody can say how far a statement came that the guard let through on its own.
pub async fn reason(mysql: &mut Mysql, statement: &str) -> Result<String> {
    // The statements before it are not known here; that only matters for names in double quotes.
    let names = Names::of(&[], statement);
    let query = format!(
        "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE {} AND {} AND {NOT_TRANSACTIONAL} ORDER BY TABLE_NAME",
        names.schema("TABLE_SCHEMA"),
        among("TABLE_NAME", &names.written)
    );
    let sets = mysql.packet(&[&query]).await?;
    let tables: Vec<String> = sets[0]
        .iter()
        .filter_map(|row: &Row| mysql_async::from_row_opt::<(String, String)>(row.clone()).ok())
        .map(|(table, engine)| format!("{table} ({engine})"))
        .collect();
    let fact = match tables.as_slice() {
        [] => {
            "a table that it may reach through a view, a trigger or a function is not transactional"
                .to_owned()
        }
        [table] => format!("its table {table} is not transactional"),
        tables => format!("its tables {} are not transactional", tables.join(", ")),
    };
    Ok(format!(
        "{fact}, so a part of it may be in the database, which has to be undone by hand before --reverted"
    ))
}

/// Did the failed statement, which ran outside of a transaction, change nothing for certain? The
/// error tells where it comes before any row is touched, unless something else ran along.
pub async fn untouched(conn: &mut Conn, statement: &str, code: Option<u16>) -> bool {
    let names = Names::of(&[], statement);
    let rows_are_locked = "TABLE_TYPE = 'VIEW' OR ENGINE = 'InnoDB'";
    let which = match code {
        Some(code) if BEFORE_ANY_ROW.contains(&code) => "TABLE_TYPE = 'VIEW'",
        Some(LOCK_WAIT) => rows_are_locked,
        _ => return false,
    };
    let query = format!(
        "SELECT EXISTS ({}){}",
        names.tables(which),
        names.triggers_and_functions()
    );
    match session::packet(conn, &[&query]).await {
        Ok(sets) => {
            let along = sets[0].first().and_then(|row| row.get_opt::<i64, _>(0));
            matches!(along, Some(Ok(0)))
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn written(text: &str) -> Vec<String> {
        Names::of(&[], text).written.into_iter().collect()
    }

    fn called(text: &str) -> Vec<String> {
        Names::of(&[], text).called.into_iter().collect()
    }

    #[test]
    fn an_insert_writes_its_table_and_everything_else_may_write_whatever_it_names() {
        assert_eq!(written("INSERT INTO t (a, b) SELECT x, y FROM u"), ["t"]);
        assert_eq!(
            written("insert high_priority ignore x.`t` VALUES (1)"),
            ["t"]
        );
        assert_eq!(written("REPLACE t SET a = 1"), ["t"]);
        assert_eq!(
            written("UPDATE t JOIN x.order AS u USING (id) SET t.a = 1, b = 2"),
            ["id", "order", "t", "u", "x"]
        );
        assert_eq!(
            written("WITH c AS (SELECT 1) DELETE FROM t")
                .last()
                .unwrap(),
            "t"
        );
        assert!(written("LOAD DATA INFILE 'f' INTO TABLE t").contains(&"t".to_owned()));
        assert!(written("SELECT a FROM t").is_empty());
    }

    #[test]
    fn what_stands_before_a_bracket_may_be_a_function() {
        assert_eq!(
            called("INSERT INTO t (a) VALUES (f(1), `g` (2))"),
            ["f", "g"]
        );
        assert!(called("UPDATE t SET a = 1 WHERE (b IN (1, 2)) AND (c = 3)").is_empty());
    }

    #[test]
    fn names_are_found_in_executable_comments_and_in_double_quotes_where_those_quote_names() {
        assert!(written("UPDATE /*!50000 t */ SET a = 1").contains(&"t".to_owned()));
        assert_eq!(written("INSERT /*!80000 INTO t */ VALUES (1)"), ["t"]);
        let text = "SET sql_mode = 'ANSI_QUOTES'; UPDATE \"t\" SET a = 1";
        let statements = split(Dialect::Mysql, text).unwrap();
        let names = Names::of(&statements[..1], statements[1].text);
        assert!(names.written.contains("t"));
        assert!(!written("UPDATE u SET a = \"t\"").contains(&"t".to_owned()));
    }

    #[test]
    fn numbers_are_no_names_and_a_table_that_begins_with_one_is() {
        let all = |text| -> Vec<String> { Names::of(&[], text).all.into_iter().collect() };
        assert_eq!(
            all("DELETE FROM 1st WHERE a IN (1, 2.5, 0xff, 1e3)"),
            ["1st", "a"]
        );
        assert_eq!(all("INSERT INTO t (a, b) VALUES (f(), c)"), ["t"]);
        assert_eq!(
            all("INSERT INTO t (a) SELECT b FROM u"),
            ["a", "b", "t", "u"]
        );
    }
}
