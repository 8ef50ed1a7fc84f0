//! A statement that takes long says every half minute what the server says it is doing, and a server that has
//! stopped is told as such within a minute.

mod support;

use mysql_async::prelude::Queryable;
use std::{path::Path, time::Duration};
use support::{
    Kind, MysqlDatabase, Server, Sgmp, TimescaleDatabase,
    binary::finish,
    killed::{blocker, blocker_on, project, write},
    server::request,
    unique,
};
use tempfile::TempDir;
use testcontainers::{
    ContainerAsync, GenericImage, ImageExt,
    core::{IntoContainerPort, Mount},
    runners::AsyncRunner,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

fn on(sgmp: Sgmp, directory: &Path) -> Sgmp {
    sgmp.with("SGMP_DB_MIGRATIONS", directory.to_str().unwrap())
}

/// A project of which the first file is applied.
async fn behind_the_first(target: &str, call: Sgmp, files: &[&str]) -> (TempDir, Sgmp) {
    let directory = project(target, files);
    let sgmp = on(call, directory.path());
    sgmp.run(&["upgrade", "--only", target, "--to", "1"])
        .await
        .expect(0);
    (directory, sgmp)
}

/// Together, because each of them waits for more than half a minute.
#[tokio::test]
async fn whatever_takes_long_says_why() {
    tokio::join!(
        a_long_statement_says_what_both_servers_say(),
        a_statement_that_waits_names_who_is_in_its_way_on_mysql(),
        a_statement_that_waits_for_rows_names_who_has_them_on_mysql(),
        a_statement_that_waits_names_who_is_in_its_way_on_postgresql(),
    );
}

async fn a_long_statement_says_what_both_servers_say() {
    let (mysql, timescale) = (
        MysqlDatabase::new().await,
        TimescaleDatabase::new(Kind::Apache17).await,
    );
    let first = "CREATE TABLE a (id int PRIMARY KEY);\n";
    let directory = project("mysql", &[&format!("{first}DO SLEEP(36);\n")]);
    let sleep = format!("{first}SELECT pg_sleep(36);\n");
    write(directory.path(), "timescale", 1, &sleep);
    let run = on(Sgmp::on(&mysql, &timescale), directory.path())
        .run(&["upgrade"])
        .await;
    run.expect(0);
    for (target, words) in [
        ("mysql", "`User sleep`"),
        ("timescale", "it waits for Timeout PgSleep"),
    ] {
        let file = "V1__step.sql: statement 2 has been running for 3";
        let line = run
            .stderr
            .lines()
            .find(|line| line.starts_with(target) && line.contains(file) && line.contains(words));
        assert!(line.is_some(), "{target}: {words} in\n{}", run.stderr);
    }
}

async fn a_statement_that_waits_names_who_is_in_its_way_on_mysql() {
    let mysql = MysqlDatabase::new().await;
    let files = [
        "CREATE TABLE a (id int PRIMARY KEY);\nCREATE TABLE r (id int PRIMARY KEY);\nINSERT INTO r VALUES (1);",
        "-- sgmp-db: lock-timeout=90s\nALTER TABLE a ADD COLUMN b int;\n",
    ];
    let (_directory, sgmp) = behind_the_first("mysql", Sgmp::default().mysql(&mysql), &files).await;
    let mut table = blocker(&mysql, "a").await;
    let child = sgmp.spawn(&["upgrade", "--only", "mysql"]);
    tokio::time::sleep(Duration::from_secs(36)).await;
    table.query_drop("ROLLBACK").await.unwrap();
    finish(child)
        .await
        .expect(0)
        .says("V2__step.sql: statement 1 has been running for 3")
        .says("`Waiting for table metadata lock`")
        .says(&format!("held by connection {}", table.id()));
}

async fn a_statement_that_waits_for_rows_names_who_has_them_on_mysql() {
    let mysql = MysqlDatabase::new().await;
    let files = [
        "CREATE TABLE r (id int PRIMARY KEY, b int);\nINSERT INTO r VALUES (1, 1);",
        "-- sgmp-db: lock-timeout=90s\nSET SESSION innodb_lock_wait_timeout = 90;\nUPDATE r SET b = 2;\n",
    ];
    let (_directory, sgmp) = behind_the_first("mysql", Sgmp::default().mysql(&mysql), &files).await;
    let mut rows = mysql.session().await;
    rows.query_drop("START TRANSACTION").await.unwrap();
    rows.query_drop("UPDATE r SET b = 3").await.unwrap();
    let child = sgmp.spawn(&["upgrade", "--only", "mysql"]);
    tokio::time::sleep(Duration::from_secs(36)).await;
    rows.query_drop("ROLLBACK").await.unwrap();
    finish(child)
        .await
        .expect(0)
        .says("V2__step.sql: statement 2 has been running for 3")
        .says(&format!("rows are locked by connection {}", rows.id()));
}

async fn a_statement_that_waits_names_who_is_in_its_way_on_postgresql() {
    let timescale = TimescaleDatabase::new(Kind::Apache17).await;
    let files = [
        "CREATE TABLE a (id int PRIMARY KEY);",
        "-- sgmp-db: lock-timeout=90s\nALTER TABLE a ADD COLUMN b int;\n",
    ];
    let (_directory, sgmp) =
        behind_the_first("timescale", Sgmp::default().timescale(&timescale), &files).await;
    let session = blocker_on(&timescale, "a").await;
    let pid: i32 = session
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap()
        .get(0);
    let child = sgmp.spawn(&["upgrade", "--only", "timescale"]);
    tokio::time::sleep(Duration::from_secs(36)).await;
    session.batch_execute("ROLLBACK").await.unwrap();
    finish(child)
        .await
        .expect(0)
        .says("V2__step.sql: statement 1 has been running for 3")
        .says("it waits for a lock (relation)")
        .says(&format!("held by backend {pid}"));
}

/// A MySQL server whose binary log is on a small disk.
async fn small() -> (ContainerAsync<GenericImage>, Server) {
    let disk = Mount::tmpfs_mount("/small")
        .with_size("24m")
        .with_mode(0o1777);
    let request = request(Kind::Mysql).await.with_mount(disk);
    let flags = ["mysqld", "--log-bin=/small/binlog"];
    let container = request.with_cmd(flags).start().await.expect("a server");
    let port = container.get_host_port_ipv4(3306.tcp()).await;
    let server = Server {
        kind: Kind::Mysql,
        port: port.expect("a port"),
        container: container.id().to_owned(),
    };
    for _ in 0..240 {
        if support::database::mysql_admin(server.port).await.is_ok() {
            return (container, server);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("the server does not answer");
}

async fn shell(server: &Server, script: &str) {
    let ran = Command::new("docker")
        .args(["exec", &server.container, "sh", "-c", script])
        .output()
        .await
        .expect("the docker command");
    assert!(ran.status.success(), "{script}: {ran:?}");
}

#[tokio::test]
async fn a_mysql_server_whose_disk_is_full_is_told_within_a_minute_and_goes_on_with_room() {
    let (_container, server) = small().await;
    let name = unique("stopped");
    let mysql = |name: &str| MysqlDatabase {
        server: server.clone(),
        name: name.to_owned(),
    };
    mysql("mysql")
        .execute(&format!("CREATE DATABASE {name}"))
        .await;
    let insert = "INSERT INTO big (body) VALUES (REPEAT('x', 8000000));\n";
    let file = format!(
        "CREATE TABLE big (id int PRIMARY KEY AUTO_INCREMENT, body longtext NOT NULL);\n{insert}"
    );
    let directory = project("mysql", &[&file]);
    let sgmp = on(Sgmp::default().mysql(&mysql(&name)), directory.path());
    // Room for 3 MiB; the log of the statement needs more.
    shell(&server, "head -c $((($(df -Pm /small | awk 'NR == 2 { print $4 }') - 3) * 1048576)) /dev/zero >/small/filler").await;
    // The statement's text is short, so its rows must be what is logged.
    mysql("mysql")
        .execute("SET GLOBAL binlog_format = ROW")
        .await;
    let mut child = sgmp.spawn(&["upgrade", "--only", "mysql"]);
    let stderr = child.stderr.take().expect("its stderr");
    let told = async {
        let mut lines = BufReader::new(stderr).lines();
        while let Some(line) = lines.next_line().await.expect("a line") {
            if line.contains("has been running for") {
                return line;
            }
        }
        panic!("it ended and said nothing");
    };
    let line = tokio::time::timeout(Duration::from_secs(60), told).await;
    let line = line.expect("within a minute");
    assert!(line.contains("the server says:"), "{line}");
    assert!(line.contains("full"), "{line}");
    shell(&server, "rm /small/filler").await;
    finish(child).await.expect(0);
    let rows = mysql(&name).rows("SELECT count(*) FROM big").await;
    assert_eq!(rows, ["1"]);
}
