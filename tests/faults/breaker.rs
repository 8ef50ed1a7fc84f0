//! A proxy on loopback that counts the packets of a run and stops at one of them.
//!
//! At the packet it was told it holds everything, both ways, on all connections, so that whoever
//! drives it can cut the connection, or kill the client or the server, in exactly that state.

use crate::wire::{Framing, Protocol, Way};
use std::{
    fmt,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{oneshot, watch},
};

/// On which side of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// The packet never arrives.
    Before,
    /// The packet is the last that arrives.
    After,
}

/// A place in a run: connections and packets are counted from 0, packets by direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub connection: usize,
    pub way: Way,
    pub packet: usize,
    pub moment: Moment,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = match self.moment {
            Moment::Before => "before",
            Moment::After => "after",
        };
        let whose = match self.way {
            Way::ToServer => "the client's",
            Way::ToClient => "the server's",
        };
        let (packet, connection) = (self.packet + 1, self.connection + 1);
        write!(
            f,
            "{moment} {whose} packet {packet} of connection {connection}"
        )
    }
}

/// A packet that came by.
#[derive(Debug, Clone)]
pub struct Seen {
    pub connection: usize,
    pub way: Way,
    pub packet: usize,
    /// What a client's packet asks.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Flowing,
    Held,
    Cut,
}

struct Order {
    point: Point,
    reached: oneshot::Sender<()>,
    release: oneshot::Receiver<oneshot::Sender<()>>,
}

struct Shared {
    protocol: Protocol,
    server: u16,
    phase: watch::Sender<Phase>,
    order: Mutex<Option<Order>>,
    seen: Mutex<Vec<Seen>>,
}

/// The proxy; everything through it ends when it is cut or dropped.
pub struct Breaker {
    pub port: u16,
    shared: Arc<Shared>,
}

/// An order to stop at a point.
pub struct Strike {
    reached: oneshot::Receiver<()>,
    release: oneshot::Sender<oneshot::Sender<()>>,
}

impl Strike {
    /// Waits until the run is there. Nothing moves from then on.
    pub async fn reached(&mut self) {
        if (&mut self.reached).await.is_err() {
            // Never reached: the proxy is gone. Whoever waits also watches the run's end.
            std::future::pending::<()>().await;
        }
    }

    /// Lets the packet pass if the point is after it; everything else stays held.
    pub async fn release(self) {
        let (done, passed) = oneshot::channel();
        if self.release.send(done).is_ok() {
            passed.await.unwrap_or_default();
        }
    }
}

impl Breaker {
    /// In front of a server's port on this machine.
    pub async fn start(protocol: Protocol, server: u16) -> Breaker {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            protocol,
            server,
            phase: watch::Sender::new(Phase::Flowing),
            order: Mutex::new(None),
            seen: Mutex::new(Vec::new()),
        });
        tokio::spawn(accept(listener, shared.clone()));
        Breaker { port, shared }
    }

    /// Stops at that point.
    pub fn strike_at(&self, point: Point) -> Strike {
        let (reached, arrival) = oneshot::channel();
        let (go, release) = oneshot::channel();
        *self.shared.order.lock().expect("the order") = Some(Order {
            point,
            reached,
            release,
        });
        Strike {
            reached: arrival,
            release: go,
        }
    }

    /// Ends every connection and takes no further one.
    pub fn cut(&self) {
        self.shared.phase.send_replace(Phase::Cut);
    }

    /// Every packet so far, in the order in which they came by.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("what was seen").clone()
    }
}

impl Drop for Breaker {
    fn drop(&mut self) {
        self.cut();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connection = 0;
    loop {
        let client = tokio::select! {
            accepted = listener.accept() => accepted.expect("a connection").0,
            () = shared.is(Phase::Cut) => return,
        };
        // A server that is down: the client's connection ends at once.
        if let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.server)).await {
            tokio::spawn(carry(client, server, connection, shared.clone()));
        }
        connection += 1;
    }
}

async fn carry(client: TcpStream, server: TcpStream, connection: usize, shared: Arc<Shared>) {
    for stream in [&client, &server] {
        stream.set_nodelay(true).expect("no delay");
    }
    let (client_in, client_out) = client.into_split();
    let (server_in, server_out) = server.into_split();
    let one = |way| Pump {
        shared: shared.clone(),
        connection,
        way,
        packet: 0,
    };
    tokio::join!(
        one(Way::ToServer).run(client_in, server_out),
        one(Way::ToClient).run(server_in, client_out),
    );
}

/// One direction of one connection.
struct Pump {
    shared: Arc<Shared>,
    connection: usize,
    way: Way,
    packet: usize,
}

impl Pump {
    async fn run(mut self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let shared = self.shared.clone();
        tokio::select! {
            () = self.carry(&mut from, &mut to) => {}
            () = shared.is(Phase::Cut) => {}
        }
    }

    async fn carry(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) {
        let mut framing = Framing::new(self.shared.protocol, self.way);
        // A broken connection ends like one that was closed.
        while let Ok(Some(packet)) = framing.read(from).await {
            self.note(framing.text(&packet));
            if let Some(order) = self.order() {
                self.stop(order, &packet, to).await;
            }
            self.shared.is(Phase::Flowing).await;
            if to.write_all(&packet).await.is_err() {
                break;
            }
            self.packet += 1;
        }
        // The end of one side passes to the other, but not out of a held state.
        self.shared.is(Phase::Flowing).await;
        to.shutdown().await.unwrap_or_default();
    }

    fn note(&self, text: String) {
        self.shared.seen.lock().expect("what was seen").push(Seen {
            connection: self.connection,
            way: self.way,
            packet: self.packet,
            text,
        });
    }

    /// The order, if it is about the packet in hand.
    fn order(&self) -> Option<Order> {
        self.shared
            .order
            .lock()
            .expect("the order")
            .take_if(|order| {
                let point = order.point;
                (point.connection, point.way, point.packet)
                    == (self.connection, self.way, self.packet)
            })
    }

    /// Holds everything; on release lets the packet pass where the point is after it.
    async fn stop(&self, order: Order, packet: &[u8], to: &mut (impl AsyncWrite + Unpin)) {
        self.shared.phase.send_replace(Phase::Held);
        if order.reached.send(()).is_ok()
            && let Ok(done) = order.release.await
        {
            if order.point.moment == Moment::After {
                // A client that has gone does not take it; then it has not arrived, which is a state too.
                to.write_all(packet).await.unwrap_or_default();
            }
            done.send(()).unwrap_or_default();
        }
        std::future::pending().await
    }
}

impl Shared {
    /// Waits for a phase.
    async fn is(&self, phase: Phase) {
        let mut watched = self.phase.subscribe();
        // The sender lives as long as `self`.
        watched
            .wait_for(|now| *now == phase)
            .await
            .map(drop)
            .unwrap_or_default();
    }
}
