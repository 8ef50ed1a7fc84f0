//! A link with a delay between a client and a server on this machine, which counts the turns.
//!
//! It runs on a thread of its own: a test that blocks does not stop it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    time::{Instant, sleep, sleep_until},
};

/// How long a byte is under way, each way.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    pub there: Duration,
    pub back: Duration,
}

impl Link {
    /// Half of the round trip's time each way.
    pub fn round_trip(time: Duration) -> Link {
        Link {
            there: time / 2,
            back: time / 2,
        }
    }

    fn both_ways(self) -> Duration {
        self.there + self.back
    }
}

/// Which way a piece of data went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

/// What one connection carried, in the order in which the client sent and received it.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Every piece with its way. A piece is what one `read` returned, not a protocol's packet.
    pub pieces: Vec<(Way, Vec<u8>)>,
}

impl Traffic {
    /// How many times the client had to wait for the server: one for TCP's handshake, and one for
    /// every time that the server speaks after the client, or first.
    pub fn turns(&self) -> usize {
        let mut last = Way::ToServer;
        let mut turns = 1;
        for (way, _) in &self.pieces {
            turns += usize::from(*way == Way::ToClient && last == Way::ToServer);
            last = *way;
        }
        turns
    }

    /// All that went that way.
    pub fn bytes(&self, way: Way) -> Vec<u8> {
        let pieces = self.pieces.iter().filter(|(went, _)| *went == way);
        pieces.flat_map(|(_, bytes)| bytes.clone()).collect()
    }
}

type Record = Arc<Mutex<Vec<Traffic>>>;

/// A running proxy; it ends when it is dropped.
pub struct Proxy {
    pub port: u16,
    record: Record,
    _stop: oneshot::Sender<()>,
}

impl Proxy {
    /// In front of a server's port on this machine.
    pub fn start(server: u16, link: Link) -> Proxy {
        Proxy::listening_on(0, server, link)
    }

    /// The same on a port that is known beforehand.
    pub fn listening_on(port: u16, server: u16, link: Link) -> Proxy {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a port");
        listener.set_nonblocking(true).expect("a quiet listener");
        let port = listener.local_addr().expect("an address").port();
        let record = Record::default();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = record.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("the listener");
                tokio::select! {
                    () = accept(listener, server, link, served) => {}
                    _ = stopped => {}
                }
            });
        });
        Proxy {
            port,
            record,
            _stop: stop,
        }
    }

    /// What each connection carried so far, in the order in which they came.
    pub fn connections(&self) -> Vec<Traffic> {
        self.record.lock().expect("the record").clone()
    }

    /// Forgets what was carried.
    pub fn forget(&self) {
        self.record.lock().expect("the record").clear();
    }
}

async fn accept(listener: TcpListener, server: u16, link: Link, record: Record) {
    loop {
        let (client, _) = listener.accept().await.expect("a connection");
        let slot = {
            let mut record = record.lock().expect("the record");
            record.push(Traffic::default());
            record.len() - 1
        };
        tokio::spawn(carry(
            client,
            server,
            link,
            Slot {
                record: record.clone(),
                slot,
            },
        ));
    }
}

/// Where one connection's traffic is written down.
#[derive(Clone)]
struct Slot {
    record: Record,
    slot: usize,
}

impl Slot {
    fn note(&self, way: Way, bytes: &[u8]) {
        // Absent when the record was forgotten while the connection lived.
        if let Some(traffic) = self.record.lock().expect("the record").get_mut(self.slot) {
            traffic.pieces.push((way, bytes.to_vec()));
        }
    }
}

async fn carry(client: TcpStream, server: u16, link: Link, slot: Slot) {
    // The kernel has shaken hands without delay; a far server would have taken a round trip, and
    // would have heard of the connection half a trip later.
    sleep(link.both_ways() + link.there).await;
    let Ok(server) = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, server))).await
    else {
        return;
    };
    client.set_nodelay(true).expect("no delay");
    server.set_nodelay(true).expect("no delay");
    let (client_in, client_out) = client.into_split();
    let (server_in, server_out) = server.into_split();
    let (up, down) = (slot.clone(), slot);
    tokio::join!(
        pump(
            client_in,
            server_out,
            link.there,
            move |bytes| up.note(Way::ToServer, bytes),
            |_| {}
        ),
        pump(
            server_in,
            client_out,
            link.back,
            |_| {},
            move |bytes| down.note(Way::ToClient, bytes)
        ),
    );
}

/// Carries one way. Told when a piece has come in and just before it goes out: the client's view is
/// the one for what it sends, the other for what it receives.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    delay: Duration,
    came: impl Fn(&[u8]),
    goes: impl Fn(&[u8]),
) {
    let (sender, mut pieces) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let read = async move {
        let mut buffer = vec![0; 1 << 16];
        // An error is the end of the connection like its regular end.
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            came(&buffer[..length]);
            let piece = (Instant::now() + delay, buffer[..length].to_vec());
            if sender.send(piece).is_err() {
                return;
            }
        }
    };
    let write = async move {
        while let Some((due, piece)) = pieces.recv().await {
            sleep_until(due).await;
            goes(&piece);
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
        sleep(delay).await;
        to.shutdown().await.unwrap_or_default();
    };
    tokio::join!(read, write);
}
