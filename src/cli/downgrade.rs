//! `downgrade`: to which version, and what is allowed on the way.

use super::versions;
use crate::{outcome::Failure, target::Target};
use clap::Args;
use std::collections::BTreeMap;

/// `downgrade`.
#[derive(Debug, Clone, Args)]
pub struct DowngradeArguments {
    /// Go back to this version, 0 is before the first: V with --only, else mysql=V,timescale=V
    #[arg(long, value_name = "V")]
    pub to: String,
    /// Show what would run and which data it would take, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask; needed where there is no terminal
    #[arg(long)]
    pub yes: bool,
    /// Keep trying while a server is still starting
    #[arg(long, value_name = "DURATION")]
    pub wait: Option<String>,
    /// How long to wait for the lock of another run [default: 60s]
    #[arg(long, value_name = "DURATION")]
    pub lock_wait: Option<String>,
    /// Go on where the schema is not as expected; recorded
    #[arg(long)]
    pub allow_drift: bool,
    /// Run down files that were edited after their version was applied, or were not recorded then; recorded
    #[arg(long)]
    pub allow_edited_down: bool,
}

impl DowngradeArguments {
    /// The version to go back to for each database that `--to` names.
    ///
    /// # Errors
    /// Exit 2, as `upgrade --to`.
    pub fn goals(&self, targets: &[Target]) -> Result<BTreeMap<Target, i32>, Failure> {
        versions::goals("downgrade", &self.to, targets)
    }
}
