//! A PostgreSQL session.

use super::{
    ConnectOptions, Route, failure,
    lingering::Lingering,
    pg_client::{PgClient, told_process},
    pg_pins,
    route::Opened,
    tls, wait,
};
use crate::config::{Endpoint, TlsMode};
use anyhow::{Context, Error, Result};
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
};
use tokio_postgres::{
    CancelToken, Client, Config, NoTls, SimpleQueryMessage, config::SslMode, error::SqlState,
    tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a cancel request may take with its connection.
const CANCELLING: Duration = Duration::from_secs(5);

/// How long a server may take to answer the goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// A session and what drives it.
pub struct PgSession {
    pub client: PgClient,
    driver: JoinHandle<()>,
    canceller: PgCanceller,
}

/// Cancels what a session is running, from a connection of its own.
#[derive(Clone)]
pub struct PgCanceller {
    token: CancelToken,
    endpoint: Endpoint,
    route: Route,
    timeout: Duration,
    tls: Option<Arc<ClientConfig>>,
}

impl PgSession {
    /// Where the server is that answered.
    pub fn reached(&self) -> &Endpoint {
        &self.canceller.endpoint
    }

    /// A handle for cancelling.
    pub fn canceller(&self) -> PgCanceller {
        self.canceller.clone()
    }

    /// Ends the session in good order. What a pooler keeps of it is as it was before; of a server that
    /// does not answer no more is waited for.
    ///
    /// # Errors
    /// What was set in a session that a pooler keeps could not be taken back.
    pub async fn close(self) -> Result<()> {
        let PgSession {
            client, mut driver, ..
        } = self;
        let given_back = tokio::time::timeout(GOODBYE, client.give_back()).await;
        drop(client);
        if tokio::time::timeout(GOODBYE, &mut driver).await.is_err() {
            driver.abort();
        }
        match given_back {
            // With the connection the pooler has given the session up too.
            Ok(Err(error)) if !error.is_closed() => {
                Err(error).context("taking back what was set in the pooler's session")
            }
            _ => Ok(()),
        }
    }
}

impl PgCanceller {
    /// Sends one cancel request.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn cancel(&self) -> Result<()> {
        self.route.prepare(self.timeout).await?;
        let stream = Lingering(self.route.open(&self.endpoint).await?.stream);
        let sending = async {
            match &self.tls {
                None => self.token.cancel_query_raw(stream, NoTls).await,
                Some(config) => {
                    let tls = connector(config, &self.endpoint, &stream)?;
                    self.token.cancel_query_raw(stream, tls).await
                }
            }
            .context("sending a cancel request")
        };
        // What it waits for then is only the end of the connection.
        tokio::time::timeout(CANCELLING, sending)
            .await
            .unwrap_or(Ok(()))
    }
}

/// Logs in.
///
/// # Errors
/// Unreachable, no TLS as asked, wrong password, absent database, …: exit 1 with a remedy.
pub async fn timescale(endpoint: &Endpoint, options: &ConnectOptions) -> Result<PgSession> {
    wait::patiently(endpoint, options, || login(endpoint, options)).await
}

/// A pooler that knows the startup packet's `options` not refuses them; then they are set otherwise.
async fn login(endpoint: &Endpoint, options: &ConnectOptions) -> Result<PgSession> {
    let tls = match endpoint.tls.mode {
        TlsMode::Disable => None,
        _ => Some(Arc::new(tls::client_config(endpoint)?)),
    };
    let pins = pg_pins::options();
    let entering = |pins| enter((endpoint, &options.route), tls.as_ref(), pins);
    let mut entered = entering(Some(pins.as_str())).await?;
    let took_options = !entered.as_ref().is_err_and(refuses_options);
    if !took_options {
        entered = entering(None).await?;
    }
    let (entered, peer) = entered.map_err(|error| explain(endpoint, &error))?;
    if let Some(peer) = peer.filter(|_| options.waits_for_primary(endpoint)) {
        no_standby(endpoint, &entered.0, peer).await?;
    }
    session((&endpoint.at(peer), options), tls, entered, took_options).await
}

/// Consul names the primary a moment late after a failover: whoever waits for a server waits for that too.
async fn no_standby(endpoint: &Endpoint, client: &Client, peer: SocketAddr) -> Result<()> {
    let rows = client
        .simple_query("SELECT pg_catalog.pg_is_in_recovery()")
        .await
        .context("asking whether the server is a standby")?;
    let stands_by = rows
        .iter()
        .any(|row| matches!(row, SimpleQueryMessage::Row(row) if row.get(0) == Some("t")));
    match stands_by {
        true => Err(failure::not_ready(
            endpoint,
            &format!("{peer}, which Consul names, is a standby"),
        )),
        false => Ok(()),
    }
}

/// PgBouncer's words, which has no code of its own for it: "unsupported startup parameter: options",
/// from 1.20 on "unsupported startup parameter in options: …".
fn refuses_options(error: &tokio_postgres::Error) -> bool {
    let Some(db) = error.as_db_error() else {
        return false;
    };
    *db.code() == SqlState::PROTOCOL_VIOLATION
        && db.message().contains("unsupported startup parameter")
}

type Entered = (Client, JoinHandle<()>);

/// And where the server is.
type Reached = (Entered, Option<SocketAddr>);

/// One attempt; the outer error is ours, the inner one the server's or the driver's.
async fn enter(
    (endpoint, route): (&Endpoint, &Route),
    tls: Option<&Arc<ClientConfig>>,
    options: Option<&str>,
) -> Result<Result<Reached, tokio_postgres::Error>> {
    let config = config(endpoint, options);
    let Opened { stream, peer } = route.open(endpoint).await?;
    let entered = match tls {
        None => config
            .connect_raw(stream, NoTls)
            .await
            .map(|(client, connection)| (client, tokio::spawn(drive(connection)))),
        Some(tls) => {
            let tls = connector(tls, endpoint, &stream)?;
            config
                .connect_raw(stream, tls)
                .await
                .map(|(client, connection)| (client, tokio::spawn(drive(connection))))
        }
    };
    Ok(entered.map(|entered| (entered, peer)))
}

async fn session(
    (endpoint, options): (&Endpoint, &ConnectOptions),
    tls: Option<Arc<ClientConfig>>,
    (client, driver): Entered,
    took_options: bool,
) -> Result<PgSession> {
    let token = client.cancel_token();
    let process = told_process(&token)
        .await
        .context("reading the number of the server's process")?;
    Ok(PgSession {
        client: PgClient::new(client, process, took_options),
        driver,
        canceller: PgCanceller {
            token,
            endpoint: endpoint.clone(),
            route: options.route.clone(),
            timeout: options.timeout,
            tls,
        },
    })
}

fn config(endpoint: &Endpoint, options: Option<&str>) -> Config {
    let mut config = Config::new();
    config
        .user(&endpoint.user)
        .dbname(&endpoint.database)
        .ssl_mode(match endpoint.tls.mode {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
        });
    if let Some(options) = options {
        config.options(options);
    }
    if let Some(password) = &endpoint.password {
        config.password(password.expose_secret());
    }
    config
}

fn connector<S>(
    config: &Arc<ClientConfig>,
    endpoint: &Endpoint,
    _: &S,
) -> Result<<MakeRustlsConnect as MakeTlsConnect<S>>::TlsConnect>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // Checks the name first, with an error of ours.
    tls::server_name(endpoint)?;
    let name = tls::name(endpoint);
    let mut make = MakeRustlsConnect::new(config.as_ref().clone());
    MakeTlsConnect::<S>::make_tls_connect(&mut make, name)
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
