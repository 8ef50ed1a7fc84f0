//! ssh has ended: why, by its own words, and what to do.
//!
//! The words are those of OpenSSH 8 to 10 (readconf.c, sshconnect.c, sshconnect2.c, ssh.c, clientloop.c, authfile.c).

use super::{Reason, host_key, lines::Lines, login};
use crate::{
    config::Bastion,
    outcome::{Exit, Failure},
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
pub struct Told {
    pub exit: Exit,
    /// May the same succeed in a while?
    pub passing: bool,
    pub fact: String,
    /// ssh's own, behind the fact.
    pub words: String,
    pub remedy: String,
}

/// Which end it was.
type Rule = fn(&End<'_>) -> Option<Told>;

/// The first that fits. A refused key comes before what follows from it.
const RULES: [Rule; 10] = [
    option,
    host_key::changed,
    host_key::revoked,
    host_key::unknown,
    unknown_name,
    no_algorithm,
    login::unusable_key,
    login::refused,
    forward,
    unreachable,
];

/// The client does not know a keyword of ours; others are the user's own.
pub fn is_old_client(lines: &Lines) -> bool {
    let keyword = "bad configuration option: forkafterauthentication";
    lines
        .kept
        .iter()
        .any(|line| line.starts_with("command-line") && line.to_lowercase().contains(keyword))
}

/// Why there is no tunnel, or none any more.
pub fn explain(end: &End<'_>) -> Reason {
    let early = match end.was_there {
        true => None,
        false => RULES.iter().find_map(|rule| rule(end)),
    };
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
    pub fn line(&self, needles: &[&str]) -> Option<&'a str> {
        let has = |line: &&String| needles.iter().any(|needle| line.contains(needle));
        self.lines.kept.iter().find(has).map(String::as_str)
    }

    pub fn bastion(&self) -> String {
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
    let (fact, remedy) = match line.starts_with("command-line") {
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

fn no_algorithm(end: &End<'_>) -> Option<Told> {
    let line = end.line(&["Unable to negotiate with"])?;
    Some(Told {
        exit: Exit::Failed,
        passing: false,
        fact: format!(
            "{} and this machine's ssh have no algorithm in common",
            end.bastion()
        ),
        words: line.to_owned(),
        remedy: "allow what it offers, if its owner cannot update it: --ssh-option HostKeyAlgorithms=+NAME, KexAlgorithms=+NAME or Ciphers=+NAME"
            .to_owned(),
    })
}

/// The first words are those of a jump host or a proxy, where there is one.
fn unreachable(end: &End<'_>) -> Option<Told> {
    let silent = ["ssh: connect to host", "timed out during banner exchange"];
    let closed = [
        "kex_exchange_identification:",
        "banner line contains invalid characters",
        "Connection closed by",
        "Connection reset by",
    ];
    let (line, what) = match (end.line(&silent), end.line(&closed)) {
        (Some(line), _) => (line, "cannot be reached"),
        (None, Some(line)) => (line, "closed the connection before the login"),
        (None, None) => return None,
    };
    Some(Told {
        exit: Exit::Failed,
        passing: true,
        fact: format!("{} {what}", end.bastion()),
        words: line.trim_start_matches("ssh: ").to_owned(),
        remedy: starting(end.bastion),
    })
}

/// Of ~/.ssh/config, most likely: our own sockets are in a directory of their own.
fn forward(end: &End<'_>) -> Option<Told> {
    let last = end.line(&["Could not request local forwarding"])?;
    let line = end.line(&["cannot listen to", "bind ", "cannot bind"]);
    Some(Told {
        exit: Exit::Failed,
        passing: false,
        fact: format!("ssh cannot make a forward to {}", end.bastion()),
        words: line.unwrap_or(last).to_owned(),
        remedy: "end the other ssh that has the port, or go on without that forward: --ssh-option ExitOnForwardFailure=no"
            .to_owned(),
    })
}

/// What nobody thought of, and the end of a tunnel that was there.
fn other(end: &End<'_>) -> Told {
    let noise = [
        "Warning: Permanently added ",
        "Transferred: ",
        "Bytes per second: ",
        "Authenticated to ",
        "@",
    ];
    let worth = |line: &&String| !noise.iter().any(|begin| line.starts_with(begin));
    let kept = end.lines.kept.iter().filter(worth);
    let mut words: Vec<&str> = kept.map(String::as_str).collect();
    words.drain(..words.len().saturating_sub(2));
    // A shell tells a signal as a number above 128; ssh's own failures are 255.
    let code = end.status.code().filter(|code| (129..192).contains(code));
    let signal = end.status.signal().or(code.map(|code| code - 128));
    let fact = match end.was_there {
        true => format!("the tunnel through {} has ended", end.bastion()),
        false => format!("there is no tunnel through {}: ssh ended", end.bastion()),
    };
    Told {
        exit: Exit::Failed,
        passing: end.was_there,
        fact,
        words: match signal {
            Some(number) => format!("killed by signal {number}"),
            None => words.join("; "),
        },
        remedy: "see whether the bastion is up, then type the command again".to_owned(),
    }
}

#[cfg(test)]
#[path = "ended_tests.rs"]
mod tests;
