//! What most rules need.

pub use super::super::{
    Find, Rule, Severity, Subject,
    clause::{Act, Clause},
    context::{At, File, Read, What, makes_primary_key},
    known::{Known, new_kind, role_name},
    parse::{folded, name, skip},
};
pub use crate::sql::{Dialect, Token, TokenKind, Verb, contains, sequence};
