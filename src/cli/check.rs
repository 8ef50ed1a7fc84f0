//! `check`: its options.

use clap::{Args, ValueEnum};

/// `check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArguments {
    /// Write migrations.sum anew for the files as they are
    #[arg(long)]
    pub fix: bool,
    /// How the result is written; json is --json [default: text]
    #[arg(long, value_name = "FORMAT", conflicts_with = "json")]
    pub format: Option<FormatArgument>,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatArgument {
    /// For people
    Text,
    /// The document of --json
    Json,
    /// Annotations of GitHub Actions on file and line
    Github,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
}
