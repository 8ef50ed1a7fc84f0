//! A connection that is closed only after the other side has closed it.
//!
//! A cancel request has no answer but the end of its connection. PgBouncer 1.18 dies ("bad client state") of a client
//! that closes before the request is passed on; libpq waits for the end too.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stream; shutting it down reads it to its end. Whoever does so says how long that may take.
pub struct Lingering<S>(pub S);

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut bytes = [0; 64];
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.0).poll_read(context, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                // The end, however it came.
                Poll::Ready(_) => return Pin::new(&mut self.0).poll_shutdown(context),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn it_is_closed_after_the_other_side() {
        let (ours, mut theirs) = duplex(64);
        let mut ours = Lingering(ours);
        let closing = async {
            ours.write_all(b"cancel").await.unwrap();
            ours.shutdown().await.unwrap();
        };
        let serving = async {
            let mut asked = [0; 6];
            theirs.read_exact(&mut asked).await.unwrap();
            // Nothing has ended yet.
            let pause = std::time::Duration::from_millis(50);
            let end = tokio::time::timeout(pause, theirs.read(&mut asked)).await;
            assert!(end.is_err());
            drop(theirs);
        };
        tokio::join!(closing, serving);
    }
}
