//! The TCP connection under everything.

use super::failure;
use crate::config::Endpoint;
use anyhow::Result;
use socket2::{SockRef, TcpKeepalive};
use std::{io, time::Duration};
use tokio::net::{TcpStream, lookup_host};

/// How long a connection may be idle before it is probed: below the 350 s after which the NAT of
/// a cloud forgets it.
pub const KEEPALIVE: Duration = Duration::from_secs(30);

/// Connects, with keepalives and without delay.
///
/// # Errors
/// The name does not resolve, or nobody answers; both may pass while a server is starting.
pub async fn open(endpoint: &Endpoint) -> Result<TcpStream> {
    let addresses = lookup_host((endpoint.host.as_str(), endpoint.port))
        .await
        .map_err(|error| {
            failure::unreachable(endpoint, &format!("the name does not resolve ({error})"))
        })?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                prepare(&stream)
                    .map_err(|error| failure::unreachable(endpoint, &error.to_string()))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(failure::unreachable(endpoint, &last.to_string()))
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(Duration::from_secs(10));
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}
