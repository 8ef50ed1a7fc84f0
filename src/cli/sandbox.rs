//! `sandbox`: its verbs and options.

use clap::{Args, Subcommand};
use std::time::Duration;

/// `sandbox`.
#[derive(Debug, Clone, Args)]
pub struct SandboxArguments {
    #[command(subcommand)]
    pub verb: SandboxVerb,
    /// Which pair, where several stand side by side
    #[arg(long, global = true, value_name = "NAME", default_value = "sandbox", value_parser = parse_name)]
    pub name: String,
}

/// Part of a container's name, so Docker's rules hold.
fn parse_name(name: &str) -> Result<String, String> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match !name.is_empty() && name.len() <= 40 && name.chars().all(word) {
        true => Ok(name.to_owned()),
        false => Err("use lower-case letters, digits and hyphens".to_owned()),
    }
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
