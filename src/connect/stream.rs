//! What a connection is made of, however it gets to the server.

use tokio::io::{AsyncRead, AsyncWrite};

/// Bytes both ways: TCP, or the near end of a tunnel.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// The one type that both engines' clients, their TLS and their cancel requests are given.
pub type Stream = Box<dyn Duplex>;
