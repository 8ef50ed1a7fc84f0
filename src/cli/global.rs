//! The options that every command has.

use crate::{config::TlsMode, report::Colour, target::Target};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

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
    /// Migrations in DIR/mysql and DIR/timescale, or the word built-in [default: ./migrations where it is, else the built-in ones]
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
    /// Reach both databases through this machine with OpenSSH: [user@]host[:port], or a host of ~/.ssh/config
    #[arg(long, global = true, value_name = "HOST", help_heading = "Bastion")]
    pub bastion: Option<String>,
    /// Private key for the bastion [default: what ssh finds]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Bastion")]
    pub identity: Option<String>,
    /// Trust the key of a bastion that was never seen; one that has changed is refused
    #[arg(long, global = true, help_heading = "Bastion")]
    pub accept_new_host_key: bool,
    /// An option of ssh, as its -o takes it; may be given often
    #[arg(
        long,
        global = true,
        value_name = "KEY=VALUE",
        help_heading = "Bastion"
    )]
    pub ssh_option: Vec<String>,
    /// Consul's DNS servers, asked in this order for names that end in .consul
    #[arg(long, global = true, value_name = "HOST:8600[,HOST…]")]
    pub consul: Option<String>,
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

fn parse_target(name: &str) -> Result<Target, String> {
    Target::from_name(name).ok_or_else(|| "the databases are mysql and timescale".to_owned())
}

fn tls_modes() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(TlsMode::NAMES.map(|(_, name)| name))
}
