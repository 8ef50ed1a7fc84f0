//! TLS for MySQL, done by us: the driver knows neither `prefer` nor `verify-ca` with rustls.
//!
//! The driver connects to a unix socket in a private directory, which it rightly takes for a safe
//! transport; the relay behind it speaks TLS with the server. MySQL switches to TLS inside its
//! protocol: after the server's greeting the client sends a short request, and everything after it
//! is encrypted. The request takes one sequence number, so until the login has ended the numbers of
//! the two sides differ by one.
//!
//! Source: MySQL Source Code Documentation, "Connection Phase" and "Protocol::SSLRequest".

use super::failure;
use crate::config::Endpoint;
use anyhow::{Context, Result};
use rustls::pki_types::ServerName;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpStream, UnixListener, UnixStream},
};
use tokio_rustls::TlsConnector;

const CLIENT_SSL: u32 = 0x0800;
const OK: u8 = 0x00;
const MORE_DATA: u8 = 0x01;
const ERROR: u8 = 0xff;
/// Second byte of `MORE_DATA` in caching_sha2_password: the cached password matched, OK follows.
const FAST_AUTHENTICATION: u8 = 0x03;

/// A packet with its sequence number.
#[derive(Debug, Clone)]
pub struct Packet {
    sequence: u8,
    body: Vec<u8>,
}

/// The server's first packet.
#[derive(Debug)]
pub enum Greeting {
    WithTls(Packet),
    WithoutTls,
}

/// Reads the greeting.
///
/// # Errors
/// The server is gone, busy, or no MySQL server.
pub async fn greeting(stream: &mut TcpStream, endpoint: &Endpoint) -> Result<Greeting> {
    let packet = match Packet::read(stream).await {
        Ok(packet) => packet,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(failure::foreign_protocol(endpoint));
        }
        Err(error) => {
            let why = format!("the connection was closed before the greeting ({error})");
            return Err(failure::unreachable(endpoint, &why));
        }
    };
    match packet.body.first() {
        Some(10) => match capabilities(&packet.body) {
            Some(bits) if bits & CLIENT_SSL != 0 => Ok(Greeting::WithTls(packet)),
            Some(_) => Ok(Greeting::WithoutTls),
            None => Err(failure::foreign_protocol(endpoint)),
        },
        Some(&ERROR) => {
            let text = packet.body.get(3..).unwrap_or_default();
            Err(failure::not_ready(endpoint, &String::from_utf8_lossy(text)))
        }
        _ => Err(failure::foreign_protocol(endpoint)),
    }
}

/// The lower capability bits: behind version byte, version text and NUL, thread id (4), data (8), filler (1).
fn capabilities(body: &[u8]) -> Option<u32> {
    let end = 1 + body.get(1..)?.iter().position(|byte| *byte == 0)?;
    let at = end + 1 + 4 + 8 + 1;
    let low = body.get(at..at + 2)?;
    Some(u32::from(u16::from_le_bytes([low[0], low[1]])))
}

/// A relay for one connection.
pub struct Relay {
    // The directory goes when the driver has connected or failed.
    directory: TempDir,
    failure: Arc<Mutex<Option<io::Error>>>,
}

impl Relay {
    /// Listens in a private directory and serves the one connection that comes.
    ///
    /// # Errors
    /// The directory or the socket cannot be made.
    pub fn start(
        server: TcpStream,
        greeting: Packet,
        connector: TlsConnector,
        name: ServerName<'static>,
    ) -> Result<Relay> {
        // tempfile makes the directory with mode 0700.
        let directory =
            tempfile::tempdir().context("making a private directory for the TLS relay")?;
        let listener = UnixListener::bind(directory.path().join("s"))
            .context("listening on the TLS relay's socket")?;
        let failure = Arc::new(Mutex::new(None));
        let told = failure.clone();
        tokio::spawn(async move {
            let served = serve(listener, server, greeting, connector, name).await;
            if let Err(error) = served {
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
        });
        Ok(Relay { directory, failure })
    }

    /// The path for the driver.
    pub fn socket(&self) -> String {
        self.directory.path().join("s").display().to_string()
    }

    /// Why the relay ended, if it did.
    pub fn failure(&self) -> Option<io::Error> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

async fn serve(
    listener: UnixListener,
    mut server: TcpStream,
    greeting: Packet,
    connector: TlsConnector,
    name: ServerName<'static>,
) -> io::Result<()> {
    let (mut driver, _) = listener.accept().await?;
    drop(listener);
    greeting.write(&mut driver, 0).await?;
    let mut response = Packet::read(&mut driver).await?;
    if response.body.len() < 32 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the driver's answer is too short",
        ));
    }
    response.body[1] |= (CLIENT_SSL >> 8) as u8;
    // The request is the answer's first 32 bytes: capabilities, packet size, character set, filler.
    let request = Packet {
        sequence: response.sequence,
        body: response.body[..32].to_vec(),
    };
    request.write(&mut server, 0).await?;
    let mut server = connector.connect(name, server).await?;
    response.write(&mut server, 1).await?;
    if log_in(&mut driver, &mut server).await? {
        copy_bidirectional(&mut driver, &mut server).await?;
    }
    Ok(())
}

/// Passes the login's packets; true when the server has let the driver in.
async fn log_in<S>(driver: &mut UnixStream, server: &mut S) -> io::Result<bool>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let packet = Packet::read(server).await?;
        let kind = packet.body.first().copied();
        let fast = kind == Some(MORE_DATA) && packet.body.get(1) == Some(&FAST_AUTHENTICATION);
        packet.write(driver, -1).await?;
        match kind {
            Some(OK) => return Ok(true),
            Some(ERROR) | None => return Ok(false),
            _ if fast => {}
            _ => Packet::read(driver).await?.write(server, 1).await?,
        }
    }
}

impl Packet {
    async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Packet> {
        let mut head = [0_u8; 4];
        stream.read_exact(&mut head).await?;
        let length = u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
        // Packets of the login are small; something else is another protocol.
        if length == 0 || length > 1 << 20 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "not a packet of MySQL's",
            ));
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        Ok(Packet {
            sequence: head[3],
            body,
        })
    }

    async fn write(&self, stream: &mut (impl AsyncWrite + Unpin), shift: i8) -> io::Result<()> {
        let length = u32::try_from(self.body.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes();
        let sequence = self.sequence.wrapping_add_signed(shift);
        let mut packet = vec![length[0], length[1], length[2], sequence];
        packet.extend_from_slice(&self.body);
        stream.write_all(&packet).await?;
        stream.flush().await
    }
}
