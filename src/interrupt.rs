//! Has somebody asked the process to stop? Heard on a thread of its own, from the very start, so also while
//! everything else computes and no future is polled.
//!
//! Whoever works with servers listens (`Signals`) and gets the signal first: it cancels, records and
//! gives back the lock. Where nobody listens, or whoever does is computing and no server is at work for
//! us, this thread says what the shell learns and ends the process; a lock goes with its session. The
//! second signal always ends it.

use crate::outcome::{Exit, Failure};
use anyhow::{Context, Result};
use std::{
    process,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// How long a listener may take to hear a signal before it counts as computing.
const GRACE: Duration = Duration::from_millis(300);

/// How long the process may go on after a second signal, to say its last words.
const LAST: Duration = Duration::from_secs(2);

/// How a stage of the work is told when a signal ends it.
type Words = fn(Exit) -> Failure;

/// Writes the last words and returns the exit code.
type Writer = Box<dyn Fn(&Failure) -> u8 + Send>;

static BELL: Mutex<Option<watch::Sender<Rung>>> = Mutex::new(None);
static TAKEN: AtomicU32 = AtomicU32::new(0);
static LISTENERS: AtomicUsize = AtomicUsize::new(0);
static BUSY: AtomicUsize = AtomicUsize::new(0);
static STAGE: Mutex<Option<Words>> = Mutex::new(None);

/// How often a signal came, and which came last.
#[derive(Clone, Copy)]
struct Rung {
    count: u32,
    exit: Exit,
}

/// From now on both signals are heard. `writer` says last words where no other thread can.
///
/// # Errors
/// The process can have no further thread, or no handler.
pub fn watch(writer: impl Fn(&Failure) -> u8 + Send + 'static) -> Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("listening for signals")?;
    let hearing = {
        let _inside = runtime.enter();
        let one = |kind| signal(kind).context("listening for signals");
        (one(SignalKind::interrupt())?, one(SignalKind::terminate())?)
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || hear(&runtime, hearing, &(Box::new(writer) as Writer)))
        .context("listening for signals")?;
    Ok(())
}

fn hear(runtime: &runtime::Runtime, (mut int, mut term): (Signal, Signal), writer: &Writer) {
    for count in 1.. {
        let exit = runtime.block_on(async {
            tokio::select! {
                _ = int.recv() => Exit::Interrupted,
                _ = term.recv() => Exit::Terminated,
            }
        });
        bell().send_modify(|rung| *rung = Rung { count, exit });
        let is_taken = is_heard(count);
        if count > 1 {
            if is_taken {
                // Its own last words, but no waiting for a server.
                thread::sleep(LAST);
            }
            end(&second(exit), writer);
        }
        if !is_taken && BUSY.load(SeqCst) == 0 {
            let words = *STAGE.lock().unwrap_or_else(PoisonError::into_inner);
            end(&words.unwrap_or(plain)(exit), writer);
        }
    }
}

/// Does a listener take the signal in time?
fn is_heard(count: u32) -> bool {
    let since = Instant::now();
    while LISTENERS.load(SeqCst) > 0 && since.elapsed() < GRACE {
        if TAKEN.load(SeqCst) >= count {
            return true;
        }
        thread::sleep(Duration::from_millis(5));
    }
    TAKEN.load(SeqCst) >= count
}

fn end(failure: &Failure, writer: &Writer) -> ! {
    let code = failure.exit.code();
    // Whoever reads our output may have stopped reading: that must not keep the process.
    thread::spawn(move || {
        thread::sleep(LAST);
        process::exit(i32::from(code))
    });
    process::exit(i32::from(writer(failure)))
}

fn plain(exit: Exit) -> Failure {
    Failure::new(exit, "stopped by a signal")
}

/// The second signal, which the servers had no time for.
pub fn second(exit: Exit) -> Failure {
    Failure::new(
        exit,
        "stopped by a second signal before the servers had answered the first; how far they are is not known here",
    )
    .remedy("see what is in the databases: sgmp-db status; go on with: sgmp-db upgrade")
}

fn bell() -> watch::Sender<Rung> {
    let mut bell = BELL.lock().unwrap_or_else(PoisonError::into_inner);
    let none = Rung {
        count: 0,
        exit: Exit::Interrupted,
    };
    bell.get_or_insert_with(|| watch::channel(none).0).clone()
}

/// Somebody who can act on a signal.
pub struct Signals {
    rung: watch::Receiver<Rung>,
    taken: u32,
}

impl Signals {
    /// From now on the next signal is ours.
    pub fn listen() -> Signals {
        let rung = bell().subscribe();
        let taken = rung.borrow().count;
        LISTENERS.fetch_add(1, SeqCst);
        Signals { rung, taken }
    }

    /// Waits for the next one; cancel-safe.
    pub async fn next(&mut self) -> Exit {
        let taken = self.taken;
        match self.rung.wait_for(|rung| rung.count > taken).await {
            Ok(rung) => {
                self.taken = rung.count;
                TAKEN.fetch_max(rung.count, SeqCst);
                rung.exit
            }
            // The bell lives as long as the process.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        LISTENERS.fetch_sub(1, SeqCst);
    }
}

/// A server is at work for us, or something must be cleared away: the first signal waits for its listener.
pub struct Busy;

impl Busy {
    /// Until it is dropped.
    pub fn begin() -> Busy {
        BUSY.fetch_add(1, SeqCst);
        Busy
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        BUSY.fetch_sub(1, SeqCst);
    }
}

/// How a signal is told from here on that comes while we compute; until it is dropped.
pub struct Stage(Option<Words>);

impl Stage {
    /// Enters it.
    pub fn enter(words: Words) -> Stage {
        let mut stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
        Stage(stage.replace(words))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        *STAGE.lock().unwrap_or_else(PoisonError::into_inner) = self.0;
    }
}
