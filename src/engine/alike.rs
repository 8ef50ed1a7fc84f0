//! What is there, as the expected side writes it: each engine knows what means the same.

use super::{mysql, timescale};
use crate::{schema::Schema, target::Target};
use std::borrow::Cow;

/// The actual schema, written like the expected one wherever both mean the same.
pub fn alike<'a>(target: Target, expected: &Schema, actual: &'a Schema) -> Cow<'a, Schema> {
    match target {
        Target::Mysql => mysql::alike(expected, actual),
        Target::Timescale => timescale::alike(expected, actual),
    }
}
