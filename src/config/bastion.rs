//! The machine in between, which ssh reaches: `[user@]host[:port]`, or a host alias of ~/.ssh/config.

use super::values::{Origin, Value, Values};
use crate::{outcome::Failure, target::Target};
use std::path::{Path, PathBuf};

/// How to reach the bastion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bastion {
    /// As typed, for messages.
    pub typed: String,
    /// None leaves it to ssh's own configuration, as the port.
    pub user: Option<String>,
    pub host: String,
    pub port: Option<u16>,
    /// The one private key to use; none leaves it to ssh.
    pub identity: Option<PathBuf>,
    /// Trust the key of a host that was never seen. One that has changed is refused all the same.
    pub accept_new_host_key: bool,
    /// Each `KEY=VALUE`, as ssh's `-o` takes it.
    pub options: Vec<String>,
    /// Databases of which nobody said where they are behind it: the default is this machine.
    pub unnamed: Vec<Target>,
}

/// What goes with a bastion and says nothing without one.
const COMPANIONS: [&str; 3] = [
    "SGMP_DB_IDENTITY",
    "SGMP_DB_ACCEPT_NEW_HOST_KEY",
    "SGMP_DB_SSH_OPTION",
];

impl Bastion {
    /// Reads what the settings say of it.
    ///
    /// # Errors
    /// Exit 2: no bastion for what was given for it, no name, a port that is none, …
    pub fn read(values: &Values, directory: &Path) -> Result<Option<Bastion>, Failure> {
        let Some(value) = values.get("SGMP_DB_BASTION") else {
            let alone = COMPANIONS.iter().find_map(|name| values.get(name));
            // In a file or the environment they may be there for another day.
            return match alone.filter(|value| matches!(value.origin, Origin::Flag(_))) {
                Some(value) => Err(value
                    .wrong("it is for a bastion, and none is named")
                    .remedy("name it: --bastion user@host")),
                None => Ok(None),
            };
        };
        let (user, host, port) = parts(value)?;
        Ok(Some(Bastion {
            typed: value.text.trim().to_owned(),
            user,
            host,
            port,
            identity: values
                .get("SGMP_DB_IDENTITY")
                .map(|value| identity(&value.text, directory)),
            accept_new_host_key: values
                .get("SGMP_DB_ACCEPT_NEW_HOST_KEY")
                .map_or(Ok(false), Value::switch)?,
            options: values
                .get("SGMP_DB_SSH_OPTION")
                .map_or(Ok(Vec::new()), options)?,
            unnamed: Target::ALL
                .into_iter()
                .filter(|target| !values.contains_key(host_of(*target)))
                .collect(),
        }))
    }
}

fn host_of(target: Target) -> &'static str {
    match target {
        Target::Mysql => "MYSQL_HOST",
        Target::Timescale => "TSDB_HOST",
    }
}

type Parts = (Option<String>, String, Option<u16>);

fn parts(value: &Value) -> Result<Parts, Failure> {
    let text = value.text.trim();
    let wrong = |why: &str| {
        value
            .wrong(&format!("`{text}` is no bastion: {why}"))
            .remedy("write it as user@host, user@host:22 or user@[2001:db8::1]:22, or as a host of ~/.ssh/config")
    };
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(wrong("it has a blank"));
    }
    let (user, address) = match text.rsplit_once('@') {
        Some((user, address)) => (Some(user), address),
        None => (None, text),
    };
    let (host, port) = split_port(address);
    if host.is_empty() || user.is_some_and(str::is_empty) {
        return Err(wrong("a name is missing"));
    }
    // ssh would take it for a flag.
    if host.starts_with('-') || user.is_some_and(|user| user.starts_with('-')) {
        return Err(wrong("a name cannot begin with -"));
    }
    let port = match port.map(str::parse::<u16>) {
        None => None,
        Some(Ok(port)) if port > 0 => Some(port),
        Some(_) => return Err(wrong("the port is not a number between 1 and 65535")),
    };
    Ok((user.map(str::to_owned), host.to_owned(), port))
}

/// `host:port`, `[v6]:port`, a bare IPv6 address, or either without a port.
fn split_port(address: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = address
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return (host, rest.strip_prefix(':'));
    }
    match address.split_once(':') {
        Some((_, rest)) if rest.contains(':') => (address, None),
        Some((host, port)) => (host, Some(port)),
        None => (address, None),
    }
}

/// Whether it is a key is looked at when it is needed.
fn identity(text: &str, directory: &Path) -> PathBuf {
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => directory.join(text),
    }
}

/// One `KEY=VALUE` a line: a flag may be given often, a variable or a key of the file has lines.
fn options(value: &Value) -> Result<Vec<String>, Failure> {
    let lines = value.text.lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    for line in &lines {
        let key = line.split_once('=').map(|(key, _)| key.trim());
        if !key.is_some_and(|key| !key.is_empty() && key.chars().all(char::is_alphanumeric)) {
            return Err(value
                .wrong(&format!("`{line}` is not KEY=VALUE"))
                .remedy("write it as ssh's -o has it: --ssh-option ProxyJump=first.example"));
        }
    }
    Ok(lines.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value {
            text: text.to_owned(),
            origin: Origin::Flag("bastion".to_owned()),
        }
    }

    #[test]
    fn every_form_of_an_address_is_read() {
        for (text, user, host, port) in [
            ("bastion", None, "bastion", None),
            ("ubuntu@1.2.3.4", Some("ubuntu"), "1.2.3.4", None),
            ("u@h.example.:2222", Some("u"), "h.example.", Some(2222)),
            ("u@[2001:db8::1]:22", Some("u"), "2001:db8::1", Some(22)),
            ("[::1]", None, "::1", None),
            ("u@::1", Some("u"), "::1", None),
            ("corp@user@h", Some("corp@user"), "h", None),
        ] {
            let read = parts(&value(text)).unwrap();
            assert_eq!(read, (user.map(str::to_owned), host.to_owned(), port));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "@h",
            "u@",
            "h:0",
            "h:x",
            "h:",
            "h:65536",
            "-oProxyCommand=x",
            "-u@h",
            "a b",
            "u@h\n",
        ] {
            let read = parts(&value(text));
            assert!(read.is_err() || text.ends_with('\n'), "{text:?}: {read:?}");
        }
    }

    #[test]
    fn options_are_lines_of_key_and_value() {
        let read = options(&value("A=1\n\n  ProxyJump=a,b c \n")).unwrap();
        assert_eq!(read, ["A=1", "ProxyJump=a,b c"]);
        for wrong in ["A", "=1", "-A=1", "A B=1"] {
            assert!(options(&value(wrong)).is_err(), "{wrong}");
        }
    }
}
