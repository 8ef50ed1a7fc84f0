//! What may the user type? clap only, no I/O.

mod adopt;
mod call;
mod check;
mod completions;
mod diff;
mod downgrade;
mod global;
mod new;
mod policies;
mod resolve;
mod sandbox;
mod snapshot;
mod status;
mod upgrade;
mod versions;

pub use adopt::AdoptArguments;
pub use check::{CheckArguments, FormatArgument};
pub use completions::CompletionsArguments;
pub use diff::DiffArguments;
pub use downgrade::DowngradeArguments;
pub use global::{ColourArgument, Global};
pub use new::NewArguments;
pub use policies::{PoliciesArguments, PoliciesVerb, RunRetention};
pub use resolve::ResolveArguments;
pub use sandbox::{SandboxArguments, SandboxUp, SandboxVerb};
pub use snapshot::SnapshotArguments;
pub use status::StatusArguments;
pub use upgrade::UpgradeArguments;

use crate::{config::Flags, outcome::Exit};
use clap::{CommandFactory, Parser, Subcommand};

/// Versioned SQL migrations of a MySQL and TimescaleDB pair: applied safely, checked truthfully
#[derive(Debug, Parser)]
#[command(
    name = "sgmp-db",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
    /// Everything behind the program's name, as typed.
    #[arg(skip)]
    pub typed: Vec<String>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Apply what is pending on both databases, after checking both
    Upgrade(UpgradeArguments),
    /// Go back to an earlier version with the .down.sql files, newest first, after checking both databases
    Downgrade(DowngradeArguments),
    /// Compare both databases with the files; changes nothing
    Status(StatusArguments),
    /// Show what is expected against what is there, or the SQL that leads back; changes nothing
    Diff(DiffArguments),
    /// Make hypertable policies match policies.yaml
    Policies(PoliciesArguments),
    /// Settle one migration by hand, after showing what will be recorded
    Resolve(ResolveArguments),
    /// Show the audit trail; changes nothing
    History,
    /// Create the next numbered migration file and its way back
    New(NewArguments),
    /// Check the files without a server: names, order, migrations.sum, contents
    Check(CheckArguments),
    /// Take over databases that flask-migrate, schema.sql or refinery made, once their schema is proven
    Adopt(AdoptArguments),
    /// Try all migrations on new servers in Docker: up, again, back, and against schema.snapshot
    Verify,
    /// Write down the schema that the migrations leave, tried on new servers in Docker
    Snapshot(SnapshotArguments),
    /// A disposable MySQL and TimescaleDB pair in Docker, and the environment to reach it
    Sandbox(SandboxArguments),
    /// Print the completion script of a shell
    Completions(CompletionsArguments),
    /// Print the manual page
    Man,
}

impl Command {
    /// As typed.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Upgrade(_) => "upgrade",
            Command::Downgrade(_) => "downgrade",
            Command::Diff(_) => "diff",
            Command::Adopt(_) => "adopt",
            Command::Verify => "verify",
            Command::Snapshot(_) => "snapshot",
            Command::Status(_) => "status",
            Command::Policies(_) => "policies",
            Command::Resolve(_) => "resolve",
            Command::History => "history",
            Command::New(_) => "new",
            Command::Check(_) => "check",
            Command::Sandbox(_) => "sandbox",
            Command::Completions(_) => "completions",
            Command::Man => "man",
        }
    }
}

impl Cli {
    /// The flags that are settings, as typed.
    pub fn flags(&self) -> Flags {
        let global = &self.global;
        let mut values: Vec<(&'static str, Option<String>)> = vec![
            ("migrations", global.migrations.clone()),
            ("policies", global.policies.clone()),
            ("env", global.env.clone()),
            ("secrets-file", global.secrets_file.clone()),
            ("mysql-host", global.mysql_host.clone()),
            ("mysql-port", global.mysql_port.clone()),
            ("mysql-user", global.mysql_user.clone()),
            ("mysql-database", global.mysql_database.clone()),
            ("mysql-tls", global.mysql_tls.clone()),
            ("mysql-ca", global.mysql_ca.clone()),
            ("mysql-tls-name", global.mysql_tls_name.clone()),
            ("timescale-host", global.timescale_host.clone()),
            ("timescale-port", global.timescale_port.clone()),
            ("timescale-user", global.timescale_user.clone()),
            ("timescale-database", global.timescale_database.clone()),
            ("timescale-tls", global.timescale_tls.clone()),
            ("timescale-ca", global.timescale_ca.clone()),
            ("timescale-tls-name", global.timescale_tls_name.clone()),
            ("ca", global.ca.clone()),
            ("bastion", global.bastion.clone()),
            ("identity", global.identity.clone()),
            (
                "accept-new-host-key",
                global.accept_new_host_key.then(|| "true".to_owned()),
            ),
            (
                "ssh-option",
                (!global.ssh_option.is_empty()).then(|| global.ssh_option.join("\n")),
            ),
            ("consul", global.consul.clone()),
            ("connect-timeout", global.connect_timeout.clone()),
        ];
        if let Command::Upgrade(upgrade) = &self.command {
            values.push(("wait", upgrade.wait.clone()));
            values.push(("lock-wait", upgrade.lock_wait.clone()));
            values.push((
                "create-database",
                upgrade.create_database.then(|| "true".to_owned()),
            ));
        }
        if let Command::Downgrade(downgrade) = &self.command {
            values.push(("wait", downgrade.wait.clone()));
            values.push(("lock-wait", downgrade.lock_wait.clone()));
        }
        if let Command::Resolve(resolve) = &self.command {
            values.push(("lock-wait", resolve.lock_wait.clone()));
        }
        if let Command::Adopt(adopt) = &self.command {
            values.push(("lock-wait", adopt.lock_wait.clone()));
        }
        if let Command::Policies(policies) = &self.command {
            values.push(("lock-wait", policies.lock_wait()));
        }
        Flags {
            only: global.only,
            config: global.config.clone(),
            values: values
                .into_iter()
                .filter_map(|(flag, text)| Some((flag, text?)))
                .collect(),
        }
    }
}

/// Why the arguments are no command.
#[derive(Debug)]
pub struct UsageError {
    /// As clap words it; for `--help` and `--version`, what was asked for.
    pub text: String,
    /// Was it `--help` or `--version`?
    pub is_help: bool,
    /// Was `--json` among the arguments?
    pub json: bool,
    /// The verb, where there was one.
    pub command: String,
    /// What is wrong, in one line.
    pub fact: String,
    /// What to type to see what is right.
    pub remedy: String,
}

/// Reads the arguments, the program's name first.
///
/// # Errors
/// They are no command, or ask for help.
pub fn parse(arguments: &[String]) -> Result<Cli, UsageError> {
    let matches = command().try_get_matches_from(arguments);
    let parsed = matches.and_then(|matches| clap::FromArgMatches::from_arg_matches(&matches));
    let mut cli: Cli = parsed.map_err(|error: clap::Error| usage_error(&error, arguments))?;
    cli.typed = arguments.iter().skip(1).cloned().collect();
    Ok(cli)
}

fn usage_error(error: &clap::Error, arguments: &[String]) -> UsageError {
    let text = error.render().to_string();
    let is_verb = |argument: &&String| command().find_subcommand(argument.as_str()).is_some();
    let verb = arguments
        .iter()
        .skip(1)
        .find(is_verb)
        .cloned()
        .unwrap_or_default();
    // clap's first paragraph is the fact; its usage line and its pointer to --help follow.
    let fact = text
        .split("\n\n")
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ");
    UsageError {
        is_help: !error.use_stderr(),
        json: arguments.iter().any(|argument| argument == "--json"),
        fact: fact.split_whitespace().collect::<Vec<_>>().join(" "),
        remedy: format!("sgmp-db {verb} --help").replace("  ", " "),
        command: verb,
        text,
    }
}

/// The whole command line, with the table of exit codes below its help.
pub fn command() -> clap::Command {
    Cli::command().after_help(exit_codes())
}

fn exit_codes() -> String {
    let rows = Exit::ALL.map(|(exit, meaning)| format!("  {:>3}  {meaning}", exit.code()));
    format!("Exit codes:\n{}", rows.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_shows_every_exit_code() {
        command().debug_assert();
        let help = command().render_help().to_string();
        for (exit, meaning) in Exit::ALL {
            assert!(
                help.contains(&exit.code().to_string())
                    && help.contains(meaning.split(' ').next().unwrap()),
                "{exit:?}"
            );
        }
    }

    #[test]
    fn no_flag_takes_a_password() {
        let flags: Vec<String> = command()
            .get_arguments()
            .filter_map(|argument| argument.get_long().map(str::to_owned))
            .collect();
        assert!(flags.iter().all(|flag| !flag.contains("pass")), "{flags:?}");
    }
}
