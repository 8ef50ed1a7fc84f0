//! A MySQL session.

use super::{
    ConnectOptions, failure,
    mysql_packet::{Greeting, NoGreeting},
    mysql_pins::{self, Borrowed},
    mysql_relay::{Door, Encryption, Relay},
    route::Opened,
    tls, wait,
};
use crate::config::{Endpoint, TlsMode};
use anyhow::{Error, Result};
use mysql_async::{Conn, Opts, OptsBuilder, prelude::Queryable};
use secrecy::ExposeSecret;
use std::{
    net::SocketAddr,
    ops::{Deref, DerefMut},
    sync::Arc,
};
use tokio_rustls::TlsConnector;

/// A session, and what its next packet must begin with.
#[derive(Debug)]
pub struct MysqlSession {
    conn: Conn,
    state: State,
    reached: Endpoint,
}

/// Whose session answers, and what is it set to?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was sent yet.
    Fresh,
    /// The one that greeted us, and it is set as all of ours are.
    Own,
    /// A proxy stands between, which answered the login itself: it may give each packet to another
    /// session, and the same session to others.
    Borrowed,
}

impl MysqlSession {
    /// Where the server is that answered.
    pub fn reached(&self) -> &Endpoint {
        &self.reached
    }

    /// What goes in front of and behind the next packet, so that nothing of the server's settings
    /// changes what it means. A first statement that fails with `FOREIGN` has found a proxy: tell it
    /// with `borrowed`, and send the packet again.
    pub fn around(&self) -> Borrowed {
        match self.state {
            State::Fresh => Borrowed {
                before: vec![mysql_pins::own(self.conn.id()), mysql_pins::pin()],
                after: Vec::new(),
            },
            State::Own => Borrowed::default(),
            State::Borrowed => mysql_pins::borrow(),
        }
    }

    /// A packet with what `around` says in front was sent.
    pub fn sent(&mut self) {
        if self.state == State::Fresh {
            self.state = State::Own;
        }
    }

    /// The session is not the one that greeted us.
    pub fn borrow(&mut self) {
        self.state = State::Borrowed;
    }

    /// Is it so that nothing was sent yet?
    pub fn is_fresh(&self) -> bool {
        self.state == State::Fresh
    }

    /// Does a proxy stand between here and the server, which may share the session with others?
    pub fn is_borrowed(&self) -> bool {
        self.state == State::Borrowed
    }

    /// Ends the session in good order.
    ///
    /// # Errors
    /// The connection was lost.
    pub async fn disconnect(self) -> mysql_async::Result<()> {
        self.conn.disconnect().await
    }
}

impl Deref for MysqlSession {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for MysqlSession {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// Logs in.
///
/// # Errors
/// Unreachable, no TLS as asked, wrong password, absent database, …: exit 1 with a remedy.
pub async fn mysql(endpoint: &Endpoint, options: &ConnectOptions) -> Result<MysqlSession> {
    let (conn, peer) = wait::patiently(endpoint, options, || login(endpoint, options)).await?;
    Ok(MysqlSession {
        conn,
        state: State::Fresh,
        reached: endpoint.at(peer),
    })
}

async fn login(
    endpoint: &Endpoint,
    options: &ConnectOptions,
) -> Result<(Conn, Option<SocketAddr>)> {
    // Before anything is sent: a CA file that cannot be read is no reason to knock.
    let encryption = match endpoint.tls.mode {
        TlsMode::Disable => None,
        _ => Some(Encryption {
            connector: TlsConnector::from(Arc::new(tls::client_config(endpoint)?)),
            name: tls::server_name(endpoint)?,
        }),
    };
    let Opened { mut stream, peer } = options.route.open(endpoint).await?;
    let greeting = Greeting::read(&mut stream)
        .await
        .map_err(|none| no_greeting(endpoint, none))?;
    let relay = match encryption {
        Some(encryption) if greeting.offers_tls => Relay::encrypted(stream, greeting, encryption)?,
        None => Relay::plain(stream, greeting).await?,
        Some(_) if endpoint.tls.mode == TlsMode::Prefer => Relay::plain(stream, greeting).await?,
        Some(_) => return Err(tls::not_offered(endpoint)),
    };
    let opts = through(&relay.door, driver_options(endpoint, options));
    match Conn::new(Opts::from(opts)).await {
        Ok(mut conn) => {
            relay.established();
            if let Some(peer) = peer.filter(|_| options.waits_for_primary(endpoint)) {
                takes_writes(endpoint, &mut conn, peer).await?;
            }
            Ok((conn, peer))
        }
        Err(error) => Err(match relay.failure() {
            Some(broken) => tls::explain(endpoint, &broken).unwrap_or_else(|| {
                failure::unreachable(endpoint, &format!("the connection broke: {broken}"))
            }),
            None => explain(endpoint, &error),
        }),
    }
}

/// Consul names the primary a moment late after a failover: whoever waits for a server waits for that too.
async fn takes_writes(endpoint: &Endpoint, conn: &mut Conn, peer: SocketAddr) -> Result<()> {
    let read_only: Option<bool> = conn
        .query_first("SELECT @@GLOBAL.read_only")
        .await
        .map_err(|error| explain(endpoint, &error))?;
    match read_only {
        Some(true) => Err(failure::not_ready(
            endpoint,
            &format!("{peer}, which Consul names, is read-only"),
        )),
        _ => Ok(()),
    }
}

fn through(door: &Door, opts: OptsBuilder) -> OptsBuilder {
    match door {
        Door::Directory(directory) => {
            opts.socket(Some(directory.path().join("s").display().to_string()))
        }
        Door::Port(port) => opts.ip_or_hostname("127.0.0.1").tcp_port(*port),
    }
}

fn driver_options(endpoint: &Endpoint, options: &ConnectOptions) -> OptsBuilder {
    let database = (!options.without_database).then(|| endpoint.database.clone());
    OptsBuilder::default()
        .user(Some(endpoint.user.clone()))
        .pass(
            endpoint
                .password
                .as_ref()
                .map(|password| password.expose_secret().to_owned()),
        )
        .db_name(database)
        // The driver would ask for the server's socket and open that path on this machine.
        .prefer_socket(false)
        // Both stated, so that the driver does not ask the server for them: a turn less.
        .max_allowed_packet(Some(1 << 30))
        .wait_timeout(Some(28_800))
        .tcp_nodelay(true)
        .stmt_cache_size(0)
}

fn no_greeting(endpoint: &Endpoint, none: NoGreeting) -> Error {
    match none {
        NoGreeting::Refused(code, words) => refusal(endpoint, code, &words),
        NoGreeting::Closed(error) => {
            let why = format!("the connection was closed before the greeting ({error})");
            failure::unreachable(endpoint, &why)
        }
        NoGreeting::Foreign => failure::foreign_protocol(endpoint),
    }
}

fn explain(endpoint: &Endpoint, error: &mysql_async::Error) -> Error {
    match error {
        mysql_async::Error::Server(server) => refusal(endpoint, server.code, &server.message),
        mysql_async::Error::Io(io) => failure::unreachable(endpoint, &io.to_string()),
        mysql_async::Error::Driver(driver) => match driver {
            mysql_async::DriverError::ConnectionClosed => {
                failure::unreachable(endpoint, "the connection was closed")
            }
            mysql_async::DriverError::UnexpectedPacket { .. }
            | mysql_async::DriverError::CantParseServerVersion { .. } => {
                failure::foreign_protocol(endpoint)
            }
            other => failure::refused(endpoint, &other.to_string()),
        },
        other => failure::refused(endpoint, &other.to_string()),
    }
}

/// The server's own no. Numbers: MySQL 8.0 Error Message Reference, "Server Error Message Reference".
fn refusal(endpoint: &Endpoint, code: u16, words: &str) -> Error {
    match code {
        // 1045 access denied, 1698 access denied without a password.
        1045 | 1698 => failure::refused_login(endpoint, words),
        1049 => failure::absent_database(endpoint),
        // ER_DBACCESS_DENIED_ERROR, also of a database that is not there.
        1044 => failure::no_entry(
            endpoint,
            words,
            &format!(
                "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `{}`.* TO '{}'@'%';",
                endpoint.database.replace('`', "``"),
                endpoint.user.replace('\\', "\\\\").replace('\'', "''")
            ),
        ),
        // 1040 too many connections, 1053 shutdown in progress, 3032 offline mode.
        1040 | 1053 | 3032 => failure::not_ready(endpoint, words),
        // require_secure_transport.
        3159 => tls::demanded(endpoint, words),
        _ => failure::refused(endpoint, &format!("{words} (MySQL error {code})")),
    }
}
