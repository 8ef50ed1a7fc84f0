//! A MySQL session.

use super::{
    ConnectOptions, failure,
    mysql_relay::{Greeting, Relay, greeting},
    tcp, tls, wait,
};
use crate::config::{Endpoint, TlsMode};
use anyhow::{Error, Result};
use mysql_async::{Conn, Opts, OptsBuilder};
use secrecy::ExposeSecret;
use tokio_rustls::TlsConnector;

/// Logs in.
///
/// # Errors
/// Unreachable, no TLS as asked, wrong password, absent database, …: exit 1 with a remedy.
pub async fn mysql(endpoint: &Endpoint, options: &ConnectOptions) -> Result<Conn> {
    wait::patiently(endpoint, options, || login(endpoint, options)).await
}

async fn login(endpoint: &Endpoint, options: &ConnectOptions) -> Result<Conn> {
    let opts = driver_options(endpoint, options);
    if endpoint.tls.mode == TlsMode::Disable {
        // The address is tried first, so that an unreachable one is told in our words.
        drop(tcp::open(endpoint).await?);
        return plain(endpoint, opts).await;
    }
    let config = tls::client_config(endpoint)?;
    let name = tls::server_name(endpoint)?;
    let mut stream = tcp::open(endpoint).await?;
    match greeting(&mut stream, endpoint).await? {
        Greeting::WithTls(packet) => {
            let relay = Relay::start(
                stream,
                packet,
                TlsConnector::from(std::sync::Arc::new(config)),
                name,
            )?;
            let socket = relay.socket().to_owned();
            let opts = opts.socket(Some(socket));
            match Conn::new(Opts::from(opts)).await {
                Ok(conn) => Ok(conn),
                Err(error) => Err(match relay.failure() {
                    Some(handshake) => tls::explain(endpoint, &handshake)
                        .unwrap_or_else(|| failure::refused(endpoint, &handshake.to_string())),
                    None => explain(endpoint, &error),
                }),
            }
        }
        // Without TLS the driver must know that the wire is not safe: it then encrypts the password
        // with the server's key. Hence never through the relay, whose socket it would trust.
        Greeting::WithoutTls if endpoint.tls.mode == TlsMode::Prefer => {
            drop(stream);
            plain(endpoint, opts).await
        }
        Greeting::WithoutTls => Err(tls::not_offered(endpoint)),
    }
}

async fn plain(endpoint: &Endpoint, opts: OptsBuilder) -> Result<Conn> {
    Conn::new(Opts::from(opts))
        .await
        .map_err(|error| explain(endpoint, &error))
}

fn driver_options(endpoint: &Endpoint, options: &ConnectOptions) -> OptsBuilder {
    let database = (!options.without_database).then(|| endpoint.database.clone());
    OptsBuilder::default()
        .ip_or_hostname(endpoint.host.clone())
        .tcp_port(endpoint.port)
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
        .tcp_keepalive(Some(tcp::KEEPALIVE))
        .tcp_nodelay(true)
        .stmt_cache_size(0)
}

fn explain(endpoint: &Endpoint, error: &mysql_async::Error) -> Error {
    match error {
        mysql_async::Error::Server(server) => match server.code {
            1045 | 1698 => failure::refused_login(endpoint, &server.message),
            1049 => failure::absent_database(endpoint),
            // 1040 too many connections, 1053 shutdown in progress.
            1040 | 1053 => failure::not_ready(endpoint, &server.message),
            _ => failure::refused(
                endpoint,
                &format!("{} (MySQL error {})", server.message, server.code),
            ),
        },
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
