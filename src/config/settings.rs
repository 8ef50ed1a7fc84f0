//! What a run needs to know, typed: nothing below this room sees a flag, a variable or a YAML key.

use super::Bastion;
use crate::target::Target;
use secrecy::SecretString;
use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

/// The database that may be made without asking.
pub const DEFAULT_DATABASE: &str = "sgmp";

/// Where a database is and how to log in there.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub target: Target,
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Option<SecretString>,
    pub database: String,
    pub tls: Tls,
    /// Who knows the address of the host; the system's resolver where absent.
    pub consul: Option<Consul>,
}

impl Endpoint {
    /// The very server that was reached, where its name is one that may mean another server in a moment. A session
    /// that stops or watches another one must come to the same server.
    #[must_use]
    pub fn at(&self, peer: Option<SocketAddr>) -> Endpoint {
        let mut reached = self.clone();
        if let Some(peer) = peer.filter(|_| self.consul.is_some()) {
            reached.consul = None;
            reached.tls.name.get_or_insert_with(|| self.host.clone());
            reached.host = peer.ip().to_string();
            reached.port = peer.port();
        }
        reached
    }
}

/// Consul's DNS, for a name that Consul knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consul {
    /// Asked in this order.
    pub servers: Vec<NameServer>,
    /// Nobody set a port, so the one of the SRV record counts.
    pub any_port: bool,
}

/// A DNS server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameServer {
    pub host: String,
    pub port: u16,
}

impl fmt::Display for NameServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// How to protect the connection.
#[derive(Debug, Clone)]
pub struct Tls {
    pub mode: TlsMode,
    /// PEM file of the authorities to trust; the system's where absent.
    pub ca: Option<PathBuf>,
    /// Name to verify instead of the host, for tunnels.
    pub name: Option<String>,
}

/// libpq's names (PostgreSQL documentation, 34.19.1 and table 34.1), weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsMode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl TlsMode {
    /// Every mode with its name.
    pub const NAMES: [(TlsMode, &'static str); 5] = [
        (TlsMode::Disable, "disable"),
        (TlsMode::Prefer, "prefer"),
        (TlsMode::Require, "require"),
        (TlsMode::VerifyCa, "verify-ca"),
        (TlsMode::VerifyFull, "verify-full"),
    ];

    /// Does it look at the server's certificate?
    pub fn verifies(self) -> bool {
        self >= TlsMode::VerifyCa
    }
}

impl fmt::Display for TlsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = TlsMode::NAMES
            .iter()
            .find(|(mode, _)| mode == self)
            .map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

/// The application's login on TimescaleDB.
#[derive(Debug, Clone)]
pub struct AppRole {
    pub name: String,
    pub password: SecretString,
}

/// What `--migrations` takes for those that the binary was built with; a directory of that name is
/// `./built-in`.
pub const BUILT_IN: &str = "built-in";

/// Which migrations were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrationsFrom {
    BuiltIn,
    Directory(PathBuf),
}

/// Everything, resolved once.
#[derive(Debug, Clone)]
pub struct Settings {
    pub targets: Vec<Target>,
    pub mysql: Endpoint,
    pub timescale: Endpoint,
    /// The machine in between, where a tunnel of ours leads through one.
    pub bastion: Option<Bastion>,
    pub app_role: Option<AppRole>,
    /// None where it was not said.
    pub migrations: Option<MigrationsFrom>,
    pub policies: Option<PathBuf>,
    pub environment: Option<String>,
    pub create_database: bool,
    pub connect_timeout: Duration,
    pub wait: Option<Duration>,
    pub lock_wait: Duration,
    /// Hints about the configuration that are no errors.
    pub notes: Vec<String>,
}

impl Settings {
    /// Where that database is.
    pub fn endpoint(&self, target: Target) -> &Endpoint {
        match target {
            Target::Mysql => &self.mysql,
            Target::Timescale => &self.timescale,
        }
    }

    /// May the database be made where it is absent? The default one may; another name may be a
    /// typing mistake.
    pub fn may_create(&self, target: Target) -> bool {
        self.create_database || self.endpoint(target).database == DEFAULT_DATABASE
    }
}
