//! Straight to the server, or through the tunnel that both databases share.

use super::{failure, stream::Stream, tcp, tunnel::Tunnel};
use crate::config::Endpoint;
use anyhow::{Error, Result};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// How connections get to a server.
#[derive(Clone, Default)]
pub enum Route {
    #[default]
    Direct,
    Tunnel(Arc<Tunnel>),
}

/// A connection, and whose it is where that can be seen from here.
pub struct Opened {
    pub stream: Stream,
    pub peer: Option<SocketAddr>,
}

impl Route {
    /// Sees to it that there is a way. Apart from the attempt to connect, whose time is short: a
    /// person may have to type a passphrase first.
    ///
    /// # Errors
    /// There is no tunnel: exit 1 or 2 with ssh's words and a remedy.
    pub async fn prepare(&self, timeout: Duration) -> Result<()> {
        match self {
            Route::Direct => Ok(()),
            Route::Tunnel(tunnel) => tunnel.prepare(timeout).await,
        }
    }

    /// Opens one connection.
    ///
    /// # Errors
    /// Nobody answers; it may pass while a server is starting.
    pub async fn open(&self, endpoint: &Endpoint) -> Result<Opened> {
        match self {
            Route::Direct => {
                let stream = tcp::open(endpoint).await?;
                let peer = stream.peer_addr().ok();
                let stream = Box::new(stream);
                Ok(Opened { stream, peer })
            }
            Route::Tunnel(tunnel) => Ok(Opened {
                stream: tunnel.open(endpoint).await?,
                peer: None,
            }),
        }
    }

    /// The same error, or what the tunnel knows better: on this side a refused connection looks like one
    /// that the server closed.
    pub async fn explain(&self, endpoint: &Endpoint, error: Error) -> Error {
        match self {
            Route::Tunnel(tunnel) if failure::is_passing(&error) => {
                tunnel.explain(endpoint).await.unwrap_or(error)
            }
            _ => error,
        }
    }

    /// Ends it; what is worth a note. After a failure ssh may just be about to end by itself.
    pub async fn close(&self, failed: bool) -> Vec<String> {
        match self {
            Route::Direct => Vec::new(),
            Route::Tunnel(tunnel) => tunnel.close(failed).await,
        }
    }
}
