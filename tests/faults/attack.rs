//! Interrupting runs: several at once, each at its own point, struck together once all are there.

use crate::{
    breaker::{Breaker, Strike},
    route::Stop,
    subject::Subject,
    support::{Run, binary::finish},
    victim::Database,
};
use futures_util::future::join_all;
use std::{fmt, time::Duration};
use tokio::process::Child;

/// What interrupts a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Cut,
    KillTool,
    KillServer,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Cut, Kind::KillTool, Kind::KillServer];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Cut => "connection cut",
            Kind::KillTool => "tool killed",
            Kind::KillServer => "server killed",
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

/// A run on its way to a point.
pub struct Attack {
    breaker: Breaker,
    strike: Option<Strike>,
    child: Child,
}

impl Attack {
    /// Starts `upgrade` through a proxy and waits until it is at the point, or has ended without
    /// coming by.
    pub async fn begin(subject: &Subject, database: &Database, stop: &Stop) -> Attack {
        let breaker = Breaker::start(subject.protocol, subject.victim.server.port).await;
        let mut strike = breaker.strike_at(stop.point);
        let mut child = subject
            .sgmp(database, breaker.port)
            .spawn(&subject.upgrade());
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
            child,
        }
    }

    /// Did it come to the point?
    pub fn is_there(&self) -> bool {
        self.strike.is_some()
    }

    async fn release(&mut self) {
        if let Some(strike) = self.strike.take() {
            strike.release().await;
        }
    }

    async fn kill(&mut self) {
        self.child.start_kill().expect("the tool can be killed");
        self.child.wait().await.expect("the tool is gone");
    }

    async fn end(self) -> Run {
        self.breaker.cut();
        let run = finish(self.child).await;
        drop(self.breaker);
        run
    }
}

/// Strikes all at once.
pub async fn strike(subject: &Subject, blow: Blow, mut attacks: Vec<Attack>) -> Vec<Run> {
    let Blow { kind, pause } = blow;
    let killer = match kind {
        Kind::KillServer => Some(subject.victim.arm().await),
        Kind::Cut | Kind::KillTool => None,
    };
    join_all(attacks.iter_mut().map(Attack::release)).await;
    tokio::time::sleep(pause).await;
    if kind == Kind::KillTool {
        join_all(attacks.iter_mut().map(Attack::kill)).await;
    }
    if let Some(killer) = killer {
        killer.fire().await;
    }
    let runs = join_all(attacks.into_iter().map(Attack::end)).await;
    if kind == Kind::KillServer {
        subject.victim.wait().await;
    }
    runs
}
