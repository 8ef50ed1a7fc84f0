//! `new`: its options.

use clap::Args;

/// `new`.
#[derive(Debug, Clone, Args)]
pub struct NewArguments {
    /// What it does: letters, digits, underscores
    pub name: String,
}
