//! Straight to the server, or through the tunnel that both databases share.

use super::{failure, stream::Stream, tcp, tunnel::Tunnel};
use crate::config::Endpoint;
use anyhow::{Error, Result};
use std::{sync::Arc, time::Duration};

/// How connections get to a server.
#[derive(Clone, Default)]
pub enum Route {
    #[default]
    Direct,
    Tunnel(Arc<Tunnel>),
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
    pub async fn open(&self, endpoint: &Endpoint) -> Result<Stream> {
        match self {
            Route::Direct => Ok(Box::new(tcp::open(endpoint).await?)),
            Route::Tunnel(tunnel) => tunnel.open(endpoint).await,
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
