//! What does a data statement name: what may it write, read through and call? Pure.
//!
//! Read off the words, and rather too much than too little: a column may pass for a table.

use crate::sql::{Dialect, Statement, Token, TokenKind, Verb};
use std::collections::BTreeSet;

/// Reserved words that are often met: without quotes, only behind a dot are they names.
/// Source: MySQL 8.0 Reference Manual, 11.3.
const RESERVED: &str = "all and as asc between by case cross default delayed delete desc distinct div else \
     exists false for from group having high_priority if ignore in inner insert interval into \
     is join key left like limit load low_priority mod natural not null on or order outer \
     over primary regexp replace right select set straight_join table then true union update \
     using values when where";

/// What a statement names, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub schemas: BTreeSet<String>,
    /// Everything, because a view may hide behind any name.
    pub all: BTreeSet<String>,
    /// What it may write itself.
    pub written: BTreeSet<String>,
    /// What it may call.
    pub called: BTreeSet<String>,
}

impl Names {
    /// Read as the session reads the statement where it stands in its file.
    pub fn of(statement: &Statement) -> Names {
        let tokens = statement.tokens();
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
        names.narrow(statement.facts.verb, &tokens);
        names
    }

    /// What another statement names too.
    pub fn add(&mut self, other: Names) {
        self.schemas.extend(other.schemas);
        self.all.extend(other.all);
        self.written.extend(other.written);
        self.called.extend(other.called);
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
        TokenKind::Word => {
            !number && (qualified || !RESERVED.split(' ').any(|word| token.is(word)))
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn names(text: &str) -> Names {
        Names::of(&Statement::of(Dialect::Mysql, text))
    }

    fn written(text: &str) -> Vec<String> {
        names(text).written.into_iter().collect()
    }

    fn called(text: &str) -> Vec<String> {
        names(text).called.into_iter().collect()
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
        let names = Names::of(&statements[1]);
        assert!(names.written.contains("t"));
        assert!(!written("UPDATE u SET a = \"t\"").contains(&"t".to_owned()));
    }

    #[test]
    fn numbers_are_no_names_and_a_table_that_begins_with_one_is() {
        let all = |text| -> Vec<String> { names(text).all.into_iter().collect() };
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
