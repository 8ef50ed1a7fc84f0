//! A PostgreSQL session.

use super::{ConnectOptions, failure, tcp, tls, wait};
use crate::config::{Endpoint, TlsMode};
use anyhow::{Context, Error, Result};
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use std::{sync::Arc, time::Duration};
use tokio::{net::TcpStream, task::JoinHandle};
use tokio_postgres::{
    CancelToken, Client, Config, NoTls, config::SslMode, error::SqlState, tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Startup options, which beat what the role or the database has been given (PostgreSQL
/// documentation, 20.1.4): a hostile role setting must not change what catalog functions print, and
/// the server gives a client up that a minute of silence shows to be gone, as we give the server up
/// (20.3.2 "TCP settings").
const OPTIONS: &str = "-c search_path=public -c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC \
     -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 \
     -c client_min_messages=warning -c quote_all_identifiers=off -c standard_conforming_strings=on \
     -c bytea_output=hex -c extra_float_digits=1 \
     -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 \
     -c tcp_user_timeout=60000";

/// What the session that holds the lock needs beside `OPTIONS`, of settings that not every version
/// has (a startup option that the server does not know refuses the login):
/// `client_connection_check_interval` (14) ends a statement whose client is gone, which would
/// otherwise run to its end and keep the lock; `idle_session_timeout` (14) and
/// `transaction_timeout` (17) of a role must not cut a long run.
pub const PG_LIMITS: &str = "SELECT pg_catalog.set_config(s.name, w.value, false) \
     FROM (VALUES ('client_connection_check_interval', '10s'), \
     ('idle_session_timeout', '0'), \
     ('transaction_timeout', '0')) AS w (name, value) \
     JOIN pg_catalog.pg_settings s ON s.name = w.name \
     ORDER BY s.name";

/// A session and what drives it.
pub struct PgSession {
    pub client: Client,
    driver: JoinHandle<()>,
    canceller: PgCanceller,
}

/// Cancels what a session is running, from a connection of its own.
#[derive(Clone)]
pub struct PgCanceller {
    token: CancelToken,
    endpoint: Endpoint,
    tls: Option<Arc<ClientConfig>>,
}

impl PgSession {
    /// A handle for cancelling.
    pub fn canceller(&self) -> PgCanceller {
        self.canceller.clone()
    }

    /// Ends the session in good order.
    ///
    /// # Errors
    /// Never at present; a server that does not answer the goodbye is not waited for.
    pub async fn close(self) -> Result<()> {
        let PgSession {
            client, mut driver, ..
        } = self;
        drop(client);
        if tokio::time::timeout(Duration::from_secs(2), &mut driver)
            .await
            .is_err()
        {
            driver.abort();
        }
        Ok(())
    }
}

impl PgCanceller {
    /// Sends one cancel request.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn cancel(&self) -> Result<()> {
        let stream = tcp::open(&self.endpoint).await?;
        let sent = match &self.tls {
            None => self.token.cancel_query_raw(stream, NoTls).await,
            Some(config) => {
                self.token
                    .cancel_query_raw(stream, connector(config, &self.endpoint)?)
                    .await
            }
        };
        sent.context("sending a cancel request")
    }
}

/// Logs in.
///
/// # Errors
/// Unreachable, no TLS as asked, wrong password, absent database, …: exit 1 with a remedy.
pub async fn timescale(endpoint: &Endpoint, options: &ConnectOptions) -> Result<PgSession> {
    wait::patiently(endpoint, options, || login(endpoint)).await
}

async fn login(endpoint: &Endpoint) -> Result<PgSession> {
    let config = config(endpoint);
    let tls = match endpoint.tls.mode {
        TlsMode::Disable => None,
        _ => Some(Arc::new(tls::client_config(endpoint)?)),
    };
    let stream = tcp::open(endpoint).await?;
    let explain = |error: tokio_postgres::Error| explain(endpoint, &error);
    let (client, driver) = match &tls {
        None => {
            let (client, connection) = config.connect_raw(stream, NoTls).await.map_err(explain)?;
            (client, tokio::spawn(drive(connection)))
        }
        Some(tls) => {
            let connector = connector(tls, endpoint)?;
            let (client, connection) = config
                .connect_raw(stream, connector)
                .await
                .map_err(explain)?;
            (client, tokio::spawn(drive(connection)))
        }
    };
    let token = client.cancel_token();
    let canceller = PgCanceller {
        token,
        endpoint: endpoint.clone(),
        tls,
    };
    Ok(PgSession {
        client,
        driver,
        canceller,
    })
}

fn config(endpoint: &Endpoint) -> Config {
    let mut config = Config::new();
    config
        .user(&endpoint.user)
        .dbname(&endpoint.database)
        .application_name("sgmp-db")
        .options(OPTIONS)
        .ssl_mode(match endpoint.tls.mode {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
        });
    if let Some(password) = &endpoint.password {
        config.password(password.expose_secret());
    }
    config
}

fn connector(
    config: &Arc<ClientConfig>,
    endpoint: &Endpoint,
) -> Result<<MakeRustlsConnect as MakeTlsConnect<TcpStream>>::TlsConnect> {
    // Checks the name first, with an error of ours.
    tls::server_name(endpoint)?;
    let name = endpoint.tls.name.as_deref().unwrap_or(&endpoint.host);
    let mut make = MakeRustlsConnect::new(config.as_ref().clone());
    MakeTlsConnect::<TcpStream>::make_tls_connect(&mut make, name)
        .map_err(|error| anyhow::anyhow!("{error}"))
}

/// Runs the session's I/O to its end; its error also reaches the query that was under way.
async fn drive<F, E>(connection: F)
where
    F: Future<Output = Result<(), E>>,
{
    drop(connection.await);
}

fn explain(endpoint: &Endpoint, error: &tokio_postgres::Error) -> Error {
    if let Some(db) = error.as_db_error() {
        let code = db.code();
        let words = db.message();
        let login = [
            &SqlState::INVALID_PASSWORD,
            &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        ];
        return if *code == SqlState::INVALID_CATALOG_NAME {
            failure::absent_database(endpoint)
        } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
            && words.contains("no encryption")
        {
            tls::demanded(endpoint, words)
        } else if login.contains(&code) {
            failure::refused_login(endpoint, words)
        } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
            let (database, user) = (quoted(&endpoint.database), quoted(&endpoint.user));
            let grant = format!("GRANT CONNECT ON DATABASE {database} TO {user};");
            failure::no_entry(endpoint, words, &grant)
        } else if *code == SqlState::CANNOT_CONNECT_NOW || *code == SqlState::TOO_MANY_CONNECTIONS {
            failure::not_ready(endpoint, words)
        } else {
            failure::refused(endpoint, words)
        };
    }
    if let Some(explained) = tls::explain(endpoint, error) {
        return explained;
    }
    let words = chain(error);
    if words.contains("server does not support TLS") {
        tls::not_offered(endpoint)
    } else if words.contains("password missing")
        || words.contains("invalid configuration: password")
    {
        failure::refused_login(endpoint, "it asks for a password")
    } else if words.contains("invalid")
        || words.contains("unexpected message")
        || words.contains("SSL negotiation")
        || words.contains("bytes remaining on stream")
    {
        failure::foreign_protocol(endpoint)
    } else if error.is_closed() || words.contains("communicating with the server") {
        failure::unreachable(endpoint, &words)
    } else {
        failure::refused(endpoint, &words)
    }
}

/// An error with its causes on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_words = cause.to_string();
        if !words.contains(&cause_words) {
            words.push_str(": ");
            words.push_str(&cause_words);
        }
        next = cause.source();
    }
    words
}
