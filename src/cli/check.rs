//! `check`: its options.

use clap::Args;

/// `check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArguments {
    /// Write migrations.sum anew for the files as they are
    #[arg(long)]
    pub fix: bool,
}
