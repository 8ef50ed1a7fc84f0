//! Room that runs out in the middle of a file: a clear error, and the rest once there is room.

use crate::{
    project::Project,
    support::{
        Kind, MysqlDatabase, Server, TimescaleDatabase,
        database::postgres_admin,
        server::{own, request},
        unique,
    },
    victim::Database,
};
use std::time::Duration;
use testcontainers::{
    ContainerAsync, GenericImage, ImageExt, core::IntoContainerPort, core::Mount,
    runners::AsyncRunner,
};
use tokio::process::Command;

/// A PostgreSQL server with a small disk at `/small`.
struct Small {
    server: Server,
    _container: ContainerAsync<GenericImage>,
}

impl Small {
    async fn start() -> Small {
        let disk = Mount::tmpfs_mount("/small")
            .with_size("160m")
            .with_mode(0o1777);
        let flags = ["postgres", "-c", "timescaledb.telemetry_level=off"];
        let request = request(Kind::Apache17).await.with_mount(disk);
        let container = request.with_cmd(flags).start().await.expect("a server");
        let port = container.get_host_port_ipv4(5432.tcp()).await;
        let server = Server {
            kind: Kind::Apache17,
            port: port.expect("a port"),
            container: container.id().to_owned(),
        };
        let small = Small {
            server,
            _container: container,
        };
        for _ in 0..240 {
            if postgres_admin(small.server.port, "postgres").await.is_ok() {
                return small;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        panic!("the server does not answer");
    }

    async fn shell(&self, script: &str) {
        let ran = Command::new("docker")
            .args(["exec", &self.server.container, "sh", "-c", script])
            .output()
            .await
            .expect("the docker command");
        assert!(ran.status.success(), "{script}: {ran:?}");
    }
}

/// InnoDB gives up the whole server when the disk itself is full, so here the tablespace has an end.
#[tokio::test]
async fn a_full_tablespace_stops_mysql_in_a_statement_and_the_rest_runs_when_there_is_room() {
    let flags = [
        "mysqld",
        "--innodb-file-per-table=OFF",
        "--innodb-data-file-path=ibdata1:12M:autoextend:max:80M",
    ];
    let (_container, port) = own(Kind::Mysql, &flags).await;
    let server = Server {
        kind: Kind::Mysql,
        port,
        container: String::new(),
    };
    let mysql = |name: &str| MysqlDatabase {
        server: server.clone(),
        name: name.to_owned(),
    };
    let name = unique("full");
    let fill = |table: &str| {
        format!(
            "INSERT INTO {table} (body) SELECT REPEAT('x', 4000) FROM (SELECT 1 FROM \
             information_schema.COLLATIONS a JOIN information_schema.COLLATIONS b LIMIT 10000) n"
        )
    };
    let create = |table: &str| {
        format!("CREATE TABLE {table} (id int PRIMARY KEY AUTO_INCREMENT, body text NOT NULL)")
    };
    for sql in [
        "CREATE DATABASE ballast",
        &format!("CREATE DATABASE {name}"),
    ] {
        mysql("mysql").execute(sql).await;
    }
    mysql("ballast").execute(&create("ballast")).await;
    mysql("ballast").execute(&fill("ballast")).await;
    let database = Database::Mysql(mysql(&name));
    let (first, second) = (create("big"), fill("big"));
    let file = format!("{first};\n{second};\nCREATE TABLE later (id int PRIMARY KEY);\n");
    let project = Project::new(&database, &[&file]);
    let sgmp = project.sgmp(&database, port);
    sgmp.run(&["upgrade", "--only", "mysql"])
        .await
        .expect(7)
        .says("statement 2 of 3")
        .says("1 of 3 statements are in the database")
        .says("The table 'big' is full");
    assert_eq!(database.rows("SELECT count(*) FROM big").await, ["0"]);
    mysql("mysql").execute("DROP DATABASE ballast").await;
    sgmp.run(&["upgrade", "--only", "mysql"]).await.expect(0);
    assert_eq!(database.rows("SELECT count(*) FROM big").await, ["10000"]);
    sgmp.run(&["status", "--only", "mysql"]).await.expect(0);
}

#[tokio::test]
async fn a_full_disk_takes_a_whole_postgresql_file_back_and_it_runs_when_there_is_room() {
    let small = Small::start().await;
    small
        .shell("mkdir /small/space && chown postgres /small/space")
        .await;
    let name = unique("full");
    let session = postgres_admin(small.server.port, "postgres")
        .await
        .expect("a session");
    for sql in [
        "CREATE TABLESPACE small LOCATION '/small/space'".to_owned(),
        format!("CREATE DATABASE \"{name}\" TEMPLATE template0 TABLESPACE small"),
    ] {
        session.batch_execute(&sql).await.expect(&sql);
    }
    let server = small.server.clone();
    let database = Database::Timescale(TimescaleDatabase { server, name });
    let large =
        "INSERT INTO big SELECT g, repeat(md5(g::text), 50) FROM generate_series(1, 25000) g";
    let storage = "ALTER TABLE big ALTER body SET STORAGE PLAIN";
    let file = format!(
        "CREATE TABLE big (id int PRIMARY KEY, body text NOT NULL);\n{storage};\n{large};\n"
    );
    let project = Project::new(&database, &[&file]);
    // Room for 12 MiB; the file needs ten times that.
    small
        .shell("head -c $((($(df -Pm /small | awk 'NR == 2 { print $4 }') - 12) * 1048576)) /dev/zero >/small/filler")
        .await;
    let sgmp = project.sgmp(&database, small.server.port);
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(1)
        .says("statement 3 of 3")
        .says("nothing of this file is in the database")
        .says("No space left on device");
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename = 'big'";
    assert_eq!(database.rows(tables).await, ["0"]);
    small.shell("rm /small/filler").await;
    sgmp.run(&["upgrade", "--only", "timescale"])
        .await
        .expect(0);
    assert_eq!(database.rows("SELECT count(*) FROM big").await, ["25000"]);
    sgmp.run(&["status", "--only", "timescale"]).await.expect(0);
}
