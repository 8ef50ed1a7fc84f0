//! `sandbox`: its verbs and options.

use clap::{Args, Subcommand};
use std::time::Duration;

/// `sandbox`.
#[derive(Debug, Clone, Args)]
pub struct SandboxArguments {
    #[command(subcommand)]
    pub verb: SandboxVerb,
}

/// What to do with the pair.
#[derive(Debug, Clone, Subcommand)]
pub enum SandboxVerb {
    /// Start the pair and print the environment to reach it: eval "$(sgmp-db sandbox up)"
    Up(SandboxUp),
    /// Remove the pair with its data
    Down,
}

/// `sandbox up`.
#[derive(Debug, Clone, Args)]
pub struct SandboxUp {
    /// How long the servers may take to start
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = humantime::parse_duration)]
    pub wait: Duration,
}
