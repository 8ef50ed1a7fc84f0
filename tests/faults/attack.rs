//! Interrupting runs: several at once, each at its own spot, struck together once all are there.

use crate::{
    breaker::{Breaker, Seen, Strike},
    spot::Spot,
    subject::Subject,
    support::{Run, binary::finish},
    victim::Database,
};
use futures_util::future::join_all;
use std::{
    fmt,
    time::{Duration, Instant},
};
use tokio::{process::Child, time::sleep};

/// How long everything stands still on a line that delays.
const DELAY: Duration = Duration::from_millis(300);

/// How long the tool sees nothing of what is dropped before it is killed.
const SILENCE: Duration = Duration::from_millis(100);

/// How much longer the server's side of a line that drops stays open.
const LINGERS: Duration = Duration::from_secs(2);

/// What interrupts a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Cut,
    KillTool,
    KillServer,
    /// Nothing moves for a while, then everything flows on: the run must notice nothing.
    Delay,
    /// Packets vanish both ways while both connections stay open. The tool is killed, and the
    /// server's session keeps its lock for a while.
    Drop,
    /// The client goes through a bastion, and its ssh is killed.
    KillSsh,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 6] = [
        Kind::Cut,
        Kind::KillTool,
        Kind::KillServer,
        Kind::Delay,
        Kind::Drop,
        Kind::KillSsh,
    ];

    /// In the full size it strikes at one of this many points.
    pub fn every(self) -> usize {
        match self {
            Kind::Cut | Kind::KillTool | Kind::KillServer | Kind::KillSsh => 1,
            Kind::Delay | Kind::Drop => 5,
        }
    }

    /// In one word, for a column.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Cut => "cut",
            Kind::KillTool => "tool",
            Kind::KillServer => "server",
            Kind::Delay => "delay",
            Kind::Drop => "drop",
            Kind::KillSsh => "ssh",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Cut => "connection cut",
            Kind::KillTool => "tool killed",
            Kind::KillServer => "server killed",
            Kind::Delay => "packets delayed",
            Kind::Drop => "packets dropped",
            Kind::KillSsh => "ssh killed",
        })
    }
}

/// How several runs are struck together.
#[derive(Debug, Clone, Copy)]
pub struct Blow {
    pub kind: Kind,
    /// Lets what the last packets asked for get under way.
    pub pause: Duration,
}

/// A run that was struck, or ended without coming by the spot.
pub struct Struck {
    pub there: bool,
    pub run: Run,
    /// What had come by.
    pub seen: Vec<Seen>,
    /// Until when the server's session lives on without its client.
    pub lingers: Option<Instant>,
}

/// A run on its way to a spot.
pub struct Attack {
    breaker: Breaker,
    strike: Option<Strike>,
    there: bool,
    child: Child,
}

impl Attack {
    /// Starts `upgrade` through a proxy and waits until it is at the spot, or has ended without
    /// coming by.
    pub async fn begin(
        subject: &Subject,
        database: &Database,
        (kind, spot): (Kind, Spot),
    ) -> Attack {
        let breaker = Breaker::start(subject.protocol, subject.victim.server.port).await;
        let mut strike = breaker.strike_at(spot);
        let mut sgmp = subject.sgmp(database, breaker.port);
        if kind == Kind::KillSsh {
            sgmp = subject.bastion.through(sgmp);
        }
        let mut child = sgmp.spawn(&subject.upgrade());
        let there = tokio::time::timeout(Duration::from_secs(120), async {
            tokio::select! {
                () = strike.reached() => true,
                _ = child.wait() => false,
            }
        });
        let there = there
            .await
            .expect("within two minutes it is there or has ended");
        Attack {
            breaker,
            strike: there.then_some(strike),
            there,
            child,
        }
    }

    async fn release(&mut self) {
        if let Some(strike) = self.strike.take() {
            strike.release().await;
        }
    }

    async fn kill(&mut self) {
        // One that has ended by itself has no number any more.
        if self.child.id().is_some() {
            self.child.start_kill().expect("the tool can be killed");
            self.child.wait().await.expect("the tool is gone");
        }
    }

    async fn end(mut self, subject: &Subject, kind: Kind) -> Struck {
        let seen = self.breaker.seen();
        let mut lingers = None;
        match kind {
            Kind::Cut | Kind::KillServer => self.breaker.cut(),
            Kind::KillTool => {
                self.kill().await;
                self.breaker.cut();
            }
            Kind::KillSsh => {
                let killed = subject.bastion.kills_clients_of(self.breaker.port);
                assert_eq!(
                    killed,
                    usize::from(self.there),
                    "one ssh, where the run is held"
                );
                self.breaker.cut();
            }
            Kind::Delay => {
                sleep(DELAY).await;
                self.breaker.flow();
            }
            Kind::Drop => {
                self.breaker.lose();
                sleep(SILENCE).await;
                self.kill().await;
                lingers = self.there.then(|| Instant::now() + LINGERS);
            }
        }
        let run = finish(self.child).await;
        let breaker = self.breaker;
        tokio::spawn(async move {
            if lingers.is_some() {
                sleep(LINGERS).await;
            }
            drop(breaker);
        });
        Struck {
            there: self.there,
            run,
            seen,
            lingers,
        }
    }
}

/// Strikes all at once.
pub async fn strike(subject: &Subject, blow: Blow, mut attacks: Vec<Attack>) -> Vec<Struck> {
    let Blow { kind, pause } = blow;
    let killer = match kind {
        Kind::KillServer => Some(subject.victim.arm().await),
        _ => None,
    };
    join_all(attacks.iter_mut().map(Attack::release)).await;
    sleep(pause).await;
    if let Some(killer) = killer {
        killer.fire().await;
    }
    let struck = join_all(attacks.into_iter().map(|attack| attack.end(subject, kind))).await;
    if kind == Kind::KillServer {
        subject.victim.wait().await;
    }
    struck
}
