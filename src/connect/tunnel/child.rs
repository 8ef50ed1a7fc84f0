//! The ssh process: started, listened to, ended. It never outlives us, however we end.
//!
//! Between us and it stands a shell that reads a pipe of ours. When we are gone, killed or not, the kernel closes the
//! pipe, and the shell kills ssh and removes the directory. Nothing else does both, on Linux and macOS alike, without
//! `unsafe`: a parent-death signal is Linux's only and is set between fork and exec.
//!
//! Signals that go to the whole group, as Ctrl-C does, are for us: ssh must live until a statement is cancelled on the
//! server. What a shell ignores its children ignore, and ssh keeps it so (clientloop.c, `client_loop`).

use super::lines::Lines;
use crate::config::KNOWN;
use anyhow::{Context, Result};
use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::watch,
};

/// `$1` is the directory of the sockets, the rest is ssh's. Descriptor 3 is the pipe; ssh has no part in it.
const KEEPER: &str = r#"
trap '' HUP INT QUIT TERM
directory=$1
shift
exec 3<&0 </dev/null
"$@" 3<&- &
ssh=$!
{ read -r nothing <&3; rm -rf -- "$directory"; kill -9 "$ssh"; } 2>/dev/null &
keeper=$!
exec 3<&-
wait "$ssh"
status=$?
kill -9 "$keeper"
rm -rf -- "$directory"
exit "$status"
"#;

/// How long a killed ssh may take to be gone.
const GONE: Duration = Duration::from_secs(2);

/// A running ssh, or one that has ended.
pub struct Ssh {
    /// Closed, it ends ssh.
    _lifeline: ChildStdin,
    lines: Arc<Mutex<Lines>>,
    ended: watch::Receiver<Option<ExitStatus>>,
    directory: TempDir,
}

impl Ssh {
    /// Starts it with the arguments made for that directory.
    ///
    /// # Errors
    /// No process can be started.
    pub fn start(program: &Path, arguments: &[String], directory: TempDir) -> Result<Ssh> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "sgmp-db"])
            .arg(directory.path())
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        for name in secrets() {
            command.env_remove(name);
        }
        let mut child = command.spawn().context("starting ssh")?;
        let lifeline = child.stdin.take().context("the pipe to ssh")?;
        let lines = Arc::new(Mutex::new(Lines::default()));
        let (tell, ended) = watch::channel(None);
        tokio::spawn(listen(child, lines.clone(), tell));
        Ok(Ssh {
            _lifeline: lifeline,
            lines,
            ended,
            directory,
        })
    }

    /// Where its sockets are.
    pub fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// What it said so far.
    pub fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it ended, if it has.
    pub fn status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Waits for its end.
    pub async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        let status = ended.wait_for(Option::is_some).await.map(|found| *found);
        // Whoever listens to it tells how it ended before it stops listening.
        status.ok().flatten().unwrap_or_default()
    }

    /// Ends it, and waits until it is gone.
    pub async fn end(self) {
        let Ssh {
            _lifeline,
            mut ended,
            directory,
            ..
        } = self;
        drop(_lifeline);
        let gone = ended.wait_for(Option::is_some);
        drop(tokio::time::timeout(GONE, gone).await);
        drop(directory);
    }
}

/// Variables that hold passwords, which are none of ssh's business. Those of AWS stay: a ProxyCommand may need them.
fn secrets() -> impl Iterator<Item = &'static str> {
    let settings = KNOWN.into_iter().filter(|known| known.flag.is_none());
    settings
        .map(|known| known.variable)
        .filter(|name| !name.starts_with("AWS_"))
}

async fn listen(
    mut child: Child,
    lines: Arc<Mutex<Lines>>,
    tell: watch::Sender<Option<ExitStatus>>,
) {
    if let Some(stderr) = child.stderr.take() {
        let mut stderr = BufReader::new(stderr);
        let mut line = Vec::new();
        // A line need not be UTF-8: a banner is whatever the bastion says.
        while matches!(stderr.read_until(b'\n', &mut line).await, Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line);
            lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(&text);
            line.clear();
        }
    }
    let status = child.wait().await.unwrap_or_default();
    tell.send_replace(Some(status));
}
