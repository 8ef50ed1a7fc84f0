//! The commands work as they do without a tunnel, with one ssh for all connections.

use super::{
    pair,
    support::{Bastion, Link, Proxy, server::PASSWORD},
};
use std::{fs, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::ChildStderr,
};

#[tokio::test]
async fn upgrade_status_and_a_second_upgrade_each_through_one_ssh() {
    let bastion = Bastion::new("").await;
    let (mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion.through(sgmp);
    let (run, document) = sgmp.json(&["upgrade"]).await;
    run.expect(0);
    assert_eq!(document["targets"]["mysql"]["version"], 9);
    assert_eq!(bastion.connections(), 1);
    bastion.is_left().await;
    sgmp.run(&["status"]).await.expect(0);
    sgmp.run(&["upgrade"]).await.expect(0);
    assert_eq!(bastion.connections(), 3);
    assert!(mysql.definitions().await.contains("`analytics`"));
    bastion.is_left().await;
}

/// Flags as in the README; the option is given twice.
#[tokio::test]
async fn every_setting_is_a_flag_too() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let [first, second] = [bastion.options(), bastion.options()].map(|both| both);
    let first = first.lines().next().unwrap().to_owned();
    let second = second.lines().nth(1).unwrap().to_owned();
    let (name, identity) = (bastion.name(), bastion.file("id"));
    let flags = [
        "status",
        "--bastion",
        &name,
        "--identity",
        &identity,
        "--ssh-option",
        &first,
        "--ssh-option",
        &second,
    ];
    sgmp.run(&flags).await.expect(3);
    assert_eq!(bastion.connections(), 1);
}

/// A database of one of the two is as good.
#[tokio::test]
async fn one_database_alone_needs_no_name_of_the_other() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion.through(sgmp).without("TSDB_HOST");
    sgmp.run(&["status", "--only", "mysql"]).await.expect(3);
    let run = sgmp.run(&["status"]).await;
    run.expect(2).says("--timescale-host HOST");
}

#[tokio::test]
async fn a_bastion_with_an_ipv6_address() {
    let bastion = Bastion::at("::1", "").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion.through(sgmp);
    assert!(
        bastion
            .name()
            .ends_with(&format!("@[::1]:{}", bastion.port))
    );
    sgmp.run(&["status"]).await.expect(3);
    // So has a server behind it.
    let run = sgmp
        .with("TSDB_HOST", "::1")
        .with("TSDB_PORT", "9")
        .run(&["status"])
        .await;
    run.expect(1)
        .says("[::1]:9 cannot be reached through the bastion");
}

/// A bastion that terraform has just made, and a server that is not there yet behind it.
#[tokio::test]
async fn an_upgrade_waits_for_the_bastion_and_for_the_server() {
    let mut bastion = Bastion::new("").await;
    bastion.shuts();
    let (mysql, _timescale, sgmp) = pair().await;
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let sgmp = bastion.through(sgmp).with("MYSQL_PORT", port.to_string());
    let mut child = sgmp.spawn(&["upgrade", "--wait", "60s"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    hears(&mut lines, "the bastion").await;
    bastion.opens().await;
    hears(&mut lines, "nobody listens there").await;
    let _server = Proxy::listening_on(port, mysql.server.port, Link::round_trip(Duration::ZERO));
    let status = child.wait().await.unwrap();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        said.push_str(&line);
    }
    assert_eq!(status.code(), Some(0), "{said}");
}

async fn hears(lines: &mut Lines<BufReader<ChildStderr>>, words: &str) {
    let heard = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains(words) {
                return;
            }
        }
        panic!("it ended without {words}");
    };
    tokio::time::timeout(Duration::from_secs(60), heard)
        .await
        .expect(words);
}

/// Neither ssh nor what keeps it has a password among its variables or arguments.
#[tokio::test]
async fn ssh_gets_no_password() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let sgmp = bastion
        .through(sgmp)
        .with("MYSQL_PORT", "1")
        .with("SGMP_DB_TSDB_APP_PASS", PASSWORD);
    let mut child = sgmp.spawn(&["upgrade", "--wait", "10m"]);
    let ssh = bastion.client().await;
    let status = fs::read_to_string(format!("/proc/{ssh}/status")).unwrap();
    let keeper = status
        .lines()
        .find_map(|line| line.strip_prefix("PPid:"))
        .unwrap()
        .trim()
        .to_owned();
    for process in [ssh.to_string(), keeper] {
        for file in ["environ", "cmdline"] {
            let text = fs::read(format!("/proc/{process}/{file}")).unwrap();
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains(PASSWORD), "{file}: {text}");
            assert!(file != "environ" || text.contains("PATH="), "{text}");
        }
    }
    child.kill().await.unwrap();
    bastion.is_left().await;
}
