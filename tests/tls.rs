//! Every TLS mode on each engine, against servers that are good and bad in every way, does what its
//! name says: encrypts or not, looks at the certificate or not, and never less than was asked.

mod support;

use mysql_async::prelude::Queryable;
use std::{path::Path, time::Duration};
use support::{
    Kind, Link, Proxy, Run, Sgmp,
    certificates::{self, Authority, NAME, Pair, self_signed},
    database::mysql_admin,
    proxy::Way,
    server::{self, PASSWORD},
};

/// What a server can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Server {
    Good,
    WrongName,
    Expired,
    SelfSigned,
    Plaintext,
}

/// What a mode makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Encrypted,
    Plain,
    /// Ends with exit 1 and these words.
    Refused(&'static str),
}

use Outcome::{Encrypted, Plain, Refused};

const EXPIRED: Outcome = Refused("has expired");
const STRANGER: Outcome = Refused("is not from an authority that is trusted here");
const NO_TLS: Outcome = Refused("offers no TLS");
const OTHER_NAME: Outcome =
    Refused("is not for the name db.sgmp.test, but for DnsName(\"other.sgmp.test\")");

/// Modes beside servers.
const MATRIX: [(Server, [Outcome; 5]); 5] = [
    // disable, prefer, require, verify-ca, verify-full
    (
        Server::Good,
        [Plain, Encrypted, Encrypted, Encrypted, Encrypted],
    ),
    (
        Server::WrongName,
        [Plain, Encrypted, Encrypted, Encrypted, OTHER_NAME],
    ),
    (
        Server::Expired,
        [Plain, Encrypted, Encrypted, EXPIRED, EXPIRED],
    ),
    (
        Server::SelfSigned,
        [Plain, Encrypted, Encrypted, STRANGER, STRANGER],
    ),
    (Server::Plaintext, [Plain, Plain, NO_TLS, NO_TLS, NO_TLS]),
];

/// Seconds that the certificate that is to expire is good for.
const LIFETIME: i64 = 3;

const MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// The authority's certificates, and the files for `--ca`.
struct Trust {
    authority: Authority,
    directory: tempfile::TempDir,
    ca: String,
    stranger: String,
}

impl Trust {
    fn new() -> Trust {
        let directory = tempfile::tempdir().unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let authority = Authority::new("sgmp-db test authority");
        let ca = text(&authority.write(directory.path(), "ca.pem"));
        let stranger = Authority::new("somebody else");
        let stranger = text(&stranger.write(directory.path(), "stranger.pem"));
        Trust {
            authority,
            directory,
            ca,
            stranger,
        }
    }

    fn pair(&self, server: Server) -> Option<Pair> {
        match server {
            Server::Good => Some(self.authority.server(NAME)),
            Server::WrongName => Some(self.authority.server("other.sgmp.test")),
            Server::Expired => Some(self.authority.ending(NAME, LIFETIME)),
            Server::SelfSigned => Some(self_signed(NAME)),
            Server::Plaintext => None,
        }
    }
}

/// One engine's way to be addressed.
struct Side {
    /// `mysql` or `timescale`: the value of `--only` and the prefix of the flags.
    target: &'static str,
    sgmp: Sgmp,
    proxy: Proxy,
}

impl Side {
    fn mysql(port: u16) -> Side {
        let proxy = Proxy::start(port, Link::round_trip(Duration::ZERO));
        let sgmp = Sgmp::default()
            .with("SGMP_DB_CONNECT_TIMEOUT", "60s")
            .with("MYSQL_PORT", proxy.port.to_string())
            .with("MYSQL_USER", "root")
            .with("MYSQL_PASS", PASSWORD)
            .with("MYSQL_DATABASE", "absent");
        Side {
            target: "mysql",
            sgmp,
            proxy,
        }
    }

    fn timescale(port: u16) -> Side {
        let proxy = Proxy::start(port, Link::round_trip(Duration::ZERO));
        let sgmp = Sgmp::default()
            .with("SGMP_DB_CONNECT_TIMEOUT", "60s")
            .with("TSDB_PORT", proxy.port.to_string())
            .with("TSDB_PASS", PASSWORD)
            .with("TSDB_DATABASE", "absent");
        Side {
            target: "timescale",
            sgmp,
            proxy,
        }
    }

    /// `status` with these flags, each prefixed with the engine's name.
    async fn status(&self, flags: &[(&str, &str)]) -> Run {
        self.proxy.forget();
        let mut arguments = vec![
            "status".to_owned(),
            "--only".to_owned(),
            self.target.to_owned(),
        ];
        for (flag, value) in flags {
            arguments.push(format!("--{}-{flag}", self.target));
            arguments.push((*value).to_owned());
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.sgmp.run(&arguments).await
    }

    /// Fails the test unless the run came to that outcome, by what went over the wire.
    fn check(&self, run: &Run, outcome: Outcome, case: &str) {
        let sent: Vec<u8> = self
            .proxy
            .connections()
            .iter()
            .flat_map(|traffic| traffic.bytes(Way::ToServer))
            .collect();
        let shows = |needle: &[u8]| sent.windows(needle.len()).any(|window| window == needle);
        let told = format!("{case}: {run:?}");
        assert!(
            !shows(PASSWORD.as_bytes()),
            "the password went as clear text: {told}"
        );
        // The first query, and the login before it, as a plain connection shows them.
        let plain = [
            &b"information_schema"[..],
            b"pg_catalog",
            b"root\0",
            b"postgres\0",
        ]
        .into_iter()
        .any(shows);
        match outcome {
            // The database is absent, which only a server that let us in can tell.
            Encrypted => assert!(run.code == Some(3) && !plain, "{told}"),
            Plain => assert!(run.code == Some(3) && plain, "{told}"),
            Refused(words) => {
                assert!(run.code == Some(1) && run.stderr.contains(words), "{told}");
                assert!(!plain, "{told}");
            }
        }
    }

    /// Every mode against the server as it now is.
    async fn every_mode(&self, trust: &Trust, server: Server) {
        if server == Server::Expired {
            tokio::time::sleep(Duration::from_secs(LIFETIME as u64 + 1)).await;
        }
        let (_, outcomes) = MATRIX.iter().find(|(row, _)| *row == server).unwrap();
        for (mode, outcome) in MODES.into_iter().zip(outcomes) {
            let mut flags = vec![("tls", mode)];
            if mode.starts_with("verify") {
                flags.push(("ca", &trust.ca));
            }
            if mode == "verify-full" {
                flags.push(("tls-name", NAME));
            }
            let run = self.status(&flags).await;
            self.check(
                &run,
                *outcome,
                &format!("{} {server:?} {mode}", self.target),
            );
        }
        // Not stated: verify-full as soon as a CA and a name are given, prefer without.
        let run = self.status(&[("ca", &trust.ca), ("tls-name", NAME)]).await;
        self.check(
            &run,
            outcomes[4],
            &format!("{} {server:?} implied", self.target),
        );
        let run = self.status(&[]).await;
        self.check(
            &run,
            outcomes[1],
            &format!("{} {server:?} default", self.target),
        );
    }

    /// A good server, and the client's side wrong.
    async fn wrong_trust(&self, trust: &Trust) {
        let case = |words: &str| format!("{} {words}", self.target);
        let run = self
            .status(&[("ca", &trust.stranger), ("tls-name", NAME)])
            .await;
        self.check(&run, STRANGER, &case("unknown authority"));
        let run = self
            .status(&[("tls", "verify-ca"), ("ca", &trust.stranger)])
            .await;
        self.check(&run, STRANGER, &case("unknown authority, verify-ca"));
        // A name alone implies verify-full too, with the authorities of this system.
        let run = self.status(&[("tls-name", NAME)]).await;
        assert!([Some(1), Some(2)].contains(&run.code), "{run:?}");
        let run = self
            .status(&[("ca", &trust.ca), ("tls-name", "elsewhere.test")])
            .await;
        self.check(
            &run,
            Refused("is not for the name elsewhere.test"),
            &case("other name"),
        );
    }
}

#[tokio::test]
async fn every_mode_does_what_its_name_says_on_mysql() {
    let trust = Trust::new();
    let (container, port) = server::own(Kind::Mysql, &["mysqld"]).await;
    let side = Side::mysql(port);
    let mut admin = mysql_admin(port).await.unwrap();
    // Its own certificate has no names: verify-full cannot pass on it, and verify-ca can.
    let own = support::server::read_file(&container, "/var/lib/mysql/ca.pem").await;
    let ca = trust.directory.path().join("own.pem");
    std::fs::write(&ca, own).unwrap();
    let ca = ca.to_str().unwrap();
    let run = side.status(&[("tls", "verify-ca"), ("ca", ca)]).await;
    side.check(&run, Encrypted, "mysql's own certificate, verify-ca");
    let run = side.status(&[("ca", ca), ("tls-name", NAME)]).await;
    side.check(
        &run,
        Refused("certificate"),
        "mysql's own certificate, verify-full",
    );
    for (server, _) in MATRIX {
        let Some(pair) = trust.pair(server) else {
            continue;
        };
        certificates::present_mysql(port, &format!("{server:?}"), &pair).await;
        side.every_mode(&trust, server).await;
        if server == Server::Good {
            side.wrong_trust(&trust).await;
        }
    }
    admin
        .query_drop("SET GLOBAL require_secure_transport = ON")
        .await
        .unwrap();
    let run = side.status(&[("tls", "disable")]).await;
    run.expect(1)
        .says("takes no login without TLS")
        .says("--mysql-tls require");
}

#[tokio::test]
async fn every_mode_does_what_its_name_says_on_a_mysql_without_tls() {
    let trust = Trust::new();
    let (_container, port) = server::own(Kind::Mysql, &["mysqld", "--tls-version="]).await;
    let side = Side::mysql(port);
    // Forgets who has logged in: the server then wants the password itself, for which the client
    // must ask its key.
    let mut admin = mysql_admin(port).await.unwrap();
    admin.query_drop("FLUSH PRIVILEGES").await.unwrap();
    let run = side.status(&[("tls", "prefer")]).await;
    side.check(&run, Plain, "prefer, nobody has logged in");
    let received = side.proxy.connections()[0].bytes(Way::ToClient);
    let received = String::from_utf8_lossy(&received).into_owned();
    assert!(
        received.contains("BEGIN PUBLIC KEY"),
        "the password was not asked for"
    );
    side.every_mode(&trust, Server::Plaintext).await;
}

async fn every_mode_on_postgresql(kind: Kind) {
    let trust = Trust::new();
    let (_container, port) = server::own(kind, &["postgres", "-c", "fsync=off"]).await;
    let side = Side::timescale(port);
    for (server, _) in MATRIX {
        let pair = trust.pair(server);
        certificates::present(port, &format!("{server:?}"), pair.as_ref()).await;
        side.every_mode(&trust, server).await;
        if server == Server::Good {
            side.wrong_trust(&trust).await;
        }
    }
}

#[tokio::test]
async fn every_mode_does_what_its_name_says_on_postgresql_17() {
    every_mode_on_postgresql(Kind::Apache17).await;
}

#[tokio::test]
async fn every_mode_does_what_its_name_says_on_postgresql_18() {
    every_mode_on_postgresql(Kind::Apache18).await;
}

#[tokio::test]
async fn a_server_that_answers_no_to_tls_is_reached_only_where_that_is_allowed() {
    let server = support::Server::shared(Kind::Community).await;
    let side = Side::timescale(server.port);
    for (mode, outcome) in [("disable", Plain), ("prefer", Plain), ("require", NO_TLS)] {
        let run = side.status(&[("tls", mode)]).await;
        side.check(&run, outcome, &format!("community {mode}"));
    }
}
