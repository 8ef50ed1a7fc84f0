//! `adopt`: its options.

use clap::Args;

/// `adopt`.
#[derive(Debug, Clone, Args)]
pub struct AdoptArguments {
    /// Say what would be recorded, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait for the lock of another run [default: 60s]
    #[arg(long, value_name = "DURATION")]
    pub lock_wait: Option<String>,
}
