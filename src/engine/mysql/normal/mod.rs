//! Which spellings of MySQL mean the same? Every quirk of a server's answers is undone here, once.
//!
//! Each rule has a unit test that is named after the quirk.

mod body;
mod expression;
mod kind;
mod object;

pub use body::{as_sent, body, matters};
pub use expression::{expression, literal_default, unqualified};
pub use kind::{collation, column_type, is_integer, is_long_text, is_numeric, options};
pub use object::object;

use crate::sql::{Dialect, Lexer, Modes, TokenKind};

/// Every token of a text, blanks and comments too; what does not end is one last token.
fn pieces(text: &str) -> Vec<(TokenKind, &str)> {
    let lexer = Lexer {
        dialect: Dialect::Mysql,
        text,
        delimiter: "",
        modes: Modes::of(Dialect::Mysql),
    };
    let (mut pieces, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let (kind, end) = lexer.token(at).unwrap_or((TokenKind::Symbol, text.len()));
        // A backslash at the very end makes the lexer step over the end.
        let end = end.min(text.len());
        pieces.push((kind, &text[at..end]));
        at = end;
    }
    pieces
}
