//! When are two bodies of a trigger, routine or event the same program?

use super::pieces;
use crate::sql::TokenKind;

/// A body without its comments and with one blank between tokens, one line per statement.
/// Clients differ in what they send: mysql strips comments, and line ends are an editor's. The
/// server keeps the semicolon of a body that was sent with other statements behind it.
pub fn body(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut gap = false;
    for (kind, piece) in pieces(raw.trim()) {
        match kind {
            TokenKind::Blank | TokenKind::Comment => gap = true,
            _ => {
                if gap && !text.is_empty() && !text.ends_with('\n') && piece != ";" {
                    text.push(' ');
                }
                gap = false;
                text.push_str(piece);
                if piece == ";" {
                    text.push('\n');
                }
            }
        }
    }
    let text = text.trim_end();
    text.strip_suffix(';').unwrap_or(text).to_owned()
}

/// A body as it was sent. The server keeps the semicolon of one that was sent with other statements.
pub fn as_sent(raw: &str) -> String {
    let raw = raw.trim();
    match pieces(raw).last() {
        Some((_, ";")) => raw[..raw.len() - 1].trim_end().to_owned(),
        _ => raw.to_owned(),
    }
}

/// Those of the creator's modes that change what this body means, in alphabetical order.
/// A body without double quotes means the same with and without ANSI_QUOTES.
pub fn matters(modes: &str, raw: &str) -> Vec<String> {
    let pieces = pieces(raw);
    let string = |inside: &str| {
        pieces
            .iter()
            .any(|(kind, piece)| *kind == TokenKind::String && piece.contains(inside))
    };
    let word = |wanted: &str| {
        pieces
            .iter()
            .any(|(kind, piece)| *kind == TokenKind::Word && piece.eq_ignore_ascii_case(wanted))
    };
    let mut relevant: Vec<String> = modes
        .split(',')
        .filter(|mode| match *mode {
            "ANSI_QUOTES" => pieces.iter().any(|(_, piece)| piece.starts_with('"')),
            "NO_BACKSLASH_ESCAPES" => string("\\"),
            "PIPES_AS_CONCAT" => raw.contains("||"),
            "HIGH_NOT_PRECEDENCE" => word("not"),
            "REAL_AS_FLOAT" => word("real"),
            "NO_UNSIGNED_SUBTRACTION" => word("unsigned"),
            _ => false,
        })
        .map(str::to_owned)
        .collect();
    relevant.sort();
    relevant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_space_of_a_body_are_the_clients() {
        assert_eq!(
            body("BEGIN -- why\r\n  /* c */ SET y = 1 ;\n  SELECT ' a  b' ; END"),
            "BEGIN SET y = 1;\nSELECT ' a  b';\nEND"
        );
        assert_eq!(
            body("SELECT /*+ NO_ICP(t) */ 1"),
            "SELECT /*+ NO_ICP(t) */ 1"
        );
    }

    #[test]
    fn a_body_that_was_sent_with_others_keeps_its_semicolon() {
        assert_eq!(body("SELECT 1;"), body("SELECT 1"));
        assert_eq!(body("BEGIN SELECT 1; END ;"), body("BEGIN SELECT 1; END"));
    }

    #[test]
    fn a_body_comes_back_as_it_was_sent() {
        let written = "BEGIN\n    -- why;\n    SELECT ';';\nEND -- done;";
        assert_eq!(as_sent(&format!(" {written}\n")), written);
        assert_eq!(as_sent("SELECT 1 ; "), "SELECT 1");
        assert_eq!(as_sent("SELECT 1; -- one;"), "SELECT 1; -- one;");
    }

    #[test]
    fn only_modes_that_change_the_meaning_of_a_body_are_kept() {
        assert!(matters("ANSI_QUOTES,STRICT_TRANS_TABLES", "SET NEW.a = 'x'").is_empty());
        assert_eq!(matters("ANSI_QUOTES", "SET NEW.a = \"b\""), ["ANSI_QUOTES"]);
        assert_eq!(
            matters("PIPES_AS_CONCAT", "SET NEW.a = 'x' || 'y'"),
            ["PIPES_AS_CONCAT"]
        );
    }
}
