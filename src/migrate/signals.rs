//! Ctrl-C and SIGTERM: the first stops the run on the server, the second ends the process at once.

use crate::outcome::Exit;
use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Both signals.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on both are ours.
    pub fn listen() -> Result<Signals> {
        let one = |kind| signal(kind).context("listening for signals");
        Ok(Signals {
            interrupt: one(SignalKind::interrupt())?,
            terminate: one(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one; cancel-safe.
    pub async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}
