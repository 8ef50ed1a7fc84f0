//! Names under .consul are asked of Consul's DNS servers: both databases, one server after the other, anew after a
//! failover.

mod support;

use hickory_resolver::proto::op::ResponseCode;
use std::{net::Ipv4Addr, process::Stdio, time::Duration};
use support::{
    Kind, MysqlDatabase, Sgmp, TimescaleDatabase,
    dns::{Dns, Says},
    server,
};
use tokio::process::{Child, Command};

const MYSQL: &str = "mysql.service.consul";
const PRIMARY: &str = "master.tsdb.service.consul";
const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

async fn pair() -> (MysqlDatabase, TimescaleDatabase) {
    (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    )
}

/// Both databases by Consul's names for them.
fn named(mysql: &MysqlDatabase, timescale: &TimescaleDatabase, servers: &str) -> Sgmp {
    Sgmp::on(mysql, timescale)
        .with("MYSQL_HOST", MYSQL)
        .with("TSDB_HOST", PRIMARY)
        .with("SGMP_DB_CONSUL", servers)
}

async fn consul(mysql: &MysqlDatabase, timescale: &TimescaleDatabase) -> Dns {
    Dns::new(&[
        (MYSQL, Says::Service(HERE, mysql.server.port)),
        (PRIMARY, Says::Service(HERE, timescale.server.port)),
    ])
    .await
}

#[tokio::test]
async fn both_databases_are_found_by_the_first_server_that_knows_them() {
    let (mysql, timescale) = pair().await;
    let silent = Dns::new(&[(MYSQL, Says::Nothing), (PRIMARY, Says::Nothing)]).await;
    let failing = Says::Code(ResponseCode::ServFail);
    let failing = Dns::new(&[(MYSQL, failing.clone()), (PRIMARY, failing)]).await;
    let knows = consul(&mysql, &timescale).await;
    let servers = [&silent, &failing, &knows].map(Dns::address).join(",");
    let sgmp = named(&mysql, &timescale, &servers);
    // No port is set, so the ones of the SRV records count.
    let by_service = sgmp.without("MYSQL_PORT").without("TSDB_PORT");
    by_service.run(&["upgrade"]).await.expect(0);
    assert_eq!(mysql.rows("SHOW TABLES LIKE 'house'").await.len(), 1);
    // With ports the addresses are enough; a dot at the end of a name is no other name.
    let sgmp = named(&mysql, &timescale, &knows.address()).with("TSDB_HOST", format!("{PRIMARY}."));
    sgmp.run(&["status"]).await.expect(0);
}

#[tokio::test]
async fn a_real_dns_server_is_understood() {
    let (mysql, timescale) = pair().await;
    let dnsmasq = Dnsmasq::new(&[
        format!("--address=/{MYSQL}/127.0.0.1"),
        "--host-record=node-1.node.dc1.consul,127.0.0.1".to_owned(),
        format!(
            "--srv-host={PRIMARY},node-1.node.dc1.consul,{},1,1",
            timescale.server.port
        ),
    ])
    .await;
    let sgmp = named(&mysql, &timescale, &format!("127.0.0.1:{}", dnsmasq.port));
    let run = sgmp.without("TSDB_PORT").run(&["upgrade"]).await;
    run.expect(0);
}

#[tokio::test]
async fn what_consul_does_not_know_is_said_server_by_server_and_nothing_is_touched() {
    let (mysql, timescale) = pair().await;
    let cases = [
        (
            Says::Code(ResponseCode::NXDomain),
            "no such service, or none of it is healthy",
        ),
        (
            Says::Code(ResponseCode::NoError),
            "no such service, or none of it is healthy",
        ),
        (
            Says::Code(ResponseCode::ServFail),
            "it answers Server Failure",
        ),
        (
            Says::Code(ResponseCode::Refused),
            "it answers Query Refused",
        ),
        (Says::OtherName, "no such service, or none of it is healthy"),
        (Says::Nothing, "no answer within 2 s"),
    ];
    for (says, words) in cases {
        let consul = consul(&mysql, &timescale).await;
        consul.now(PRIMARY, says.clone());
        let run = named(&mysql, &timescale, &consul.address())
            .run(&["upgrade"])
            .await;
        run.expect(1).says(&format!("{PRIMARY}:")).says(&format!(
            "Consul gives no address ({}: {words}",
            consul.address()
        ));
        assert!(mysql.rows("SHOW TABLES").await.is_empty(), "{says:?}");
    }
    let run = named(&mysql, &timescale, "no-such-host.invalid:8600")
        .run(&["upgrade"])
        .await;
    run.expect(1)
        .says("no-such-host.invalid:8600: the server's own name does not resolve");
    let run = named(&mysql, &timescale, "10.0.0.1:")
        .run(&["status"])
        .await;
    run.expect(2).says("is no server of Consul's DNS");
    assert!(mysql.rows("SHOW TABLES").await.is_empty());
}

#[tokio::test]
async fn a_failover_is_waited_for_and_the_name_is_asked_again() {
    let (mysql, timescale) = pair().await;
    let (container, _) = server::own(Kind::Apache17, &["postgres", "-c", "fsync=off"]).await;
    let signal = "touch $PGDATA/standby.signal && chown postgres $PGDATA/standby.signal";
    server::execute(&container, signal).await;
    let standby = server::restart(&container, Kind::Apache17).await;
    let consul = consul(&mysql, &timescale).await;
    consul.now(PRIMARY, Says::Service(HERE, standby));
    let sgmp = named(&mysql, &timescale, &consul.address())
        .without("MYSQL_PORT")
        .without("TSDB_PORT")
        .with("TSDB_DATABASE", "postgres");
    let run = sgmp.run(&["upgrade", "--only", "timescale"]).await;
    run.expect(1).says("pg_is_in_recovery");

    // Without a primary Consul knows no such name; then it names the new one.
    let waits = sgmp.with("TSDB_DATABASE", timescale.name.clone());
    let mut run = Box::pin(waits.run(&["upgrade", "--wait", "5m", "--create-database"]));
    tokio::select! {
        run = &mut run => panic!("it did not wait: {run:?}"),
        () = tokio::time::sleep(Duration::from_secs(4)) => (),
    }
    consul.now(PRIMARY, Says::Code(ResponseCode::NXDomain));
    tokio::select! {
        run = &mut run => panic!("it did not wait: {run:?}"),
        () = tokio::time::sleep(Duration::from_secs(4)) => (),
    }
    consul.now(PRIMARY, Says::Service(HERE, timescale.server.port));
    let run = run.await;
    run.expect(0)
        .says(&format!(
            "127.0.0.1:{standby}, which Consul names, is a standby"
        ))
        .says("no such service, or none of it is healthy");
}

/// Debian's dnsmasq; it ends with the test.
struct Dnsmasq {
    port: u16,
    _process: Child,
}

impl Dnsmasq {
    async fn new(records: &[String]) -> Dnsmasq {
        let port = std::net::UdpSocket::bind((HERE, 0))
            .and_then(|socket| socket.local_addr())
            .expect("a port")
            .port();
        let process = Command::new(support::tool("dnsmasq", "SGMP_DB_DNSMASQ"))
            .args([
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--no-resolv",
                "--no-hosts",
            ])
            .args([
                "--listen-address=127.0.0.1",
                "--bind-interfaces",
                "--local=/consul/",
                "--pid-file=",
            ])
            .arg(format!("--port={port}"))
            .args(records)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("dnsmasq");
        for _ in 0..200 {
            // It listens for TCP as well.
            if std::net::TcpStream::connect((HERE, port)).is_ok() {
                return Dnsmasq {
                    port,
                    _process: process,
                };
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("dnsmasq does not listen on port {port}");
    }
}
