//! How is an expression written that the server printed: a generated column, a default, a check?

use super::{is_integer, is_long_text, pieces};
use crate::{engine::mysql::session, sql::TokenKind};
use std::collections::BTreeSet;

/// Units of `INTERVAL 1 DAY` and `EXTRACT(DAY FROM …)`, and the types of CAST: a column of that
/// name is only known by its quotes.
const AMBIGUOUS: [&str; 22] = [
    "microsecond",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "date",
    "time",
    "datetime",
    "char",
    "binary",
    "signed",
    "unsigned",
    "json",
    "decimal",
    "float",
    "double",
    "real",
    "array",
];

/// An expression as information_schema prints it, in one spelling: without the escapes that it
/// puts around quotes, without character set introducers that change nothing, with quoted columns.
pub fn expression(raw: &str, columns: &BTreeSet<String>) -> String {
    let plain = unescaped(raw);
    let pieces = pieces(&plain);
    let mut text = String::with_capacity(plain.len());
    for (index, (kind, piece)) in pieces.iter().enumerate() {
        let next = pieces.get(index + 1);
        match kind {
            TokenKind::Word if is_introducer(piece) && is_string(next) => {
                let literal = next.map_or("", |(_, literal)| *literal);
                if !is_redundant(piece, literal) {
                    text.push_str(piece);
                }
            }
            TokenKind::String => match index.checked_sub(1).map(|before| pieces[before].1) {
                Some("_utf8mb4" | "_utf8mb3") => text.push_str(&decoded(piece)),
                _ => text.push_str(piece),
            },
            TokenKind::Quoted => text.push_str(&decoded(piece)),
            TokenKind::Word if is_column(piece, next, columns) => {
                text.push_str(&session::identifier(piece));
            }
            _ => text.push_str(piece),
        }
    }
    text
}

/// `DEFAULT ('x')` and `DEFAULT (5)` say what `DEFAULT 'x'` and `DEFAULT 5` say, where the type
/// takes a literal at all.
pub fn literal_default(expression: &str, kind: &str) -> Option<String> {
    let pieces = pieces(expression);
    let [(token, piece)] = pieces.as_slice() else {
        return None;
    };
    let literal = match token {
        TokenKind::String => !is_integer(kind) && !is_long_text(kind) && kind.contains("char"),
        TokenKind::Word => is_integer(kind) && piece.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    literal.then(|| (*piece).to_owned())
}

/// A stored query without the name of the database in front of its own objects, and with every
/// name quoted that the creator's `sql_quote_show_create=OFF` left bare.
pub fn unqualified(raw: &str, database: &str) -> String {
    let pieces = pieces(raw);
    let quoted = session::identifier(database);
    let names = qualifiers(&pieces);
    let mut text = String::with_capacity(raw.len());
    let mut index = 0;
    while index < pieces.len() {
        let (kind, piece) = pieces[index];
        let dot_behind = pieces.get(index + 1).is_some_and(|(_, next)| *next == ".");
        let dot_before = index > 0 && pieces[index - 1].1 == ".";
        let is_name = match kind {
            TokenKind::Quoted => true,
            TokenKind::Word => dot_behind || dot_before || names.contains(piece),
            _ => false,
        };
        if dot_behind && !dot_before && (piece == quoted || piece == database) {
            index += 2;
            continue;
        }
        if is_name && kind == TokenKind::Word && !piece.starts_with(|c: char| c.is_ascii_digit()) {
            text.push_str(&session::identifier(piece));
        } else {
            text.push_str(piece);
        }
        index += 1;
    }
    text
}

/// Bare words that stand in front of a dot: tables and their aliases.
fn qualifiers<'a>(pieces: &[(TokenKind, &'a str)]) -> BTreeSet<&'a str> {
    pieces
        .windows(2)
        .filter(|pair| pair[0].0 == TokenKind::Word && pair[1].1 == ".")
        .map(|pair| pair[0].1)
        .filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

/// information_schema writes every quote, backslash and line break of an expression as an escape, also in
/// the names; other sources do not.
fn unescaped(raw: &str) -> String {
    let escaped = match raw.find('\'') {
        Some(quote) => raw[..quote].ends_with('\\'),
        None => is_escaped(raw),
    };
    if !escaped {
        return raw.to_owned();
    }
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(one) = characters.next() {
        match one {
            '\\' => text.extend(characters.next().map(|escape| match escape {
                'n' => '\n',
                'r' => '\r',
                '0' => '\0',
                'Z' => '\u{1a}',
                other => other,
            })),
            other => text.push(other),
        }
    }
    text
}

/// Does every backslash begin an escape?
fn is_escaped(raw: &str) -> bool {
    let mut characters = raw.chars();
    let mut found = false;
    while let Some(one) = characters.next() {
        if one == '\\' {
            found = true;
            if !characters
                .next()
                .is_some_and(|next| "\\nr0Z".contains(next))
            {
                return false;
            }
        }
    }
    found
}

fn is_introducer(word: &str) -> bool {
    word.len() > 1 && word.starts_with('_') && word[1..].chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_string(piece: Option<&(TokenKind, &str)>) -> bool {
    matches!(piece, Some((TokenKind::String, _)))
}

/// The introducer is that of the session which created the object. For plain ASCII it says
/// nothing; utf8mb4 is what a repair's session speaks.
fn is_redundant(introducer: &str, literal: &str) -> bool {
    match introducer {
        "_utf8mb4" | "_utf8mb3" | "_utf8" => true,
        "_binary" => false,
        _ => literal.is_ascii(),
    }
}

/// information_schema and SHOW CREATE print the bytes of a non-ASCII literal or name in an
/// expression as if they were Latin-1.
fn decoded(literal: &str) -> String {
    let bytes: Option<Vec<u8>> = literal
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_else(|| literal.to_owned())
}

/// A bare word that is a column, as a creator with `sql_quote_show_create=OFF` leaves it.
fn is_column(word: &str, next: Option<&(TokenKind, &str)>, columns: &BTreeSet<String>) -> bool {
    let lower = word.to_lowercase();
    !matches!(next, Some((_, "(")))
        && !AMBIGUOUS.contains(&lower.as_str())
        && columns.contains(&lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(raw: &str) -> String {
        expression(
            raw,
            &["a".to_owned(), "c".to_owned(), "day".to_owned()].into(),
        )
    }

    #[test]
    fn information_schema_escapes_line_breaks_and_backslashes_of_names() {
        let names = BTreeSet::new();
        for raw in [r"(`a\\\r\nb` > 1)", r"(`a\\\r\nb` <> \'\')"] {
            let text = expression(raw, &names);
            assert!(text.starts_with("(`a\\\r\nb` "), "{text:?}");
        }
        assert_eq!(expression(r"(`a\b` > 1)", &names), r"(`a\b` > 1)");
    }

    #[test]
    fn information_schema_escapes_quotes_and_backslashes_once_more() {
        assert_eq!(
            normal(r"concat(`a`,_utf8mb4\'it\\\'s\',_utf8mb4\'back\\\\slash\',_utf8mb4\'c\\nd\')"),
            r"concat(`a`,'it\'s','back\\slash','c\nd')"
        );
    }

    #[test]
    fn the_creators_character_set_does_not_show_in_ascii_literals() {
        assert_eq!(
            normal(r"(`a` = _latin1\'x\')"),
            normal(r"(`a` = _utf8mb4\'x\')")
        );
        assert_eq!(normal(r"_latin1\'Ã¼\'"), "_latin1'Ã¼'");
        assert_eq!(normal(r"_binary\'x\'"), "_binary'x'");
    }

    #[test]
    fn non_ascii_literals_and_names_of_expressions_are_printed_as_latin1() {
        assert_eq!(
            normal("(`Ã¼` + `æ\u{97}¥æ\u{9c}¬` + `ü`)"),
            "(`ü` + `日本` + `ü`)"
        );
        assert_eq!(normal("_utf8mb4\\'ð\u{9f}\u{98}\u{80}\\'"), "'😀'");
        assert_eq!(normal(r"_utf8mb4\'Ã¼\'"), "'ü'");
    }

    #[test]
    fn an_expression_created_without_quotes_is_the_same() {
        assert_eq!(normal("((`a` > 1) or (c = 2))"), "((`a` > 1) or (`c` = 2))");
        assert_eq!(normal("a(1) + interval 1 day"), "a(1) + interval 1 day");
    }

    #[test]
    fn a_default_in_parentheses_may_be_a_plain_literal() {
        assert_eq!(
            literal_default("'x'", "varchar(20)").as_deref(),
            Some("'x'")
        );
        assert_eq!(literal_default("5", "int unsigned").as_deref(), Some("5"));
        assert_eq!(literal_default("'x'", "text"), None);
        assert_eq!(literal_default("uuid()", "varchar(40)"), None);
    }

    #[test]
    fn a_view_does_not_name_its_own_database() {
        let raw =
            "select `b``1`.`a`.`x` AS `x`,'`b``1`.`a`' AS `y` from `b``1`.`a` where `o`.`b``1`.`z`";
        assert_eq!(
            unqualified(raw, "b`1"),
            "select `a`.`x` AS `x`,'`b``1`.`a`' AS `y` from `a` where `o`.`b``1`.`z`"
        );
    }

    #[test]
    fn a_view_created_without_quotes_is_the_same() {
        assert_eq!(
            unqualified(
                "select z.c AS `c`,1.5 AS `n` from b1x.q z where (z.c = 'b1x.q')",
                "b1x"
            ),
            "select `z`.`c` AS `c`,1.5 AS `n` from `q` `z` where (`z`.`c` = 'b1x.q')"
        );
    }
}
