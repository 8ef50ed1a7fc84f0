//! A tunnel of our own: one OpenSSH client of this machine for both databases.
//!
//! Agents, hardware keys, certificates, jump hosts and known_hosts work as the user set them up, because it is the
//! user's ssh. The near ends are Unix sockets in a private directory, so nobody else on this machine can use them.

mod child;
mod command;
mod ended;
mod host_key;
mod key;
mod lines;
mod login;
mod refused;

use super::{failure, stream::Stream};
use crate::{
    config::{Bastion, Endpoint},
    outcome::Failure,
};
use anyhow::{Context, Error, Result};
use child::Ssh;
use command::Manner;
use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{net::UnixStream, sync::Mutex};

/// How often to look whether the sockets are there.
const LOOK: Duration = Duration::from_millis(5);

/// How long ssh may take to write down why it closed a connection, or to end after its own was lost.
const WORDS: Duration = Duration::from_millis(300);

/// Longer, and a socket's path may not fit (unix(7): 108 bytes; macOS: 104).
const LONGEST_DIRECTORY: usize = 60;

/// What a tunnel is to be.
pub struct TunnelPlan {
    pub bastion: Bastion,
    /// Where it leads.
    pub endpoints: Vec<Endpoint>,
    /// May ssh ask for a passphrase? Else it fails where it would.
    pub interactive: bool,
    /// The command that was typed, with `--accept-new-host-key`.
    pub accepting: String,
}

/// The tunnel. Whoever needs a connection when ssh is gone starts it anew.
pub struct Tunnel {
    plan: TunnelPlan,
    program: PathBuf,
    started: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ssh: Option<Arc<Ssh>>,
    /// Why the last start failed.
    failed: Option<Reason>,
    /// A key that was accepted, and how one that had been there ended.
    notes: Vec<String>,
}

/// A failure, and whether the same may succeed in a while.
#[derive(Debug, Clone)]
pub struct Reason {
    pub failure: Failure,
    pub passing: bool,
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Error {
        match reason.passing {
            true => failure::passing(reason.failure),
            false => reason.failure.into(),
        }
    }
}

impl Tunnel {
    /// Looks at what is given; nothing is started yet.
    ///
    /// # Errors
    /// Exit 2: no ssh on this machine, no such key, or a database without a name.
    pub fn new(plan: TunnelPlan) -> Result<Tunnel, Failure> {
        key::usable(&plan.bastion)?;
        for endpoint in &plan.endpoints {
            if plan.bastion.unnamed.contains(&endpoint.target) {
                return Err(unnamed(endpoint));
            }
        }
        Ok(Tunnel {
            program: program(std::env::var_os("PATH").as_deref())?,
            plan,
            started: AtomicU64::new(0),
            state: Mutex::new(State::default()),
        })
    }

    /// Starts ssh where it does not run, and waits until its sockets are there. Of several that wait for the same
    /// start all get what became of it.
    ///
    /// # Errors
    /// Why there is no tunnel, with ssh's words.
    pub async fn prepare(&self, timeout: Duration) -> Result<()> {
        let seen = self.started.load(SeqCst);
        let mut state = self.state.lock().await;
        if state.ssh.as_ref().is_some_and(|ssh| ssh.status().is_none()) {
            return Ok(());
        }
        if self.started.load(SeqCst) > seen
            && let Some(reason) = &state.failed
        {
            return Err(reason.clone().into());
        }
        state.failed = None;
        if let Some(ssh) = state.ssh.take() {
            state.notes.push(self.ended(&ssh, true).failure.message);
        }
        let begun = self.start(timeout).await;
        self.started.fetch_add(1, SeqCst);
        match begun? {
            Ok(ssh) => {
                state.notes.extend(self.accepted(&ssh));
                state.ssh = Some(Arc::new(ssh));
            }
            Err(reason) => {
                state.failed = Some(reason.clone());
                return Err(reason.into());
            }
        }
        Ok(())
    }

    /// Opens a connection to that database.
    ///
    /// # Errors
    /// ssh is gone.
    pub async fn open(&self, endpoint: &Endpoint) -> Result<Stream> {
        let gone = || self.gone(endpoint, "there is no tunnel");
        let ssh = self.state.lock().await.ssh.clone().ok_or_else(gone)?;
        let path = ssh.directory().join(command::socket(endpoint.target));
        loop {
            match UnixStream::connect(&path).await {
                Ok(stream) => return Ok(Box::new(stream)),
                // The file is there a moment before anybody listens.
                Err(error)
                    if error.kind() == io::ErrorKind::ConnectionRefused
                        && ssh.status().is_none() =>
                {
                    tokio::time::sleep(LOOK).await;
                }
                Err(error) => {
                    let reason = ssh.status().map(|_| self.ended(&ssh, true).into());
                    return Err(reason.unwrap_or_else(|| self.gone(endpoint, &error.to_string())));
                }
            }
        }
    }

    /// Why a connection to that database failed, where ssh said something about it.
    pub async fn explain(&self, endpoint: &Endpoint) -> Option<Error> {
        let ssh = self.state.lock().await.ssh.clone()?;
        let deadline = tokio::time::Instant::now() + WORDS;
        loop {
            let refused = ssh.lines().take_refused(&endpoint.host, endpoint.port);
            if let Some(refused) = refused {
                let reason = refused::explain(&self.plan.bastion, endpoint, &refused.words);
                return Some(reason.into());
            }
            if ssh.status().is_some() {
                return Some(self.ended(&ssh, true).into());
            }
            if tokio::time::Instant::now() >= deadline {
                return None;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends ssh; what is worth a note: a key that was accepted, and what ssh said where it had ended by itself. After a
    /// failure it may just be about to.
    pub async fn close(&self, failed: bool) -> Vec<String> {
        let mut state = self.state.lock().await;
        if let Some(ssh) = state.ssh.take() {
            if failed {
                drop(tokio::time::timeout(WORDS, ssh.ended()).await);
            }
            if ssh.status().is_some() {
                state.notes.push(self.ended(&ssh, true).failure.message);
            }
            if let Ok(ssh) = Arc::try_unwrap(ssh) {
                ssh.end().await;
            }
        }
        std::mem::take(&mut state.notes)
    }

    fn accepted(&self, ssh: &Ssh) -> Option<String> {
        let lines = ssh.lines();
        let added = |line: &String| line.starts_with("Warning: Permanently added ");
        let via = &self.plan.bastion.typed;
        lines.kept.iter().any(added).then(|| {
            let key = lines.host_key.as_deref().unwrap_or_default();
            format!("this machine trusts the bastion {via} from now on, by its key {key}")
        })
    }

    async fn start(&self, timeout: Duration) -> Result<Result<Ssh, Reason>> {
        let manner = Manner {
            timeout,
            interactive: self.plan.interactive,
            knows_fork: true,
        };
        match self.attempt(manner).await? {
            Err(Attempt::OldClient) => {
                let manner = Manner {
                    knows_fork: false,
                    ..manner
                };
                Ok(self.attempt(manner).await?.map_err(Attempt::reason))
            }
            other => Ok(other.map_err(Attempt::reason)),
        }
    }

    async fn attempt(&self, manner: Manner) -> Result<Result<Ssh, Attempt>> {
        let directory = directory()?;
        let TunnelPlan {
            bastion, endpoints, ..
        } = &self.plan;
        let arguments = command::arguments(bastion, endpoints, directory.path(), manner);
        let ssh = Ssh::start(&self.program, &arguments, directory)?;
        let sockets: Vec<PathBuf> = endpoints
            .iter()
            .map(|endpoint| ssh.directory().join(command::socket(endpoint.target)))
            .collect();
        // ssh has its own limit for the first part. A person who types a passphrase has time.
        let limit = manner.timeout + Duration::from_secs(1);
        let begun = tokio::time::Instant::now();
        while !sockets.iter().all(|socket| socket.exists()) {
            tokio::select! {
                _ = ssh.ended() => {
                    let old = ended::is_old_client(&ssh.lines());
                    let reason = self.ended(&ssh, false);
                    return Ok(Err(if old { Attempt::OldClient } else { Attempt::Failed(reason) }));
                }
                () = tokio::time::sleep(LOOK) => {}
            }
            if !manner.interactive && begun.elapsed() > limit {
                let reason = ended::too_slow(bastion, manner.timeout);
                ssh.end().await;
                return Ok(Err(Attempt::Failed(reason)));
            }
        }
        Ok(Ok(ssh))
    }

    fn ended(&self, ssh: &Ssh, was_there: bool) -> Reason {
        let lines = ssh.lines();
        ended::explain(&ended::End {
            bastion: &self.plan.bastion,
            accepting: &self.plan.accepting,
            lines: &lines,
            status: ssh.status().unwrap_or_default(),
            was_there,
        })
    }

    fn gone(&self, endpoint: &Endpoint, why: &str) -> Error {
        let via = &self.plan.bastion.typed;
        let to = failure::address(endpoint);
        failure::passing(
            Failure::failed(format!(
                "{to} cannot be reached through the bastion {via}: {why}"
            ))
            .on(endpoint.target)
            .remedy("see whether the bastion is up, then type the command again"),
        )
    }
}

/// How a start failed.
enum Attempt {
    /// It does not know a keyword of ours.
    OldClient,
    Failed(Reason),
}

impl Attempt {
    fn reason(self) -> Reason {
        match self {
            Attempt::Failed(reason) => reason,
            Attempt::OldClient => Reason {
                failure: Failure::usage("this machine's ssh is too old"),
                passing: false,
            },
        }
    }
}

/// A private directory whose path is short and has nothing that ssh would read as something else.
fn directory() -> Result<TempDir> {
    let plain = |path: &Path| {
        let fits = path.as_os_str().len() <= LONGEST_DIRECTORY;
        let text = path.to_str();
        fits && text.is_some_and(|text| {
            text.chars()
                .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
        })
    };
    let own = std::env::temp_dir();
    let parent = if plain(&own) {
        own
    } else {
        PathBuf::from("/tmp")
    };
    // tempfile makes it with mode 0700.
    tempfile::Builder::new()
        .prefix("sgmp-db-")
        .tempdir_in(&parent)
        .with_context(|| format!("making a private directory in {}", parent.display()))
}

/// ssh, as a shell would find it.
fn program(path: Option<&std::ffi::OsStr>) -> Result<PathBuf, Failure> {
    let folders = path.map(std::env::split_paths).into_iter().flatten();
    let mut candidates = folders.map(|folder| folder.join("ssh"));
    candidates.find(|file| file.is_file()).ok_or_else(|| {
        Failure::usage("--bastion needs OpenSSH's client, and there is no ssh on the PATH of this machine").remedy(
            "install it (Debian and Ubuntu: apt-get install openssh-client); or open a tunnel by other means, and leave --bastion out",
        )
    })
}

fn unnamed(endpoint: &Endpoint) -> Failure {
    let target = endpoint.target;
    Failure::usage("which server is meant behind the bastion is not said")
        .on(target)
        .remedy(format!(
            "name it as the bastion knows it: --{target}-host HOST"
        ))
}
