//! `snapshot`: its options.

use clap::Args;

/// `snapshot`.
#[derive(Debug, Clone, Args)]
pub struct SnapshotArguments {
    /// Write nothing; exit 4 where what is written down is not what the migrations leave
    #[arg(long)]
    pub check: bool,
}
