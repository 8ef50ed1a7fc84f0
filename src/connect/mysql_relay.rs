//! What stands between the MySQL driver and the server: our own connection, and our own TLS.
//!
//! The driver knows neither `prefer` nor `verify-ca` with rustls, and neither keepalive intervals nor
//! a server with several addresses, and it takes no stream of ours. So it connects to a door on this
//! machine, and the relay behind the door has the connection to the server. With TLS the door is a unix
//! socket in a private directory, which the driver rightly takes for a safe transport. Without TLS
//! it is a loopback port, so that the driver encrypts the password with the server's key.
//!
//! MySQL switches to TLS inside its protocol: after the server's greeting the client sends a short
//! request, and everything after it is encrypted. The request takes one sequence number, so until
//! the login has ended the numbers of the two sides differ by one.
//!
//! Source: MySQL Source Code Documentation, "Connection Phase" and "Protocol::SSLRequest".

use super::{
    mysql_packet::{Greeting, Packet},
    stream::Stream,
};
use anyhow::{Context, Result};
use rustls::pki_types::ServerName;
use std::{
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncWrite, copy_bidirectional},
    net::{TcpListener, UnixListener},
    task::JoinHandle,
};
use tokio_rustls::TlsConnector;

const CLIENT_SSL: u32 = 0x0800;
const OK: u8 = 0x00;
const MORE_DATA: u8 = 0x01;
const ERROR: u8 = 0xff;
/// Second byte of `MORE_DATA` in caching_sha2_password: the cached password matched, OK follows.
const FAST_AUTHENTICATION: u8 = 0x03;

/// How to encrypt, and the name to verify.
pub struct Encryption {
    pub connector: TlsConnector,
    pub name: ServerName<'static>,
}

/// Where the driver finds the relay.
pub enum Door {
    /// The socket's path is in it; the directory goes when the driver has connected or failed.
    Directory(TempDir),
    /// On 127.0.0.1.
    Port(u16),
}

/// A relay for one connection. Dropped before the driver is in, it ends.
pub struct Relay {
    pub door: Door,
    failure: Arc<Mutex<Option<io::Error>>>,
    task: Option<JoinHandle<()>>,
}

/// Why a login was not relayed to its end.
enum Stop {
    /// The driver gave up; it tells why itself.
    Driver,
    Server(io::Error),
}

impl Relay {
    /// Relays as it is. Whoever else on this machine finds the port first gets what they could have
    /// had directly, a connection without a login, and the driver gets an error.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn plain(server: Stream, greeting: Greeting) -> Result<Relay> {
        let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listening.context("listening on the relay's port")?;
        let door = Door::Port(listener.local_addr()?.port());
        Ok(Relay::start(door, async move {
            let (driver, _) = listener.accept().await.map_err(|_| Stop::Driver)?;
            drop(listener);
            driver.set_nodelay(true).map_err(|_| Stop::Driver)?;
            serve_plain(driver, server, greeting).await
        }))
    }

    /// Relays through TLS.
    ///
    /// # Errors
    /// The directory or the socket cannot be made.
    pub fn encrypted(server: Stream, greeting: Greeting, encryption: Encryption) -> Result<Relay> {
        // tempfile makes the directory with mode 0700.
        let directory = tempfile::tempdir().context("making a private directory for the relay")?;
        let listener = UnixListener::bind(directory.path().join("s"))
            .context("listening on the relay's socket")?;
        Ok(Relay::start(Door::Directory(directory), async move {
            let (driver, _) = listener.accept().await.map_err(|_| Stop::Driver)?;
            drop(listener);
            serve_encrypted(driver, server, greeting, encryption).await
        }))
    }

    fn start(door: Door, serve: impl Future<Output = Result<(), Stop>> + Send + 'static) -> Relay {
        let failure = Arc::new(Mutex::new(None));
        let told = failure.clone();
        let task = tokio::spawn(async move {
            if let Err(Stop::Server(error)) = serve.await {
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
        });
        Relay {
            door,
            failure,
            task: Some(task),
        }
    }

    /// Why the way to the server broke, if it did.
    pub fn failure(&self) -> Option<io::Error> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// The driver is in: from now on the relay lives as long as the driver's connection.
    pub fn established(mut self) {
        self.task = None;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

async fn serve_plain<D>(mut driver: D, mut server: Stream, greeting: Greeting) -> Result<(), Stop>
where
    D: AsyncRead + AsyncWrite + Unpin,
{
    to_driver(&greeting.packet, &mut driver, 0).await?;
    pass(&mut driver, &mut server).await
}

async fn serve_encrypted<D>(
    mut driver: D,
    mut server: Stream,
    greeting: Greeting,
    encryption: Encryption,
) -> Result<(), Stop>
where
    D: AsyncRead + AsyncWrite + Unpin,
{
    to_driver(&greeting.packet, &mut driver, 0).await?;
    let mut response = from_driver(&mut driver).await?;
    if response.body.len() < 32 {
        return Err(Stop::Driver);
    }
    response.body[1] |= (CLIENT_SSL >> 8) as u8;
    // The request is the answer's first 32 bytes: capabilities, packet size, character set, filler.
    let request = Packet {
        sequence: response.sequence,
        body: response.body[..32].to_vec(),
    };
    let failed = Stop::Server;
    request.write(&mut server, 0).await.map_err(failed)?;
    let Encryption { connector, name } = encryption;
    let mut server = connector.connect(name, server).await.map_err(failed)?;
    response.write(&mut server, 1).await.map_err(failed)?;
    if log_in(&mut driver, &mut server).await? {
        pass(&mut driver, &mut server).await?;
    }
    Ok(())
}

/// Passes the login's packets; true when the server has let the driver in.
async fn log_in<D, S>(driver: &mut D, server: &mut S) -> Result<bool, Stop>
where
    D: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let packet = Packet::read(server).await.map_err(Stop::Server)?;
        let kind = packet.body.first().copied();
        let fast = kind == Some(MORE_DATA) && packet.body.get(1) == Some(&FAST_AUTHENTICATION);
        to_driver(&packet, driver, -1).await?;
        match kind {
            Some(OK) => return Ok(true),
            Some(ERROR) | None => return Ok(false),
            _ if fast => {}
            _ => {
                let answer = from_driver(driver).await?;
                answer.write(server, 1).await.map_err(Stop::Server)?;
            }
        }
    }
}

async fn from_driver(driver: &mut (impl AsyncRead + Unpin)) -> Result<Packet, Stop> {
    Packet::read(driver).await.map_err(|_| Stop::Driver)
}

async fn to_driver(
    packet: &Packet,
    driver: &mut (impl AsyncWrite + Unpin),
    shift: i8,
) -> Result<(), Stop> {
    packet.write(driver, shift).await.map_err(|_| Stop::Driver)
}

/// Carries everything both ways until one side ends.
async fn pass(
    driver: &mut (impl AsyncRead + AsyncWrite + Unpin),
    server: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<(), Stop> {
    let carried = copy_bidirectional(driver, server).await;
    carried.map(|_| ()).map_err(Stop::Server)
}
