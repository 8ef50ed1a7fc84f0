//! ssh has ended: why, by its own words, and what to do.
//!
//! The words are those of OpenSSH 8 to 10 (readconf.c, sshconnect.c, sshconnect2.c, ssh.c, clientloop.c, authfile.c).

use super::Reason;
use super::lines::Lines;
use crate::{
    config::Bastion,
    outcome::{Exit, Failure, quoted},
};
use std::{os::unix::process::ExitStatusExt, process::ExitStatus, time::Duration};

/// An end, and what was known before.
pub struct End<'a> {
    pub bastion: &'a Bastion,
    /// The command that was typed, with `--accept-new-host-key`.
    pub accepting: &'a str,
    pub lines: &'a Lines,
    pub status: ExitStatus,
    /// Was the tunnel there before?
    pub was_there: bool,
}

/// What is told of an end.
struct Told {
    exit: Exit,
    passing: bool,
    /// Behind `the bastion X`, or a sentence of its own.
    fact: String,
    /// ssh's words.
    words: String,
    remedy: String,
}

/// Which end it was. The first that fits.
type Rule = fn(&End<'_>) -> Option<Told>;

const RULES: [Rule; 9] = [
    option,
    changed_key,
    revoked_key,
    unknown_key,
    unknown_name,
    unreachable,
    unusable_key,
    refused_login,
    forward,
];

/// The client does not know a keyword of ours; others stand in the user's own files.
pub fn is_old_client(lines: &Lines) -> bool {
    let keyword = "bad configuration option: forkafterauthentication";
    lines
        .kept
        .iter()
        .any(|line| line.starts_with("command-line") && line.to_lowercase().contains(keyword))
}

/// Why there is no tunnel, or none any more.
pub fn explain(end: &End<'_>) -> Reason {
    let rule = |rule: &Rule| rule(end);
    let early = (!end.was_there)
        .then(|| RULES.iter().find_map(rule))
        .flatten();
    let told = early.unwrap_or_else(|| other(end));
    let words = match told.words.is_empty() {
        true => String::new(),
        false => format!(" (ssh: {})", told.words),
    };
    Reason {
        failure: Failure::new(told.exit, format!("{}{words}", told.fact)).remedy(told.remedy),
        passing: told.passing,
    }
}

/// It took longer than one attempt may, and was ended by us.
pub fn too_slow(bastion: &Bastion, timeout: Duration) -> Reason {
    let seconds = timeout.as_secs_f32();
    let message = format!(
        "the bastion {} let nobody in within {seconds} s (--connect-timeout)",
        bastion.typed
    );
    Reason {
        failure: Failure::failed(message).remedy(starting(bastion)),
        passing: true,
    }
}

impl<'a> End<'a> {
    /// The first line with one of these.
    fn line(&self, needles: &[&str]) -> Option<&'a str> {
        let has = |line: &&String| needles.iter().any(|needle| line.contains(needle));
        self.lines.kept.iter().find(has).map(String::as_str)
    }

    fn bastion(&self) -> String {
        format!("the bastion {}", self.bastion.typed)
    }
}

fn starting(bastion: &Bastion) -> String {
    let port = bastion.port.unwrap_or(22);
    format!(
        "check --bastion, and that its security group lets this machine in on port {port}; while it is still starting: --wait 10m"
    )
}

/// What ssh_config(5) does not have.
fn option(end: &End<'_>) -> Option<Told> {
    let line = end.line(&[
        "command-line line 0:",
        "command-line: line 0:",
        "Bad configuration option",
        "bad configuration options",
        "Bad owner or permissions on",
    ])?;
    let ours = line.starts_with("command-line");
    let (fact, remedy) = match ours {
        true => (
            "ssh does not take a --ssh-option",
            "write it as ssh_config(5) of this machine's OpenSSH has it: --ssh-option KEY=VALUE",
        ),
        false => (
            "ssh does not take its configuration",
            "put the file right that it names",
        ),
    };
    Some(Told {
        exit: Exit::Usage,
        passing: false,
        fact: fact.to_owned(),
        words: line.to_owned(),
        remedy: remedy.to_owned(),
    })
}

fn changed_key(end: &End<'_>) -> Option<Told> {
    let line = end.line(&[
        "has changed and you have requested strict checking",
        "HOST IDENT",
    ])?;
    let offending = end.line(&["Offending "]).unwrap_or_default();
    let place = offending.split_once(" in ").map(|(_, place)| place);
    let file = place
        .and_then(|place| place.rsplit_once(':'))
        .map(|(file, _)| file);
    let name = line
        .strip_prefix("Host key for ")
        .or_else(|| end.line(&["Host key for "])?.strip_prefix("Host key for "))
        .and_then(|rest| rest.split_once(" has changed"))
        .map_or(end.bastion.host.as_str(), |(name, _)| name);
    let of_file = file.map_or_else(String::new, |file| format!(" -f {}", quoted(file)));
    let known = place.map_or_else(String::new, |place| format!(", which {place} has"));
    Some(Told {
        exit: Exit::Failed,
        passing: false,
        fact: format!(
            "{} shows the key {}, and not the one that this machine knows{known}: it was made anew, or somebody is in between",
            end.bastion(),
            shown_key(end)
        ),
        words: "Host key verification failed.".to_owned(),
        remedy: format!(
            "ask whoever runs the bastion, by another way, whether this is its key; only then forget the old one: ssh-keygen{of_file} -R {}",
            quoted(name)
        ),
    })
}

fn revoked_key(end: &End<'_>) -> Option<Told> {
    let line = end.line(&[
        "was revoked and you have requested strict checking",
        "is marked as revoked",
    ])?;
    Some(Told {
        exit: Exit::Failed,
        passing: false,
        fact: format!(
            "{} shows a key that this machine's known_hosts has revoked: it may be somebody else's machine",
            end.bastion()
        ),
        words: line.to_owned(),
        remedy: "ask whoever runs the bastion".to_owned(),
    })
}

fn unknown_key(end: &End<'_>) -> Option<Told> {
    let line = end.line(&["host key is known for", "Host key verification failed"])?;
    Some(Told {
        exit: Exit::Failed,
        passing: false,
        fact: format!(
            "{} shows a key that this machine has never seen: {}",
            end.bastion(),
            shown_key(end)
        ),
        words: line.to_owned(),
        remedy: format!(
            "if that is the key of your bastion (its console output has it), trust it from now on: {}",
            end.accepting
        ),
    })
}

/// `ssh-ed25519 SHA256:…`
fn shown_key<'a>(end: &End<'a>) -> &'a str {
    end.lines
        .host_key
        .as_deref()
        .unwrap_or("(ssh does not say which)")
}

fn unknown_name(end: &End<'_>) -> Option<Told> {
    let line = end.line(&["Could not resolve hostname"])?;
    Some(Told {
        exit: Exit::Failed,
        passing: true,
        fact: format!(
            "{} has a name that this machine cannot resolve",
            end.bastion()
        ),
        words: line.trim_start_matches("ssh: ").to_owned(),
        remedy: "check --bastion, and this machine's network".to_owned(),
    })
}

fn unreachable(end: &End<'_>) -> Option<Told> {
    let refused = end.line(&[
        "ssh: connect to host",
        "Connection timed out during banner exchange",
    ]);
    let line = refused.or_else(|| {
        end.line(&[
            "kex_exchange_identification:",
            "Connection closed by",
            "Connection reset by",
            "Unable to negotiate with",
            "banner line contains invalid characters",
        ])
    })?;
    let (what, remedy) = if line.contains("Unable to negotiate") {
        (
            "and this machine's ssh have no algorithm in common",
            "allow what it offers, if its owner cannot update it: --ssh-option KexAlgorithms=+NAME, HostKeyAlgorithms=+NAME or Ciphers=+NAME".to_owned(),
        )
    } else if refused.is_some() {
        ("cannot be reached", starting(end.bastion))
    } else {
        (
            "closed the connection before the login",
            starting(end.bastion),
        )
    };
    // The first words are the jump host's or the proxy's, where there is one.
    Some(Told {
        exit: Exit::Failed,
        passing: !line.contains("Unable to negotiate"),
        fact: format!("{} {what}", end.bastion()),
        words: line.trim_start_matches("ssh: ").to_owned(),
        remedy,
    })
}

/// ssh goes on without a key that it cannot use, and is refused.
fn unusable_key(end: &End<'_>) -> Option<Told> {
    end.line(&["Permission denied", "Too many authentication failures"])?;
    let load = end.line(&["Load key \""]);
    let key = |end: &End<'_>| match &end.bastion.identity {
        Some(path) => path.display().to_string(),
        None => "that it found".to_owned(),
    };
    let (fact, words, remedy) = match load {
        Some(line) if line.contains("bad permissions") => (
            "can be read by others, so ssh does not use it",
            line,
            format!("keep it to yourself: chmod 600 {}", quoted(&key(end))),
        ),
        Some(line) if line.contains("passphrase") => (
            "has another passphrase",
            line,
            "type the command again".to_owned(),
        ),
        Some(line) => (
            "cannot be read as a private key",
            line,
            "name the file of a private key as ssh-keygen writes it: --identity FILE".to_owned(),
        ),
        None if end.lines.accepts_key => (
            "is the right one, and has a passphrase that nobody could be asked for, or is in an agent that does not sign",
            "",
            format!(
                "unlock it first: ssh-add {}; or type the command on a terminal",
                quoted(&key(end))
            ),
        ),
        None => return None,
    };
    Some(Told {
        exit: Exit::Usage,
        passing: false,
        fact: format!("the bastion's key {} {fact}", key(end)),
        words: words.to_owned(),
        remedy,
    })
}

fn refused_login(end: &End<'_>) -> Option<Told> {
    let line = end.line(&["Permission denied", "Too many authentication failures"])?;
    let remedy = match &end.bastion.identity {
        Some(_) => {
            "check the user in --bastion user@host, and that the key of --identity is in its authorized_keys"
        }
        None => {
            "name the key: --identity FILE; or unlock it in your agent: ssh-add FILE; and check the user in --bastion user@host"
        }
    };
    Some(Told {
        exit: Exit::Failed,
        passing: false,
        fact: format!("{} refuses the login", end.bastion()),
        words: line.to_owned(),
        remedy: remedy.to_owned(),
    })
}

/// Of ~/.ssh/config, most likely: our own sockets are in a directory of their own.
fn forward(end: &End<'_>) -> Option<Told> {
    let last = end.line(&["Could not request local forwarding"])?;
    let line = end
        .line(&["cannot listen to", "bind ", "cannot bind"])
        .unwrap_or(last);
    Some(Told {
        exit: Exit::Failed,
        passing: false,
        fact: format!("ssh cannot make a forward to {}", end.bastion()),
        words: line.to_owned(),
        remedy: "end the other ssh that has the port, or leave that forward out: --ssh-option ExitOnForwardFailure=no".to_owned(),
    })
}

/// What nobody thought of, and the end of a tunnel that was there.
fn other(end: &End<'_>) -> Told {
    let noise = [
        "Transferred: ",
        "Bytes per second: ",
        "Authenticated to ",
        "@",
    ];
    let worth = |line: &&String| !noise.iter().any(|begin| line.starts_with(begin));
    let mut words: Vec<&str> = end
        .lines
        .kept
        .iter()
        .filter(worth)
        .map(String::as_str)
        .collect();
    words.drain(..words.len().saturating_sub(2));
    // A shell's way to say a signal.
    let signal = end.status.signal().or_else(|| {
        end.status
            .code()
            .filter(|code| *code > 128 && *code != 255)
            .map(|code| code - 128)
    });
    let how = match signal {
        Some(number) => format!("it was killed, signal {number}"),
        None => words.join("; "),
    };
    let fact = match end.was_there {
        true => format!("the tunnel through {} has ended", end.bastion()),
        false => format!("there is no tunnel through {}: ssh ended", end.bastion()),
    };
    Told {
        exit: Exit::Failed,
        passing: end.was_there,
        fact,
        words: how,
        remedy: "look how the bastion is, then type the same again".to_owned(),
    }
}
