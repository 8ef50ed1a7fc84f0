//! `policies`: its options, and `policies run-retention`.

use clap::{Args, Subcommand};

/// `policies`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PoliciesArguments {
    #[command(subcommand)]
    pub verb: Option<PoliciesVerb>,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Let a policy change make the server drop data
    #[arg(long)]
    pub allow_data_loss: bool,
    /// Make the backend's continuous aggregates that are missing; drops none
    #[arg(long)]
    pub fix_aggregates: bool,
    /// How long to wait for the lock of another run [default: 60s]
    #[arg(long, value_name = "DURATION")]
    pub lock_wait: Option<String>,
}

/// What else `policies` does.
#[derive(Debug, Clone, Subcommand)]
pub enum PoliciesVerb {
    /// Drop the chunks that are older than their retention, where no job can: for cron
    RunRetention(RunRetention),
}

/// `policies run-retention`.
#[derive(Debug, Clone, Args)]
pub struct RunRetention {
    /// Show which chunks would go, and drop none
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait for the lock of another run [default: 60s]
    #[arg(long, value_name = "DURATION")]
    pub lock_wait: Option<String>,
}

impl PoliciesArguments {
    /// `--lock-wait` of whichever verb it is.
    pub fn lock_wait(&self) -> Option<String> {
        match &self.verb {
            Some(PoliciesVerb::RunRetention(run)) => run.lock_wait.clone(),
            None => self.lock_wait.clone(),
        }
    }
}
