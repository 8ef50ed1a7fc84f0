//! What may the user type? clap only, no I/O.

use crate::{
    config::{Flags, TlsMode},
    outcome::{Exit, Failure},
    report::Colour,
    target::Target,
};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

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
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Apply what is pending on both databases, after checking both
    Upgrade(UpgradeArguments),
    /// Compare both databases with the files; changes nothing
    Status,
    /// Show the audit trail; changes nothing
    History,
    /// Create the next numbered migration file and its way back
    New(NewArguments),
    /// Check the files without a server: names, order, migrations.sum, contents
    Check(CheckArguments),
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
            Command::Status => "status",
            Command::History => "history",
            Command::New(_) => "new",
            Command::Check(_) => "check",
            Command::Sandbox(_) => "sandbox",
            Command::Completions(_) => "completions",
            Command::Man => "man",
        }
    }
}

/// Options of every command. None takes a password.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Address one database only
    #[arg(long, global = true, value_name = "DATABASE", value_parser = parse_target)]
    pub only: Option<Target>,
    /// Print one JSON document on stdout, also when the command fails
    #[arg(long, global = true)]
    pub json: bool,
    /// Configuration file [default: sgmp-db.yaml, else config.yaml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Migrations in DIR/mysql and DIR/timescale instead of the built-in ones
    #[arg(long, global = true, value_name = "DIR")]
    pub migrations: Option<String>,
    /// Policies of the hypertables [default: policies.yaml beside the migrations]
    #[arg(long, global = true, value_name = "FILE")]
    pub policies: Option<String>,
    /// Environment of policies.yaml whose values override
    #[arg(long, global = true, value_name = "NAME")]
    pub env: Option<String>,
    /// JSON file with the passwords (rds, tsdb_postgres, tsdb_sgmp); - reads standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub secrets_file: Option<String>,
    #[arg(long, global = true, value_name = "HOST", help_heading = "MySQL")]
    pub mysql_host: Option<String>,
    #[arg(long, global = true, value_name = "PORT", help_heading = "MySQL")]
    pub mysql_port: Option<String>,
    #[arg(long, global = true, value_name = "USER", help_heading = "MySQL")]
    pub mysql_user: Option<String>,
    #[arg(long, global = true, value_name = "NAME", help_heading = "MySQL")]
    pub mysql_database: Option<String>,
    /// TLS as libpq names it [default: prefer; verify-full with a CA or a TLS name]
    #[arg(long, global = true, value_name = "MODE", help_heading = "MySQL", value_parser = tls_modes())]
    pub mysql_tls: Option<String>,
    /// Authorities to trust, PEM
    #[arg(long, global = true, value_name = "FILE", help_heading = "MySQL")]
    pub mysql_ca: Option<String>,
    /// Name to verify instead of the host (tunnels)
    #[arg(long, global = true, value_name = "NAME", help_heading = "MySQL")]
    pub mysql_tls_name: Option<String>,
    #[arg(long, global = true, value_name = "HOST", help_heading = "TimescaleDB")]
    pub timescale_host: Option<String>,
    #[arg(long, global = true, value_name = "PORT", help_heading = "TimescaleDB")]
    pub timescale_port: Option<String>,
    #[arg(long, global = true, value_name = "USER", help_heading = "TimescaleDB")]
    pub timescale_user: Option<String>,
    #[arg(long, global = true, value_name = "NAME", help_heading = "TimescaleDB")]
    pub timescale_database: Option<String>,
    /// TLS as libpq names it [default: prefer; verify-full with a CA or a TLS name]
    #[arg(long, global = true, value_name = "MODE", help_heading = "TimescaleDB", value_parser = tls_modes())]
    pub timescale_tls: Option<String>,
    /// Authorities to trust, PEM
    #[arg(long, global = true, value_name = "FILE", help_heading = "TimescaleDB")]
    pub timescale_ca: Option<String>,
    /// Name to verify instead of the host (tunnels)
    #[arg(long, global = true, value_name = "NAME", help_heading = "TimescaleDB")]
    pub timescale_tls_name: Option<String>,
    /// Authorities to trust on both databases, PEM (the RDS bundle)
    #[arg(long, global = true, value_name = "FILE")]
    pub ca: Option<String>,
    /// For one attempt to connect [default: 10s]
    #[arg(long, global = true, value_name = "DURATION")]
    pub connect_timeout: Option<String>,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColourArgument,
}

/// `--color`.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum ColourArgument {
    #[default]
    Auto,
    Always,
    Never,
}

impl From<ColourArgument> for Colour {
    fn from(argument: ColourArgument) -> Colour {
        match argument {
            ColourArgument::Auto => Colour::Auto,
            ColourArgument::Always => Colour::Always,
            ColourArgument::Never => Colour::Never,
        }
    }
}

/// `upgrade`.
#[derive(Debug, Clone, Args)]
pub struct UpgradeArguments {
    /// Stop at this version: V with --only, else mysql=V,timescale=V
    #[arg(long, value_name = "V")]
    pub to: Option<String>,
    /// Show what would run, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Keep trying while a server is still starting
    #[arg(long, value_name = "DURATION")]
    pub wait: Option<String>,
    /// How long to wait for the lock of another run [default: 60s]
    #[arg(long, value_name = "DURATION")]
    pub lock_wait: Option<String>,
    /// Let a policy change make the server drop data
    #[arg(long)]
    pub allow_data_loss: bool,
    /// Make an absent database also when it is not called sgmp
    #[arg(long)]
    pub create_database: bool,
}

/// `new`.
#[derive(Debug, Clone, Args)]
pub struct NewArguments {
    /// What it does: letters, digits, underscores
    pub name: String,
}

/// `check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArguments {
    /// Write migrations.sum anew for the files as they are
    #[arg(long)]
    pub fix: bool,
}

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

/// `completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArguments {
    pub shell: Shell,
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
}

/// Reads the arguments, the program's name first.
///
/// # Errors
/// They are no command, or ask for help.
pub fn parse(arguments: &[String]) -> Result<Cli, UsageError> {
    let matches = command().try_get_matches_from(arguments);
    let parsed = matches.and_then(|matches| clap::FromArgMatches::from_arg_matches(&matches));
    parsed.map_err(|error: clap::Error| UsageError {
        text: error.render().to_string(),
        is_help: !error.use_stderr(),
        json: arguments.iter().any(|argument| argument == "--json"),
    })
}

/// The whole command line, with the table of exit codes below its help.
pub fn command() -> clap::Command {
    Cli::command().after_help(exit_codes())
}

fn exit_codes() -> String {
    let rows = Exit::ALL.map(|(exit, meaning)| format!("  {:>3}  {meaning}", exit.code()));
    format!("Exit codes:\n{}", rows.join("\n"))
}

fn parse_target(name: &str) -> Result<Target, String> {
    Target::from_name(name).ok_or_else(|| "the databases are mysql and timescale".to_owned())
}

fn tls_modes() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(TlsMode::NAMES.map(|(_, name)| name))
}

impl UpgradeArguments {
    /// The version to stop at for each database that `--to` names.
    ///
    /// # Errors
    /// Exit 2: a bare number for two databases, a name twice, something that is no number.
    pub fn goals(&self, targets: &[Target]) -> Result<BTreeMap<Target, i32>, Failure> {
        let mut goals = BTreeMap::new();
        let Some(to) = &self.to else { return Ok(goals) };
        let number = |text: &str| {
            text.trim()
                .trim_start_matches(['V', 'v'])
                .parse::<i32>()
                .map_err(|_| {
                    Failure::usage(format!("`{text}` is not a version"))
                        .remedy("name a number, as in: sgmp-db upgrade --only mysql --to 7")
                })
        };
        if !to.contains('=') {
            let [target] = targets else {
                return Err(Failure::usage("--to with one number, and two databases that count by themselves")
                    .remedy(format!("sgmp-db upgrade --only mysql --to {to}, or name both: sgmp-db upgrade --to mysql={to},timescale=1")));
            };
            goals.insert(*target, number(to)?);
            return Ok(goals);
        }
        for part in to.split(',') {
            let (name, version) = part.split_once('=').unwrap_or((part, ""));
            let target = Target::from_name(name.trim()).filter(|target| targets.contains(target));
            let Some(target) = target else {
                return Err(Failure::usage(format!(
                    "--to names `{name}`, which is no database of this run"
                ))
                .remedy("sgmp-db upgrade --to mysql=7,timescale=1"));
            };
            if goals.insert(target, number(version)?).is_some() {
                return Err(Failure::usage(format!("--to names {target} twice")));
            }
        }
        Ok(goals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goals(to: &str, targets: &[Target]) -> Result<Vec<i32>, Failure> {
        let arguments = UpgradeArguments {
            to: Some(to.to_owned()),
            dry_run: false,
            wait: None,
            lock_wait: None,
            allow_data_loss: false,
            create_database: false,
        };
        Ok(arguments.goals(targets)?.into_values().collect())
    }

    #[test]
    fn a_bare_version_needs_one_database() {
        assert_eq!(goals("7", &[Target::Mysql]).unwrap(), [7]);
        assert!(
            goals("7", &Target::ALL)
                .unwrap_err()
                .remedy
                .unwrap()
                .contains("--only")
        );
        assert_eq!(goals("mysql=7,timescale=1", &Target::ALL).unwrap(), [7, 1]);
        for wrong in ["mysql=7,mysql=8", "oracle=1", "mysql=", "seven"] {
            assert!(goals(wrong, &Target::ALL).is_err(), "{wrong}");
        }
    }

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
