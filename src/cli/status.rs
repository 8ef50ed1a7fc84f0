//! `status`: its options, and what `--include` may name.

use crate::schema::Class;
use clap::Args;

/// `status`.
#[derive(Debug, Clone, Args)]
pub struct StatusArguments {
    /// Compare these too: owners, grants, comments, definers
    #[arg(long, value_name = "CLASS,…", value_delimiter = ',', value_parser = parse_class)]
    pub include: Vec<Class>,
}

/// A class by its name.
pub(super) fn parse_class(name: &str) -> Result<Class, String> {
    Class::from_name(name).ok_or_else(|| {
        let names = Class::ALL.map(Class::name).join(", ");
        format!("it is one of {names}")
    })
}
