//! What ssh writes on stderr, line by line: which connection a refusal is of, and the words worth keeping.
//!
//! A refusal names a channel only (`channel 2: open failed: …`). Which connection that was is in the lines of
//! `LogLevel=DEBUG1` before it (channels.c of OpenSSH: `Connection to port … forwarding to HOST port P requested.`,
//! `channel 2: new …`). They are no interface; where they read otherwise, the newest refusal is the one.

use std::collections::BTreeMap;

/// Lines beyond this many are a chatty banner.
const KEPT: usize = 200;

/// A connection that the bastion did not make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// `host:port`, where the lines say.
    pub far: Option<(String, u16)>,
    /// Behind `open failed:`.
    pub words: String,
}

/// What was said so far.
#[derive(Debug, Default)]
pub struct Lines {
    /// Without those for debugging.
    pub kept: Vec<String>,
    /// `ED25519 SHA256:…`: the key that the bastion showed.
    pub host_key: Option<String>,
    /// The key of ours that the bastion would take.
    pub accepted_key: Option<String>,
    refused: Vec<Refused>,
    requested: Option<(String, u16)>,
    channels: BTreeMap<u32, (String, u16)>,
}

impl Lines {
    /// Takes one line.
    pub fn push(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(text) = debugging(line) {
            self.debugging(text);
        } else if let Some((channel, words)) = refusal(line) {
            let far = self.channels.get(&channel).cloned();
            self.refused.push(Refused {
                far,
                words: words.to_owned(),
            });
        } else if !line.is_empty() && self.kept.len() < KEPT {
            self.kept.push(line.to_owned());
        }
    }

    /// Takes the newest refusal of a connection to there.
    pub fn take_refused(&mut self, host: &str, port: u16) -> Option<Refused> {
        let is_there = |one: &Refused| {
            let far = one.far.as_ref();
            far.is_none_or(|(to, at)| to == host && *at == port)
        };
        let at = self.refused.iter().rposition(is_there)?;
        let found = self.refused.remove(at);
        self.refused.retain(|one| !is_there(one));
        Some(found)
    }

    fn debugging(&mut self, text: &str) {
        if let Some(far) = requested(text) {
            self.requested = Some(far);
        } else if let Some(channel) = new_channel(text) {
            match self.requested.take() {
                Some(far) => self.channels.insert(channel, far),
                None => self.channels.remove(&channel),
            };
        } else if let Some(key) = text.strip_prefix("Server host key: ") {
            self.host_key = Some(key.to_owned());
        } else if let Some(key) = text.strip_prefix("Server accepts key: ") {
            // `NAME TYPE SHA256:… explicit`
            let name = key.split_once(" SHA256:").map_or(key, |(name, _)| name);
            let name = name.rsplit_once(' ').map_or(name, |(name, _)| name);
            self.accepted_key = Some(name.to_owned());
        }
    }
}

/// Behind `debug1: `.
fn debugging(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("debug")?;
    let rest = rest.strip_prefix(|c: char| c.is_ascii_digit())?;
    rest.strip_prefix(": ")
}

/// `channel 2: open failed: connect failed: Connection refused`
fn refusal(line: &str) -> Option<(u32, &str)> {
    let (channel, words) = line
        .strip_prefix("channel ")?
        .split_once(": open failed: ")?;
    Some((channel.parse().ok()?, words))
}

/// `Connection to port -2 forwarding to db.example port 3306 requested.`
fn requested(text: &str) -> Option<(String, u16)> {
    let (_, far) = text.split_once(" forwarding to ")?;
    let far = far.strip_suffix(" requested.")?;
    let (host, port) = far.rsplit_once(" port ")?;
    Some((host.to_owned(), port.parse().ok()?))
}

/// `channel 2: new direct-tcpip [direct-tcpip] (inactive timeout: 0)`, before OpenSSH 9.2
/// `channel 2: new [direct-tcpip]`.
fn new_channel(text: &str) -> Option<u32> {
    let (channel, what) = text.strip_prefix("channel ")?.split_once(": new ")?;
    what.contains("direct-tcpip")
        .then(|| channel.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Lines {
        let mut lines = Lines::default();
        text.lines().for_each(|line| lines.push(line));
        lines
    }

    /// Both databases at once, answered in the other order.
    #[test]
    fn a_refusal_is_of_the_connection_that_its_channel_is_for() {
        let mut lines = heard(
            "debug1: Server host key: ssh-ed25519 SHA256:abc\r\n\
             Welcome\r\n\
             debug1: Server accepts key: /home/a b/id ED25519 SHA256:x explicit\n\
             debug1: Connection to port -2 forwarding to my.example port 3306 requested.\n\
             debug1: channel 2: new direct-tcpip [direct-tcpip] (inactive timeout: 0)\n\
             debug1: Connection to port -2 forwarding to 2001:db8::1 port 5432 requested.\n\
             debug1: channel 3: new [direct-tcpip]\n\
             channel 3: open failed: connect failed: Connection refused\n\
             channel 2: open failed: connect failed: Name or service not known\n",
        );
        assert_eq!(lines.kept, ["Welcome"]);
        assert_eq!(lines.host_key.as_deref(), Some("ssh-ed25519 SHA256:abc"));
        assert_eq!(lines.accepted_key.as_deref(), Some("/home/a b/id"));
        let mut words = |host, port| lines.take_refused(host, port).map(|one| one.words);
        let unknown = "connect failed: Name or service not known";
        assert_eq!(words("my.example", 3306).as_deref(), Some(unknown));
        assert_eq!(words("my.example", 3306), None);
        let refused = "connect failed: Connection refused";
        assert_eq!(words("2001:db8::1", 5432).as_deref(), Some(refused));
    }

    /// Another client, whose lines for debugging read otherwise.
    #[test]
    fn a_refusal_of_nobody_knows_which_is_of_whoever_asks_first() {
        let mut lines = heard("channel 2: open failed: administratively prohibited: open failed");
        let found = lines.take_refused("h", 1).unwrap();
        assert_eq!(found.words, "administratively prohibited: open failed");
        assert_eq!(lines.take_refused("h", 1), None);
    }

    /// A number is used again when its channel is gone.
    #[test]
    fn a_channel_is_the_one_that_was_opened_last() {
        let mut lines = heard(
            "debug1: Connection to port -2 forwarding to a port 1 requested.\n\
             debug1: channel 2: new [direct-tcpip]\n\
             debug1: Connection to port -2 forwarding to b port 1 requested.\n\
             debug1: channel 2: new [direct-tcpip]\n\
             channel 2: open failed: connect failed: x\n",
        );
        assert_eq!(lines.take_refused("a", 1), None);
        assert!(lines.take_refused("b", 1).is_some());
    }
}
