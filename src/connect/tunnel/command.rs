//! The arguments of ssh: one process, one socket on this side for each database.
//!
//! Source: ssh(1) and ssh_config(5) of OpenSSH. Of a keyword that is given twice ssh takes the first, so the user's
//! own `--ssh-option` come before ours, and ours before the files.

use crate::{
    config::{Bastion, Endpoint},
    target::Target,
};
use std::{path::Path, time::Duration};

/// How often ssh asks a silent bastion for a sign of life, below what a NAT remembers, in seconds …
const ALIVE_INTERVAL: u32 = 15;

/// … and after how many unanswered questions it ends: a minute in all, as `tcp.rs` has it.
const ALIVE_COUNT: u32 = 4;

/// What differs from start to start.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// For connecting to the bastion.
    pub timeout: Duration,
    /// May it ask for a passphrase?
    pub interactive: bool,
    /// Does this client know the keyword ForkAfterAuthentication (OpenSSH 8.7)?
    pub knows_fork: bool,
}

/// The socket of a database in the tunnel's directory.
pub fn socket(target: Target) -> String {
    format!("{target}.sock")
}

/// Everything behind the program's name.
pub fn arguments(
    bastion: &Bastion,
    endpoints: &[Endpoint],
    directory: &Path,
    manner: Manner,
) -> Vec<String> {
    let mut arguments: Vec<String> = Vec::new();
    let mut option = |text: String| arguments.extend(["-o".to_owned(), text]);
    bastion.options.iter().cloned().for_each(&mut option);
    ours(bastion, manner).into_iter().for_each(&mut option);
    // No command and no terminal there, no agent and no display lent to it, and no connection of others.
    arguments.extend(["-N", "-T", "-a", "-x", "-S", "none"].map(str::to_owned));
    if let Some(identity) = &bastion.identity {
        arguments.extend(["-i".to_owned(), identity.display().to_string()]);
    }
    for endpoint in endpoints {
        let near = directory.join(socket(endpoint.target));
        arguments.extend([
            "-L".to_owned(),
            format!("{}:{}", near.display(), far(endpoint)),
        ]);
    }
    if let Some(port) = bastion.port {
        arguments.extend(["-p".to_owned(), port.to_string()]);
    }
    if let Some(user) = &bastion.user {
        arguments.extend(["-l".to_owned(), user.clone()]);
    }
    arguments.extend(["--".to_owned(), bastion.host.clone()]);
    arguments
}

fn ours(bastion: &Bastion, manner: Manner) -> Vec<String> {
    let strictness = match bastion.accept_new_host_key {
        true => "accept-new",
        false => "yes",
    };
    let seconds = manner.timeout.as_secs_f64().ceil().max(1.0);
    let mut options = vec![
        format!("StrictHostKeyChecking={strictness}"),
        "ExitOnForwardFailure=yes".to_owned(),
        format!("ConnectTimeout={seconds}"),
        "ConnectionAttempts=1".to_owned(),
        format!("ServerAliveInterval={ALIVE_INTERVAL}"),
        format!("ServerAliveCountMax={ALIVE_COUNT}"),
        "ControlMaster=no".to_owned(),
        "RemoteCommand=none".to_owned(),
        "StreamLocalBindMask=0177".to_owned(),
        // Says which connection a refusal is of; said.rs reads it.
        "LogLevel=DEBUG1".to_owned(),
    ];
    if !manner.interactive {
        options.push("BatchMode=yes".to_owned());
    }
    if bastion.identity.is_some() {
        options.push("IdentitiesOnly=yes".to_owned());
    }
    if manner.knows_fork {
        options.push("ForkAfterAuthentication=no".to_owned());
    }
    options
}

/// `host:port` as `-L` has it.
fn far(endpoint: &Endpoint) -> String {
    if endpoint.host.contains(':') {
        format!("[{}]:{}", endpoint.host, endpoint.port)
    } else {
        format!("{}:{}", endpoint.host, endpoint.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Tls, TlsMode};

    fn endpoint(target: Target, host: &str, port: u16) -> Endpoint {
        Endpoint {
            target,
            host: host.to_owned(),
            port,
            user: "u".to_owned(),
            password: None,
            database: "d".to_owned(),
            tls: Tls {
                mode: TlsMode::Prefer,
                ca: None,
                name: None,
            },
            consul: None,
        }
    }

    fn bastion() -> Bastion {
        Bastion {
            typed: "ubuntu@b:2222".to_owned(),
            user: Some("ubuntu".to_owned()),
            host: "b".to_owned(),
            port: Some(2222),
            identity: None,
            accept_new_host_key: false,
            options: Vec::new(),
            unnamed: Vec::new(),
        }
    }

    const MANNER: Manner = Manner {
        timeout: Duration::from_millis(1500),
        interactive: false,
        knows_fork: true,
    };

    fn of(bastion: &Bastion, manner: Manner) -> Vec<String> {
        let endpoints = [
            endpoint(Target::Mysql, "db.example.", 3306),
            endpoint(Target::Timescale, "2001:db8::1", 5432),
        ];
        arguments(bastion, &endpoints, Path::new("/t/x"), manner)
    }

    fn has(arguments: &[String], pair: [&str; 2]) -> bool {
        arguments.windows(2).any(|two| two == pair)
    }

    #[test]
    fn both_databases_have_a_socket_and_the_bastion_comes_last() {
        let arguments = of(&bastion(), MANNER);
        for pair in [
            ["-L", "/t/x/mysql.sock:db.example.:3306"],
            ["-L", "/t/x/timescale.sock:[2001:db8::1]:5432"],
            ["-p", "2222"],
            ["-l", "ubuntu"],
            ["-o", "StrictHostKeyChecking=yes"],
            ["-o", "ExitOnForwardFailure=yes"],
            ["-o", "ConnectTimeout=2"],
            ["-o", "BatchMode=yes"],
            ["-S", "none"],
        ] {
            assert!(has(&arguments, pair), "{pair:?} in {arguments:?}");
        }
        assert!(arguments.ends_with(&["--".to_owned(), "b".to_owned()]));
        assert!(!arguments.contains(&"-i".to_owned()));
        assert!(!has(&arguments, ["-o", "IdentitiesOnly=yes"]));
    }

    #[test]
    fn what_the_user_says_comes_first() {
        let mut bastion = bastion();
        bastion.options = vec!["BatchMode=no".to_owned(), "Port=1".to_owned()];
        let arguments = of(&bastion, MANNER);
        assert_eq!(arguments[..4], ["-o", "BatchMode=no", "-o", "Port=1"]);
    }

    #[test]
    fn a_key_is_the_only_one_and_a_new_host_is_taken_only_where_asked() {
        let mut bastion = bastion();
        bastion.identity = Some("k".into());
        bastion.accept_new_host_key = true;
        let manner = Manner {
            interactive: true,
            knows_fork: false,
            ..MANNER
        };
        let arguments = of(&bastion, manner);
        assert!(has(&arguments, ["-i", "k"]));
        assert!(has(&arguments, ["-o", "IdentitiesOnly=yes"]));
        assert!(has(&arguments, ["-o", "StrictHostKeyChecking=accept-new"]));
        for absent in ["BatchMode=yes", "ForkAfterAuthentication=no"] {
            assert!(!arguments.contains(&absent.to_owned()));
        }
    }
}
