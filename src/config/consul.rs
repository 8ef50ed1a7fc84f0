//! `--consul`: which DNS servers, and which hosts are looked up there.

use super::{NameServer, values::Value};
use crate::outcome::Failure;

/// Where Consul's DNS listens (Consul documentation, "Required ports").
const PORT: u16 = 8600;

/// `HOST:8600,HOST`, in the order in which they are asked.
///
/// # Errors
/// An entry is empty or its port is none (exit 2).
pub fn servers(value: &Value) -> Result<Vec<NameServer>, Failure> {
    value
        .text
        .split(',')
        .map(|one| server(one.trim(), value))
        .collect()
}

/// Is it a name that Consul knows? Its default domain (Consul documentation, "Forward DNS").
pub fn knows(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.rsplit_once('.')
        .is_some_and(|(_, last)| last.eq_ignore_ascii_case("consul"))
}

fn server(text: &str, value: &Value) -> Result<NameServer, Failure> {
    let wrong = || {
        value
            .wrong(&format!("`{text}` is no server of Consul's DNS"))
            .remedy("write it as in --consul 10.0.1.10:8600,10.0.2.10:8600 or [fd00::10]:8600")
    };
    let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((host, rest))) => (
            host,
            rest.strip_prefix(':').or(rest.is_empty().then_some("")),
        ),
        Some(None) => return Err(wrong()),
        // More than one colon: an IPv6 address without brackets has no room for a port.
        None if text.matches(':').count() > 1 => (text, Some("")),
        None => text
            .split_once(':')
            .map_or((text, Some("")), |(host, port)| (host, Some(port))),
    };
    let has_port = text.ends_with(':') || port.is_some_and(|port| !port.is_empty());
    let port = match (has_port, port) {
        (false, Some(_)) => PORT,
        (true, Some(port)) => port
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(wrong)?,
        (_, None) => return Err(wrong()),
    };
    let is_name = |host: &str| {
        !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ".-_:%".contains(c))
    };
    match is_name(host) {
        true => Ok(NameServer {
            host: host.to_owned(),
            port,
        }),
        false => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::values::Origin;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let value = Value {
            text: text.to_owned(),
            origin: Origin::Flag("consul".to_owned()),
        };
        servers(&value)
            .map(|all| all.iter().map(ToString::to_string).collect())
            .map_err(|failure| failure.message)
    }

    #[test]
    fn servers_are_read_in_their_order_with_consuls_own_port_by_default() {
        let read = |text| read(text).unwrap();
        assert_eq!(read("10.0.1.10"), ["10.0.1.10:8600"]);
        assert_eq!(
            read("consul-1:8601, 10.0.2.10"),
            ["consul-1:8601", "10.0.2.10:8600"]
        );
        assert_eq!(
            read("[::1]:53,[fd00::1],fd00::2"),
            ["[::1]:53", "[fd00::1]:8600", "[fd00::2]:8600"]
        );
    }

    #[test]
    fn what_is_no_server_is_said() {
        for text in [
            "",
            ",",
            "a,",
            "a:",
            "a:0",
            "a:70000",
            "a:b",
            "[::1",
            "[::1]x",
            "http://a:8600",
            "a b",
            "@",
        ] {
            let message = read(text).expect_err(text);
            assert!(
                message.contains("is no server of Consul's DNS"),
                "{message}"
            );
        }
    }

    #[test]
    fn only_names_under_its_domain_are_looked_up_there() {
        for host in ["master.tsdb.service.consul", "a.service.dc1.CONSUL."] {
            assert!(knows(host), "{host}");
        }
        for host in [
            "127.0.0.1",
            "consul",
            "x.rds.amazonaws.com",
            "consul.example.com",
            "::1",
        ] {
            assert!(!knows(host), "{host}");
        }
    }
}
