//! `completions`: its options.

use clap::Args;
use clap_complete::Shell;

/// `completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArguments {
    pub shell: Shell,
}
