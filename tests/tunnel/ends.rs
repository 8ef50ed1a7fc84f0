//! ssh ends before us, and we end before ssh.

use super::{
    pair,
    support::{
        Bastion, Kind, MysqlDatabase, Sgmp, Story, TimescaleDatabase,
        bastion::{group, signal},
        binary::finish,
        killed::{blocker, blocker_on, gone, waiting, waiting_on},
        story::until,
    },
};
use mysql_async::prelude::Queryable;
use std::fs;

const TABLE: &str = "CREATE TABLE a (id int);\n";
const THREE: &str =
    "CREATE TABLE b (id int);\nALTER TABLE a ADD COLUMN b int;\nCREATE TABLE c (id int);\n";

/// How a tunnel is lost, with what is told of it.
const LOSSES: [(&str, &str); 3] = [
    ("ssh-killed", "ssh is killed in statement 2 of 3"),
    (
        "bastion-drops",
        "the bastion drops the connection in statement 2 of 3",
    ),
    (
        "bastion-silent",
        "the bastion falls silent in statement 2 of 3",
    ),
];

async fn lose(bastion: &Bastion, how: &str) {
    match how {
        "ssh-killed" => signal("KILL", bastion.client().await),
        "bastion-drops" => bastion.drops_all(),
        _ => bastion.falls_silent(),
    }
}

/// Silence is noticed after two seconds and not after a minute.
fn impatient(bastion: &Bastion, sgmp: Sgmp) -> Sgmp {
    let options = format!(
        "{}\nServerAliveInterval=1\nServerAliveCountMax=2",
        bastion.options()
    );
    bastion.through(sgmp).with("SGMP_DB_SSH_OPTION", options)
}

fn mask<D: super::support::story::Database>(story: &mut Story<D>, bastion: &Bastion, port: u16) {
    story.is_called(&bastion.name(), "BASTION");
    story.is_called(&format!("127.0.0.1:{port}"), "SERVER");
    for words in [
        "Connection to 127.0.0.1 closed by remote host.",
        "Read from remote host 127.0.0.1: Connection reset by peer; client_loop: send disconnect: Broken pipe",
    ] {
        story.is_called(words, "<connection gone>");
    }
}

#[tokio::test]
async fn mysql_goes_on_after_the_tunnel_was_lost() {
    for (how, what) in LOSSES {
        let bastion = Bastion::new("").await;
        let database = MysqlDatabase::new().await;
        let port = database.server.port;
        let sgmp = impatient(&bastion, Sgmp::default().mysql(&database));
        let mut story = Story::on(database, sgmp, &[TABLE, THREE]);
        mask(&mut story, &bastion, port);
        story.prepares("upgrade --to 1").await;
        let mut held = blocker(&story.database, "a").await;
        let child = story.starts("upgrade");
        let connection = waiting(&story.database).await;
        story.meanwhile(what);
        lose(&bastion, how).await;
        story.ends(child, 7).await;
        bastion.is_left().await;
        // One that is silent keeps its connection to the server, until it is switched off.
        bastion.drops_all();
        held.query_drop("ROLLBACK").await.unwrap();
        gone(&story.database, &connection).await;
        story.types("status", 7).await;
        story.types("upgrade", 0).await;
        story.there().await;
        story.is(&format!("tunnel/{how}.mysql"));
    }
}

#[tokio::test]
async fn timescale_goes_on_after_the_tunnel_was_lost() {
    for (how, what) in LOSSES {
        let bastion = Bastion::new("").await;
        let database = TimescaleDatabase::new(Kind::Apache17).await;
        let port = database.server.port;
        let sgmp = impatient(&bastion, Sgmp::default().timescale(&database));
        let mut story = Story::on(database, sgmp, &[TABLE, THREE]);
        mask(&mut story, &bastion, port);
        story.prepares("upgrade --to 1").await;
        let held = blocker_on(&story.database, "a").await;
        let child = story.starts("upgrade");
        let backend = waiting_on(&story.database).await;
        story.meanwhile(what);
        lose(&bastion, how).await;
        story.ends(child, 1).await;
        bastion.is_left().await;
        bastion.drops_all();
        // PostgreSQL looks every ten seconds whether its client is still there.
        let left = format!(
            "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {backend})"
        );
        until(&story.database, &left).await;
        held.batch_execute("ROLLBACK").await.unwrap();
        story.types("status", 3).await;
        story.types("upgrade", 0).await;
        story.there().await;
        story.is(&format!("tunnel/{how}.timescale"));
    }
}

/// Ctrl-C goes to everybody on the terminal: ssh too, which must last until the server has been told.
#[tokio::test]
async fn ctrl_c_reaches_the_servers_through_the_tunnel() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let bastion = Bastion::new("").await;
        let database = MysqlDatabase::new().await;
        let sgmp = bastion.through(Sgmp::default().mysql(&database));
        let story = Story::on(database, sgmp, &[TABLE, THREE]);
        story.prepares("upgrade --to 1").await;
        let mut held = blocker(&story.database, "a").await;
        let mut command = story.sgmp.command(&["upgrade", "--only", "mysql"]);
        let child = command.process_group(0).spawn().unwrap();
        let connection = waiting(&story.database).await;
        assert!(group(name, child.id().unwrap()));
        let run = finish(child).await;
        run.expect(code)
            .says("1 of 3 statements are in the database");
        // Not waiting for the table any more, though the table is still held.
        gone(&story.database, &connection).await;
        held.query_drop("ROLLBACK").await.unwrap();
        bastion.is_left().await;
        story
            .sgmp
            .run(&["upgrade", "--only", "mysql"])
            .await
            .expect(0);
    }
}

#[tokio::test]
async fn ctrl_c_cancels_on_timescale_through_the_tunnel() {
    let bastion = Bastion::new("").await;
    let database = TimescaleDatabase::new(Kind::Apache17).await;
    let sgmp = bastion.through(Sgmp::default().timescale(&database));
    let story = Story::on(database, sgmp, &[TABLE, THREE]);
    story.prepares("upgrade --to 1").await;
    let held = blocker_on(&story.database, "a").await;
    let mut command = story.sgmp.command(&["upgrade", "--only", "timescale"]);
    let child = command.process_group(0).spawn().unwrap();
    waiting_on(&story.database).await;
    assert!(group("INT", child.id().unwrap()));
    finish(child).await.expect(130);
    held.batch_execute("ROLLBACK").await.unwrap();
    bastion.is_left().await;
    story
        .sgmp
        .run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
}

/// Whatever is left in the directory for temporary files.
fn left(directory: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("sgmp-db-")).collect()
}

#[tokio::test]
async fn ssh_and_its_sockets_are_gone_however_we_end() {
    let bastion = Bastion::new("").await;
    let (_mysql, _timescale, sgmp) = pair().await;
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().display().to_string();
    let sgmp = bastion.through(sgmp).with("TMPDIR", path);
    sgmp.run(&["status"]).await.expect(3);
    bastion.is_left().await;
    assert_eq!(left(temporary.path()), Vec::<String>::new());

    for name in ["KILL", "ABRT", "QUIT"] {
        // Long enough to be killed in: it waits for a server that is not there.
        let mut child = sgmp
            .clone()
            .with("MYSQL_PORT", "1")
            .spawn(&["upgrade", "--wait", "10m"]);
        bastion.client().await;
        for _ in 0..400 {
            if !left(temporary.path()).is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(left(temporary.path()).len(), 1, "its sockets");
        signal(name, child.id().unwrap());
        child.wait().await.unwrap();
        bastion.is_left().await;
        assert_eq!(left(temporary.path()), Vec::<String>::new(), "{name}");
    }
}
