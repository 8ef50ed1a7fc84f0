//! A PostgreSQL session's questions: each is asked under our settings, whoever else has the session.

use super::pg_pins;
use futures_util::future;
use std::{
    cell::{Cell, RefCell},
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio_postgres::{
    CancelToken, Client, Error, SimpleQueryMessage,
    tls::{ChannelBinding, TlsConnect, TlsStream},
};

/// Whose session answers, and how is it set?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// By the options of the login.
    Own,
    /// A pooler stands between, which may give each transaction to another session, and the same
    /// session to others: each message sets what it needs, for its transaction.
    Shared,
    /// A pooler stands between, and the session is ours until we go.
    Kept,
}

/// A session.
pub struct PgClient {
    client: Client,
    /// The number of the process that serves us, as the login was told.
    process: i32,
    state: Cell<State>,
    /// What goes beside the first message.
    opening: RefCell<Option<String>>,
}

impl PgClient {
    /// The session of a login that took our options, or of one that took none.
    pub(super) fn new(client: Client, process: i32, took_options: bool) -> PgClient {
        let (state, opening) = if took_options {
            (State::Own, Some(pg_pins::opening(process)))
        } else {
            (State::Shared, None)
        };
        PgClient {
            client,
            process,
            state: Cell::new(state),
            opening: RefCell::new(opening),
        }
    }

    /// Sends one message of one or many statements.
    ///
    /// # Errors
    /// The server's, or the connection's.
    pub async fn simple_query(&self, text: &str) -> Result<Vec<SimpleQueryMessage>, Error> {
        let opening = self.opening.borrow_mut().take();
        if let Some(opening) = opening {
            // Both are sent before either is answered.
            let (opened, answer) = future::join(
                self.client.simple_query(&opening),
                self.client.simple_query(text),
            )
            .await;
            opened?;
            return answer;
        }
        if self.state.get() != State::Shared || ends_transaction(text) {
            return self.client.simple_query(text).await;
        }
        let settings = pg_pins::local();
        let message = format!("{};\n{text}", settings.join("; "));
        let mut answer = self.client.simple_query(&message).await?;
        // Each setting is one of the answer's ends.
        let mut ends = 0;
        answer.retain(|message| {
            let is_end = matches!(message, SimpleQueryMessage::CommandComplete(_));
            ends += usize::from(is_end);
            ends > settings.len() || !is_end
        });
        Ok(answer)
    }

    /// The same, without the rows.
    ///
    /// # Errors
    /// The server's, or the connection's.
    pub async fn batch_execute(&self, text: &str) -> Result<(), Error> {
        self.simple_query(text).await.map(drop)
    }

    /// Does the answer of `pg_backend_pid()` come from the session that the login was told? A pooler
    /// invents the number, because it has to tell one before there is a session. PGlite, which has no
    /// processes, says 0.
    pub fn is_own(&self, process: i32) -> bool {
        process == self.process || process == 0
    }

    /// Does a pooler stand between here and the server?
    pub fn is_pooled(&self) -> bool {
        self.state.get() != State::Own
    }

    /// May a pooler give the session to others between two transactions, as far as is known?
    pub fn is_shared(&self) -> bool {
        self.state.get() == State::Shared
    }

    /// The session was found not to be the one that the login was told.
    pub fn share(&self) {
        self.state.set(State::Shared);
    }

    /// The pooler was found to keep the session: sets it for good, until `give_back`.
    ///
    /// # Errors
    /// The server's, or the connection's.
    pub async fn keep(&self) -> Result<(), Error> {
        self.state.set(State::Kept);
        self.client.batch_execute(&pg_pins::all()).await
    }

    /// Sets again what `RESET ALL` takes away.
    pub fn again(&self) -> String {
        match self.state.get() {
            State::Own => pg_pins::opening(self.process),
            State::Shared | State::Kept => pg_pins::all(),
        }
    }

    /// Takes back all that was set, and the lock with it, where the session goes on without us.
    ///
    /// # Errors
    /// The server's, or the connection's.
    pub async fn give_back(&self) -> Result<(), Error> {
        if self.state.get() != State::Kept {
            return Ok(());
        }
        // Of a transaction that failed; outside of one it is a warning.
        self.client.batch_execute("ROLLBACK").await?;
        self.client.batch_execute("DISCARD ALL").await
    }
}

/// In a transaction that failed the server takes these, and nothing in front of them.
fn ends_transaction(text: &str) -> bool {
    text == "COMMIT" || text.starts_with("ROLLBACK")
}

/// The number of the process that the login was told, which the driver keeps to itself but for the
/// cancel request: that is read, from a connection of ours instead of the server's.
///
/// # Errors
/// The driver writes no cancel request.
pub(super) async fn told_process(token: &CancelToken) -> io::Result<i32> {
    let (ours, mut end) = tokio::io::duplex(64);
    let written = async {
        token
            .cancel_query_raw(ours, Unencrypted)
            .await
            .map_err(io::Error::other)
    };
    let read = async {
        let mut first = [0; 8];
        end.read_exact(&mut first).await?;
        if i32::from_be_bytes([first[4], first[5], first[6], first[7]]) == SSL_REQUEST {
            end.write_all(b"S").await?;
            end.read_exact(&mut first).await?;
        }
        end.read_i32().await
    };
    let (_, process) = tokio::try_join!(written, read)?;
    Ok(process)
}

/// PostgreSQL documentation, 54.7: the code of SSLRequest.
const SSL_REQUEST: i32 = 80_877_103;

/// Takes the place of TLS on a connection that does not leave this process.
struct Unencrypted;

/// The stream as it is.
struct Plain(DuplexStream);

impl TlsConnect<DuplexStream> for Unencrypted {
    type Stream = Plain;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Plain>>;

    fn connect(self, stream: DuplexStream) -> Self::Future {
        std::future::ready(Ok(Plain(stream)))
    }
}

impl TlsStream for Plain {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Plain {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Plain {
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
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
