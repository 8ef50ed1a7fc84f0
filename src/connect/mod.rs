//! How do we get there: direct or through a tunnel, ours or one that is already open, with or without TLS.

mod consul;
mod failure;
mod lingering;
mod mysql;
mod mysql_packet;
mod mysql_pins;
mod mysql_relay;
mod pg_client;
mod pg_pins;
mod route;
mod stream;
mod tcp;
mod timescale;
mod tls;
mod tunnel;
mod wait;

pub use failure::is_absent_database;
pub use mysql::{MysqlSession, mysql};
pub use mysql_pins::{FOREIGN, pin_again as mysql_pin_again, pinned as mysql_pinned};
pub use pg_client::PgClient;
pub use route::Route;
pub use timescale::{PgCanceller, PgSession, timescale};
pub use tunnel::{Tunnel, TunnelPlan};

use crate::config::Endpoint;
use std::{fmt, rc::Rc, time::Duration};

/// How patient to be, and where exactly to go.
#[derive(Clone)]
pub struct ConnectOptions {
    /// For one attempt, from the first packet to the login.
    pub timeout: Duration,
    /// How long to try again while a server is still starting; none is once.
    pub wait: Option<Duration>,
    /// Straight, or through a tunnel.
    pub route: Route,
    /// MySQL: log in without a default database.
    pub without_database: bool,
    /// Told once for each new reason to wait.
    pub on_wait: Option<Notice>,
}

/// Whoever wants to know why we wait.
pub type Notice = Rc<dyn Fn(&str)>;

impl ConnectOptions {
    /// Is the host a name that Consul may for a while give to a server that is no primary?
    fn waits_for_primary(&self, endpoint: &Endpoint) -> bool {
        self.wait.is_some() && endpoint.consul.is_some()
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        ConnectOptions {
            timeout: Duration::from_secs(10),
            wait: None,
            route: Route::Direct,
            without_database: false,
            on_wait: None,
        }
    }
}

impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("timeout", &self.timeout)
            .field("wait", &self.wait)
            .field("without_database", &self.without_database)
            .finish_non_exhaustive()
    }
}
