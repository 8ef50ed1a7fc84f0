//! What did SHOW CREATE tell? Its statements, taken apart.

use super::{columns, events, routines, tables, triggers, views};
use crate::{
    engine::mysql::session,
    sql::{Dialect, TokenKind, tokens},
};
use std::collections::BTreeMap;

/// How lines begin that say something of a routine before its body.
const CHARACTERISTICS: [&str; 8] = [
    "LANGUAGE ",
    "NO SQL",
    "CONTAINS SQL",
    "READS SQL DATA",
    "MODIFIES SQL DATA",
    "DETERMINISTIC",
    "SQL SECURITY ",
    "COMMENT ",
];

/// What SHOW CREATE printed, by kind and name.
#[derive(Debug, Default)]
pub struct Shown {
    statements: BTreeMap<(&'static str, String), String>,
}

impl Shown {
    /// Takes a statement in.
    pub fn insert(&mut self, kind: &'static str, name: String, statement: String) {
        self.statements.insert((kind, name), statement);
    }

    fn statement(&self, kind: &'static str, name: &str) -> Option<&str> {
        self.statements
            .get(&(kind, name.to_owned()))
            .map(String::as_str)
    }

    /// The statement that makes a view.
    pub fn view(&self, name: &str) -> Option<&str> {
        self.statement(views::KIND, name)
    }

    /// What a trigger does.
    pub fn trigger_body(&self, name: &str) -> Option<&str> {
        behind(
            self.statement(triggers::KIND, name)?,
            &["FOR", "EACH", "ROW"],
        )
    }

    /// What an event does.
    pub fn event_body(&self, name: &str) -> Option<&str> {
        behind(self.statement(events::KIND, name)?, &["DO"])
    }

    /// What a routine does.
    pub fn routine_body(&self, kind: &str, name: &str) -> Option<&str> {
        let kind = [routines::PROCEDURE, routines::FUNCTION]
            .into_iter()
            .find(|known| *known == kind)?;
        behind_characteristics(self.statement(kind, name)?)
    }

    /// A full-text index's parser.
    pub fn parser(&self, table: &str, index: &str) -> Option<&str> {
        let line = self.line(
            table,
            &format!("FULLTEXT KEY {} ", session::identifier(index)),
        )?;
        let (_, behind) = line.split_once(" WITH PARSER ")?;
        behind.split('`').nth(1)
    }

    /// The algorithm of KEY partitions, where it is not the present one.
    pub fn key_algorithm(&self, table: &str) -> Option<&str> {
        let statement = self.statement(tables::KIND, table)?;
        let (_, behind) = statement.rsplit_once("ALGORITHM = ")?;
        behind.split(' ').next()
    }

    /// A column's default that information_schema mangles, as a literal: bytes in hexadecimal, text
    /// as text. SHOW CREATE prints bytes as a text where they are one, and anything that is not as
    /// bytes.
    pub fn default_of(&self, table: &str, column: &str, kind: &str) -> Option<String> {
        let line = self.line(table, &format!("{} ", session::identifier(column)))?;
        let tokens = tokens(Dialect::Mysql, line);
        let at = tokens.iter().position(|token| token.is("DEFAULT"))?;
        let literal = tokens.get(at + 1)?;
        let digits = literal.text.strip_prefix("0x");
        match (literal.kind, digits, kind.contains("binary")) {
            (TokenKind::Word, Some(digits), true) => Some(columns::binary(digits, kind)),
            (TokenKind::Word, Some(digits), false) => {
                bytes(digits).map(|text| columns::quoted(&text))
            }
            (TokenKind::String, _, true) => {
                let text = unescaped(literal.text);
                let digits: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
                Some(columns::binary(&digits, kind))
            }
            _ => None,
        }
    }

    /// The line of a table's statement that begins like this.
    fn line(&self, table: &str, beginning: &str) -> Option<&str> {
        let statement = self.statement(tables::KIND, table)?;
        statement
            .lines()
            .map(str::trim_start)
            .find(|line| line.starts_with(beginning))
    }
}

/// What stands behind these words, and behind a trigger's place among others.
fn behind<'a>(statement: &'a str, words: &[&str]) -> Option<&'a str> {
    let tokens = tokens(Dialect::Mysql, statement);
    let at = (0..tokens.len()).find(|start| {
        words.iter().enumerate().all(|(offset, word)| {
            tokens
                .get(start + offset)
                .is_some_and(|token| token.is(word))
        })
    })?;
    let mut body = at + words.len();
    if tokens.get(body)?.is_any(&["FOLLOWS", "PRECEDES"]) {
        body += 2;
    }
    Some(&statement[tokens.get(body)?.at..])
}

/// The server prints what a function returns behind the parameters, and each characteristic on a
/// line of its own.
fn behind_characteristics(statement: &str) -> Option<&str> {
    let tokens = tokens(Dialect::Mysql, statement);
    let mut depth = 0_usize;
    let close = tokens.iter().find(|token| {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth -= 1;
            return depth == 0;
        }
        false
    })?;
    let (_, mut rest) = statement[close.at..].split_once('\n')?;
    while let Some((line, behind)) = rest.split_once('\n') {
        let is_one = line
            .strip_prefix("    ")
            .is_some_and(|word| CHARACTERISTICS.iter().any(|known| word.starts_with(known)));
        if !is_one {
            break;
        }
        rest = behind;
    }
    Some(rest)
}

/// A literal of SHOW CREATE without its quotes and with what its escapes say.
fn unescaped(literal: &str) -> String {
    let mut text = String::with_capacity(literal.len());
    let mut characters = literal.strip_prefix('\'').unwrap_or(literal).chars();
    while let Some(one) = characters.next() {
        match one {
            '\\' => text.extend(characters.next().map(|escaped| match escaped {
                '0' => '\0',
                'n' => '\n',
                'r' => '\r',
                other => other,
            })),
            // Doubled inside, and single at the end.
            '\'' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

fn bytes(hex: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = (0..hex.len() / 2)
        .map(|index| u8::from_str_radix(hex.get(index * 2..index * 2 + 2)?, 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(statement: &str) -> Shown {
        let mut shown = Shown::default();
        shown.insert(tables::KIND, "t".to_owned(), statement.to_owned());
        shown
    }

    #[test]
    fn only_show_create_tells_a_parser_and_a_key_algorithm() {
        let shown = shown(
            "CREATE TABLE `t` (\n  `s` varchar(20) DEFAULT 0xF09F988078,\n  \
             FULLTEXT KEY `f``t` (`s`) /*!50100 WITH PARSER `ngram` */ ,\n  FULLTEXT KEY `g` (`s`)\n) \
             ENGINE=InnoDB\n/*!50100 PARTITION BY KEY */ /*!50611 ALGORITHM = 1 */ /*!50100 () */",
        );
        assert_eq!(shown.parser("t", "f`t"), Some("ngram"));
        assert_eq!(shown.parser("t", "g"), None);
        assert_eq!(shown.key_algorithm("t"), Some("1"));
    }

    #[test]
    fn a_default_beyond_the_basic_plane_is_printed_in_hexadecimal() {
        let shown = shown(
            "CREATE TABLE `t` (\n  `s` varchar(20) DEFAULT 0xF09F988078,\n  `b` binary(2) DEFAULT 0x00FF\n)",
        );
        assert_eq!(
            shown.default_of("t", "s", "varchar(20)").as_deref(),
            Some("'😀x'")
        );
        // information_schema prints `0x`.
        let bytes = shown.default_of("t", "b", "binary(2)");
        assert_eq!(bytes.as_deref(), Some("0x00FF"));
    }

    #[test]
    fn bytes_that_are_a_text_are_printed_as_one_with_its_zeros() {
        let shown = shown(
            "CREATE TABLE `t` (\n  `a` binary(3) DEFAULT '\\0a\\0',\n  `b` varbinary(9) DEFAULT 'it''s\\n\\\\',\n  `c` varbinary(3) DEFAULT ''\n)",
        );
        let told = |column, kind| shown.default_of("t", column, kind).unwrap();
        // What a fixed length is filled up with is not told.
        assert_eq!(told("a", "binary(3)"), "0x0061");
        assert_eq!(told("b", "varbinary(9)"), "0x697427730A5C");
        assert_eq!(told("c", "varbinary(3)"), "0x");
    }

    #[test]
    fn a_body_stands_behind_its_keywords() {
        let trigger = "CREATE DEFINER=`r`@`%` TRIGGER `for` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.s = '😀'";
        assert_eq!(
            behind(trigger, &["FOR", "EACH", "ROW"]),
            Some("SET NEW.s = '😀'")
        );
    }

    #[test]
    fn a_trigger_shows_its_place_among_others_before_its_body() {
        let trigger =
            "CREATE TRIGGER `a` BEFORE INSERT ON `t` FOR EACH ROW FOLLOWS `b` SET NEW.s = 1";
        assert_eq!(
            behind(trigger, &["FOR", "EACH", "ROW"]),
            Some("SET NEW.s = 1")
        );
    }

    #[test]
    fn a_body_of_a_routine_stands_behind_its_characteristics() {
        let procedure = "CREATE DEFINER=`r`@`%` PROCEDURE `p(`(IN `q` decimal(9,2))\n    READS SQL DATA\n    \
             COMMENT 'it''s'\nSELECT\n    '😀'";
        assert_eq!(behind_characteristics(procedure), Some("SELECT\n    '😀'"));
        let function = "CREATE FUNCTION `f`() RETURNS varchar(9) CHARSET utf8mb4\nRETURN 1";
        assert_eq!(behind_characteristics(function), Some("RETURN 1"));
    }
}
