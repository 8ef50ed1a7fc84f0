//! The TCP connection under everything: to the first address that answers, and never silently dead.

use super::{consul, failure};
use crate::config::Endpoint;
use anyhow::Result;
use futures_util::{StreamExt, stream::FuturesUnordered};
use socket2::{SockRef, TcpKeepalive};
use std::{io, net::SocketAddr, time::Duration};
use tokio::net::{TcpStream, lookup_host};

/// How long a connection may be idle before it is probed: below the 350 s after which the NAT of
/// a cloud forgets it (Amazon VPC User Guide, "NAT gateway basics").
pub const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);

/// Between one unanswered probe and the next.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// After that many unanswered probes the other end is gone: a minute in all.
pub const KEEPALIVE_COUNT: u32 = 3;

/// How long sent data may stay unacknowledged. Without it Linux goes on for a quarter of an hour
/// (tcp(7), `tcp_retries2`), for keepalives are not sent while data is under way.
pub const USER_TIMEOUT: Duration = Duration::from_secs(60);

/// The head start of an address before the next one is tried beside it (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects, with keepalives and without delay.
///
/// # Errors
/// The name does not resolve, or nobody answers; both may pass while a server is starting.
pub async fn open(endpoint: &Endpoint) -> Result<TcpStream> {
    let addresses = addresses(endpoint)
        .await
        .map_err(|why| failure::unreachable(endpoint, &why))?;
    let opened = match first_to_answer(addresses).await {
        Ok(stream) => prepare(&stream).map(|()| stream),
        Err(error) => Err(error),
    };
    opened.map_err(|error| failure::unreachable(endpoint, &error.to_string()))
}

async fn addresses(endpoint: &Endpoint) -> Result<Vec<SocketAddr>, String> {
    match &endpoint.consul {
        Some(consul) => consul::resolve(endpoint, consul).await,
        None => lookup_host((endpoint.host.as_str(), endpoint.port))
            .await
            .map(Iterator::collect)
            .map_err(|error| format!("the name does not resolve ({error})")),
    }
}

/// Tries the addresses in the resolver's order; one that is silent holds nobody up.
async fn first_to_answer(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut tried = FuturesUnordered::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    loop {
        tried.extend(waiting.next().map(TcpStream::connect));
        tokio::select! {
            ended = tried.next() => match ended {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => last = error,
                None => return Err(last),
            },
            () = tokio::time::sleep(HEAD_START), if waiting.len() > 0 => {}
        }
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_COUNT);
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};
    use tokio::time::Instant;

    fn listener() -> TcpListener {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
    }

    #[tokio::test]
    async fn a_connection_is_probed_and_given_up_within_a_minute() {
        let server = listener();
        let stream = TcpStream::connect(server.local_addr().unwrap())
            .await
            .unwrap();
        prepare(&stream).unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap() && stream.nodelay().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_IDLE);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), KEEPALIVE_INTERVAL);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), KEEPALIVE_COUNT);
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(USER_TIMEOUT));
        let silent = KEEPALIVE_IDLE + KEEPALIVE_INTERVAL * KEEPALIVE_COUNT;
        assert_eq!(silent, USER_TIMEOUT);
    }

    #[tokio::test]
    async fn an_address_that_refuses_or_is_silent_does_not_hide_one_that_answers() {
        let server = listener();
        let answers = server.local_addr().unwrap();
        let refuses = {
            let closed = listener();
            closed.local_addr().unwrap()
        };
        // Reserved for documentation (RFC 5737): nobody answers there.
        let silent = SocketAddr::from(([192, 0, 2, 1], 9));
        let begun = Instant::now();
        let stream = first_to_answer(vec![refuses, silent, answers])
            .await
            .unwrap();
        assert_eq!(stream.peer_addr().unwrap(), answers);
        assert!(begun.elapsed() < Duration::from_secs(2));
        let error = first_to_answer(vec![refuses]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let error = first_to_answer(Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
