//! `diff`: its options.

use super::status::parse_class;
use crate::schema::Class;
use clap::Args;

/// `diff`.
#[derive(Debug, Clone, Args)]
pub struct DiffArguments {
    /// Print the statements that lead back to what is expected, in an order that works
    #[arg(long)]
    pub sql: bool,
    /// Print those that lose something as statements too, not as comments
    #[arg(long, requires = "sql")]
    pub allow_destructive: bool,
    /// Compare these too: owners, grants, comments, definers
    #[arg(long, value_name = "CLASS,…", value_delimiter = ',', value_parser = parse_class)]
    pub include: Vec<Class>,
}
