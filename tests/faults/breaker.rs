//! A proxy on loopback that counts the packets of a run and stops at one of them.
//!
//! At the packet it was told it holds everything, both ways, on all connections, so that whoever
//! drives it can, in exactly that state, cut the connection, kill the client or the server, let
//! everything flow on, or lose every further packet while both sides' connections stay open.

use crate::{
    spot::{Ahead, Moment, Spot},
    wire::{Framing, Protocol, Way},
};
use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{oneshot, watch},
};

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
    /// Packets are taken and go nowhere; neither side learns of the other's end.
    Losing,
    Cut,
}

struct Order {
    ahead: Ahead,
    reached: oneshot::Sender<()>,
    release: oneshot::Receiver<oneshot::Sender<()>>,
}

struct Shared {
    protocol: Protocol,
    server: u16,
    phase: watch::Sender<Phase>,
    order: Mutex<Option<Order>>,
    seen: Mutex<Vec<Seen>>,
    /// How many of them are the client's.
    turns: AtomicUsize,
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
            turns: AtomicUsize::new(0),
        });
        tokio::spawn(accept(listener, shared.clone()));
        Breaker { port, shared }
    }

    /// Stops at that spot.
    pub fn strike_at(&self, spot: Spot) -> Strike {
        let (reached, arrival) = oneshot::channel();
        let (go, release) = oneshot::channel();
        *self.shared.order.lock().expect("the order") = Some(Order {
            ahead: Ahead::from(spot),
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

    /// Lets everything that was held flow on.
    pub fn flow(&self) {
        self.shared.phase.send_replace(Phase::Flowing);
    }

    /// Loses what is held and every further packet, both ways.
    pub fn lose(&self) {
        self.shared.phase.send_replace(Phase::Losing);
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
            let passed = match self.order(framing.text(&packet)) {
                Some((order, moment)) => self.stop(order, moment, &packet, to).await,
                None => false,
            };
            self.packet += 1;
            let lost = self.shared.when(|phase| phase != Phase::Held).await == Phase::Losing;
            if !passed && !lost && to.write_all(&packet).await.is_err() {
                break;
            }
        }
        // The end of one side passes to the other, but not out of a held or lossy state.
        self.shared.is(Phase::Flowing).await;
        to.shutdown().await.unwrap_or_default();
    }

    /// Notes the packet in hand; the order, if it is about this one.
    fn order(&self, text: String) -> Option<(Order, Moment)> {
        let packet = Seen {
            connection: self.connection,
            way: self.way,
            packet: self.packet,
            text,
        };
        let turn =
            (self.way == Way::ToServer).then(|| self.shared.turns.fetch_add(1, Ordering::Relaxed));
        let mut order = self.shared.order.lock().expect("the order");
        let moment = order
            .as_mut()
            .and_then(|order| order.ahead.is_at(&packet, turn));
        self.shared.seen.lock().expect("what was seen").push(packet);
        moment.and_then(|moment| order.take().map(|order| (order, moment)))
    }

    /// Holds everything; on release lets the packet pass where the moment is after it, and tells
    /// whether it did.
    async fn stop(
        &self,
        order: Order,
        moment: Moment,
        packet: &[u8],
        to: &mut (impl AsyncWrite + Unpin),
    ) -> bool {
        self.shared.phase.send_replace(Phase::Held);
        if order.reached.send(()).is_ok()
            && let Ok(done) = order.release.await
        {
            let passes = moment == Moment::After;
            if passes {
                // A client that has gone does not take it; then it has not arrived, which is a state too.
                to.write_all(packet).await.unwrap_or_default();
            }
            done.send(()).unwrap_or_default();
            return passes;
        }
        std::future::pending().await
    }
}

impl Shared {
    /// Waits for a phase.
    async fn is(&self, phase: Phase) {
        self.when(|now| now == phase).await;
    }

    /// Waits until the phase is such, and tells it.
    async fn when(&self, such: impl Fn(Phase) -> bool) -> Phase {
        let mut watched = self.phase.subscribe();
        // The sender lives as long as `self`.
        let now = watched.wait_for(|now| such(*now)).await;
        now.map_or(Phase::Cut, |now| *now)
    }
}
