//! A real OpenSSH server on loopback, with its own host key, one key that it lets in, and a configuration of the test's.
//!
//! The test listens and gives every connection to a `sshd -i`, so that the port is ours from the start and each
//! connection has a process that can be stopped and killed.

use super::Sgmp;
use std::{
    fs,
    os::{fd::OwnedFd, unix::process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

/// The bastion; gone when it is dropped.
pub struct Bastion {
    pub port: u16,
    address: &'static str,
    /// Keys, known_hosts, the server's configuration and log.
    pub directory: TempDir,
    serving: JoinHandle<()>,
    /// Those that were dropped are none.
    sessions: Arc<Mutex<Vec<Option<std::process::Child>>>>,
}

impl Bastion {
    /// One that forwards everything, with lines of sshd_config(5) that come first.
    pub async fn new(lines: &str) -> Bastion {
        Bastion::at("127.0.0.1", lines).await
    }

    /// The same on another address of this machine.
    pub async fn at(address: &'static str, lines: &str) -> Bastion {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        key(&at("host"), "");
        key(&at("id"), "");
        let configuration = format!(
            "{lines}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nAllowTcpForwarding yes\n",
            at("host").display(),
            at("id.pub").display()
        );
        fs::write(at("sshd_config"), configuration).expect("a configuration");
        let listener = TcpListener::bind((address, 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let known = format!(
            "[{address}]:{port} {}",
            fs::read_to_string(at("host.pub")).expect("a key")
        );
        fs::write(at("known_hosts"), known).expect("known hosts");
        let sessions = Arc::new(Mutex::new(Vec::new()));
        let serving = tokio::spawn(serve(
            listener,
            directory.path().to_owned(),
            sessions.clone(),
        ));
        Bastion {
            port,
            address,
            directory,
            serving,
            sessions,
        }
    }

    /// Whom it lets in.
    pub fn user() -> String {
        whoami::username().expect("a user")
    }

    /// As `--bastion` has it.
    pub fn name(&self) -> String {
        format!("{}@{}", Bastion::user(), self.host())
    }

    fn host(&self) -> String {
        match self.address.contains(':') {
            true => format!("[{}]:{}", self.address, self.port),
            false => format!("{}:{}", self.address, self.port),
        }
    }

    /// A file of its directory.
    pub fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// Calls that go through it.
    pub fn through(&self, sgmp: Sgmp) -> Sgmp {
        sgmp.with("SGMP_DB_BASTION", self.name())
            .with("SGMP_DB_IDENTITY", self.file("id"))
            .with("SGMP_DB_SSH_OPTION", self.options())
    }

    /// What keeps the user's own known_hosts out of it.
    pub fn options(&self) -> String {
        format!(
            "UserKnownHostsFile={}\nGlobalKnownHostsFile=/dev/null",
            self.file("known_hosts")
        )
    }

    /// The ssh clients that are connected to it, by process.
    pub fn clients(&self) -> Vec<u32> {
        self.clients_with("")
    }

    /// Kills those that lead to that port, and tells how many.
    pub fn kills_clients_of(&self, port: u16) -> usize {
        let clients = self.clients_with(&format!(":{port}\0"));
        clients.iter().for_each(|client| signal("KILL", *client));
        clients.len()
    }

    fn clients_with(&self, word: &str) -> Vec<u32> {
        let mark = self.file("known_hosts");
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").expect("/proc").flatten() {
            let Ok(process) = entry.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let mut words = command.split(|byte| *byte == 0);
            let is_ssh = words.next().is_some_and(|word| word.ends_with(b"/ssh"));
            let command = String::from_utf8_lossy(&command);
            if is_ssh && command.contains(&mark) && command.contains(word) {
                found.push(process);
            }
        }
        found
    }

    /// Its key is known at another port too, that of a link in front of it.
    pub fn is_known_at(&self, port: u16) {
        let known = fs::read_to_string(self.file("known_hosts")).expect("known hosts");
        let other = known.replace(&format!("]:{} ", self.port), &format!("]:{port} "));
        fs::write(self.file("known_hosts"), known + &other).expect("known hosts");
    }

    /// Takes no connection from now on.
    pub fn shuts(&self) {
        self.serving.abort();
    }

    /// Takes connections again.
    pub async fn opens(&mut self) {
        let listener = TcpListener::bind((self.address, self.port)).await;
        let directory = self.directory.path().to_owned();
        let listener = listener.expect("the port is free again");
        self.serving = tokio::spawn(serve(listener, directory, self.sessions.clone()));
    }

    /// Waits until one ssh client is connected, and returns its process.
    pub async fn client(&self) -> u32 {
        for _ in 0..400 {
            if let [one] = self.clients()[..] {
                return one;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no ssh client, or several: {:?}", self.clients());
    }

    /// Waits until no client is left.
    pub async fn is_left(&self) {
        for _ in 0..400 {
            if self.clients().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("ssh outlives sgmp-db: {:?}", self.clients());
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.sessions.lock().expect("sessions").len()
    }

    /// Every connection is dropped, as by a machine that is switched off and says goodbye.
    pub fn drops_all(&self) {
        for mut session in self
            .sessions
            .lock()
            .expect("sessions")
            .iter_mut()
            .filter_map(Option::take)
        {
            // Its group, if it still has one: sshd has helpers.
            group("KILL", session.id());
            drop(session.wait());
        }
    }

    /// Every connection is silent from now on.
    pub fn falls_silent(&self) {
        for session in self.sessions.lock().expect("sessions").iter().flatten() {
            assert!(group("STOP", session.id()));
        }
    }
}

impl Drop for Bastion {
    fn drop(&mut self) {
        self.serving.abort();
        self.drops_all();
    }
}

async fn serve(
    listener: TcpListener,
    directory: PathBuf,
    sessions: Arc<Mutex<Vec<Option<std::process::Child>>>>,
) {
    let sshd =
        std::env::var("SGMP_DB_SSHD").expect("SGMP_DB_SSHD: start the tests with scripts/test");
    let log = fs::File::create(directory.join("sshd.log")).expect("a log");
    while let Ok((stream, _)) = listener.accept().await {
        let stream = stream.into_std().expect("a socket");
        stream.set_nonblocking(false).expect("a blocking socket");
        let other = stream.try_clone().expect("a second descriptor");
        let child = Command::new(&sshd)
            .args(["-i", "-e", "-f"])
            .arg(directory.join("sshd_config"))
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(stream)))
            .stdout(Stdio::from(OwnedFd::from(other)))
            .stderr(log.try_clone().expect("the log"))
            .spawn()
            .expect("sshd starts");
        sessions.lock().expect("sessions").push(Some(child));
    }
}

/// Makes a key pair.
pub fn key(path: &Path, passphrase: &str) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f"])
        .arg(path)
        .status();
    assert!(made.expect("ssh-keygen").success());
}

/// Sends a signal to a group of processes; false where it is gone.
pub fn group(name: &str, leader: u32) -> bool {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), "--", &format!("-{leader}")])
        .stderr(Stdio::null())
        .status();
    sent.expect("kill").success()
}

/// Sends a signal to one process.
pub fn signal(name: &str, process: u32) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .status();
    assert!(sent.expect("kill").success());
}
