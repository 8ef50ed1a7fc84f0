//! Where does a statement end, what kind is it? Pure, for both dialects.

mod body;
mod classify;
mod client;
mod compare;
mod compound;
mod differing;
mod gather;
mod hidden;
mod lexer;
mod lines;
mod mention;
mod modes;
pub mod printed;
mod refuse;
mod script;
mod session_use;
mod split;
mod statement;
mod timescale;
mod words;
pub mod work;

pub use classify::{Commits, Facts, ObjectRef, Verb};
pub use compare::{same_sql, same_statement};
pub use lexer::{Kind as TokenKind, Lexer};
pub use lines::{is_only_comments, leading_comments, lines};
pub use mention::mentions;
pub use modes::Modes;
pub use script::Script;
pub use session_use::SessionUse;
pub use split::{Piece, PieceKind, SyntaxError, pieces, split};
pub use statement::{SqlText, Statement};
pub use words::{Token, contains, each_token, sequence, tokens, tokens_by};

/// Which SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Mysql,
    Postgres,
}

impl Dialect {
    /// Can a change of the schema be rolled back? MySQL commits before and after each (MySQL 8.0 Reference
    /// Manual, 15.3.3 Statements That Cause an Implicit Commit).
    pub fn has_transactional_ddl(self) -> bool {
        self == Dialect::Postgres
    }
}
