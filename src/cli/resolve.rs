//! `resolve`: which migration, and what is claimed of it.

use clap::Args;

/// `resolve`.
#[derive(Debug, Clone, Args)]
#[command(group(clap::ArgGroup::new("claim").required(true).args(["applied", "reverted", "accept_checksum"])))]
pub struct ResolveArguments {
    /// Version of the migration, as in 7 or V7
    #[arg(value_name = "VERSION", value_parser = parse_version)]
    pub version: i32,
    /// The statement in question, or where none is in question the whole file, is in the database
    #[arg(long)]
    pub applied: bool,
    /// The statement in question, or where none is in question the whole file, is not in the database
    #[arg(long)]
    pub reverted: bool,
    /// The file as it is now stands for what was applied
    #[arg(long)]
    pub accept_checksum: bool,
    /// Why, for the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Do not ask; needed where there is no terminal
    #[arg(long)]
    pub yes: bool,
    /// How long to wait for the lock of another run [default: 60s]
    #[arg(long, value_name = "DURATION")]
    pub lock_wait: Option<String>,
}

fn parse_version(text: &str) -> Result<i32, String> {
    text.trim_start_matches(['V', 'v'])
        .parse()
        .map_err(|_| format!("`{text}` is not a version"))
}
