//! What is an object, when do two differ? Pure: knows no database by name.

mod object;

pub use object::{Class, Key, Object, Schema};
