//! How many turns do `status` and an `upgrade` without work take on a link of 70 ms? Turns are counted,
//! not timed: the login's, and a few that do not grow with what is there.

mod support;

use std::time::{Duration, Instant};
use support::{
    Kind, Link, MysqlDatabase, Proxy, Server, Sgmp, TimescaleDatabase,
    certificates::{self, self_signed},
    server,
};

const ROUND_TRIP: Duration = Duration::from_millis(70);

/// Turns of a login: TCP's handshake; MySQL's greeting, TLS and answer; PostgreSQL's question whether
/// there is TLS, TLS, the startup packet and SCRAM's two.
fn login(target: &str, mode: &str) -> usize {
    match (target, mode) {
        ("mysql", "disable") => 3,
        ("mysql", _) => 4,
        (_, "disable") => 4,
        _ => 6,
    }
}

/// Turns after the login: the survey with the schema in one (MySQL) or two, the snapshot that the
/// ledger keeps, the policies in two at most.
const AFTER_LOGIN: [(&str, usize); 2] = [("mysql", 2), ("timescale", 5)];

/// The turns of the one connection that a command makes.
fn turns(proxy: &Proxy) -> usize {
    let connections = proxy.connections();
    assert_eq!(connections.len(), 1, "one connection and one login");
    connections[0].turns()
}

#[tokio::test]
async fn a_status_and_an_upgrade_without_work_take_the_login_and_a_few_turns() {
    let mysql = MysqlDatabase::new().await;
    let (_container, port) = server::own(Kind::Apache17, &["postgres", "-c", "fsync=off"]).await;
    certificates::present(port, "own", Some(&self_signed("db.sgmp.test"))).await;
    let timescale = TimescaleDatabase {
        server: Server {
            kind: Kind::Apache17,
            port,
            container: String::new(),
        },
        name: "sgmp".to_owned(),
    };
    let near = Sgmp::on(&mysql, &timescale);
    near.run(&["upgrade"]).await.expect(0);
    let link = Link::round_trip(ROUND_TRIP);
    let to_mysql = Proxy::start(mysql.server.port, link);
    let to_timescale = Proxy::start(timescale.server.port, link);
    let far = near
        .with("MYSQL_PORT", to_mysql.port.to_string())
        .with("TSDB_PORT", to_timescale.port.to_string());
    for mode in ["disable", "require"] {
        for command in ["status", "upgrade"] {
            let far = far
                .clone()
                .with("SGMP_DB_MYSQL_TLS", mode)
                .with("SGMP_DB_TIMESCALE_TLS", mode);
            let mut least = [usize::MAX; 2];
            let mut quickest = Duration::MAX;
            // On a busy machine an answer may come in two parts with a question between them.
            for _ in 0..4 {
                to_mysql.forget();
                to_timescale.forget();
                let begun = Instant::now();
                far.run(&[command]).await.expect(0);
                quickest = quickest.min(begun.elapsed());
                least[0] = least[0].min(turns(&to_mysql));
                least[1] = least[1].min(turns(&to_timescale));
            }
            println!(
                "{mode} {command}: {least:?} turns, {} ms",
                quickest.as_millis()
            );
            for (actual, (target, after)) in least.into_iter().zip(AFTER_LOGIN) {
                let most = login(target, mode) + after;
                assert!(
                    actual <= most,
                    "{mode} {command} {target}: {actual} turns of {most}"
                );
            }
        }
    }
}
