//! The containers. nextest runs every test in a process of its own, so a container is found by its
//! name, started under a file lock by whoever comes first, and removed by scripts/test.

use sgmp_db::sandbox::images::{self, Role};
use std::{fs::File, time::Duration};
use testcontainers::{
    ContainerAsync, ContainerRequest, GenericImage, ImageExt, ReuseDirective,
    core::{ExecCommand, IntoContainerPort},
    runners::AsyncRunner,
};

/// The administrator's password on every test server.
pub const PASSWORD: &str = "p@:/%'\"$ ü";

/// Marks every container of the tests; scripts/test removes what carries it.
pub const LABEL: &str = "org.sgmp-db.test";

/// Which checkout's containers these are; scripts/test says it.
fn run() -> String {
    std::env::var("SGMP_DB_TEST_RUN").unwrap_or_else(|_| "by-hand".to_owned())
}

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Mysql,
    /// PostgreSQL 17 with TimescaleDB 2.19 under the Apache licence.
    Apache17,
    /// PostgreSQL 18 with TimescaleDB 2.31 under the Apache licence.
    Apache18,
    /// TimescaleDB under the community licence.
    Community,
}

impl Kind {
    /// Every TimescaleDB.
    pub const TIMESCALE: [Kind; 3] = [Kind::Apache17, Kind::Apache18, Kind::Community];

    fn role(self) -> Role {
        match self {
            Kind::Mysql => images::MYSQL,
            Kind::Apache17 => Role {
                variable: "SGMP_DB_TIMESCALE_APACHE17_IMAGE",
                official: "timescale/timescaledb:2.19.3-pg17-oss",
                local: "sgmp-db/timescaledb:2.19-pg17",
            },
            Kind::Apache18 => Role {
                variable: "SGMP_DB_TIMESCALE_APACHE18_IMAGE",
                official: "timescale/timescaledb:latest-pg18-oss",
                local: "sgmp-db/timescaledb:2.31-pg18",
            },
            Kind::Community => Role {
                variable: "SGMP_DB_TIMESCALE_COMMUNITY_IMAGE",
                official: "timescale/timescaledb:latest-pg17",
                local: "sgmp-db/timescaledb:2.23-community",
            },
        }
    }

    fn port(self) -> u16 {
        if self == Kind::Mysql { 3306 } else { 5432 }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Mysql => "mysql",
            Kind::Apache17 => "apache17",
            Kind::Apache18 => "apache18",
            Kind::Community => "community",
        }
    }

    /// Server flags that make tests quick; no test may depend on them.
    fn command(self) -> Vec<&'static str> {
        match self {
            Kind::Mysql => vec![
                "mysqld",
                "--max-connections=500",
                "--innodb-flush-log-at-trx-commit=2",
                "--sync-binlog=0",
            ],
            Kind::Apache17 | Kind::Apache18 => vec![
                "postgres",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=300",
                "-c",
                "timescaledb.telemetry_level=off",
            ],
            Kind::Community => vec!["postgres"],
        }
    }
}

/// A running server.
#[derive(Debug, Clone)]
pub struct Server {
    pub kind: Kind,
    pub port: u16,
    /// The container's name, for `docker exec`.
    pub container: String,
}

impl Server {
    /// The run's shared server of that kind.
    pub async fn shared(kind: Kind) -> Server {
        let name = format!("sgmp-db-test-{}-{}", kind.name(), run());
        let path = std::env::temp_dir().join(format!("{name}.lock"));
        let lock = File::create(path).expect("a lock file");
        // On a thread of its own: another future of this very process may hold the lock and have to go on.
        let taken = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock));
        let lock = taken.await.expect("a thread");
        let _lock = lock.expect("the lock on starting a server");
        let request = request(kind)
            .await
            .with_reuse(ReuseDirective::Always)
            .with_container_name(&name);
        let container = request.start().await.expect("a test server");
        let port = container
            .get_host_port_ipv4(kind.port().tcp())
            .await
            .expect("a published port");
        let server = Server {
            kind,
            port,
            container: name,
        };
        server.wait().await;
        server
    }

    /// Waits until the server takes a login.
    async fn wait(&self) {
        for _ in 0..240 {
            if self.answers().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        panic!("{} does not answer on port {}", self.container, self.port);
    }

    async fn answers(&self) -> bool {
        match self.kind {
            Kind::Mysql => super::database::mysql_admin(self.port).await.is_ok(),
            _ => super::database::postgres_admin(self.port, "postgres")
                .await
                .is_ok(),
        }
    }
}

/// A container of that kind, not started.
pub async fn request(kind: Kind) -> ContainerRequest<GenericImage> {
    let docker = images::docker().await.expect("a Docker engine");
    let role = kind.role();
    let named = std::env::var(role.variable).ok();
    let image = images::resolve(&docker, role, named.as_deref())
        .await
        .expect("an image");
    let (repository, tag) = image.rsplit_once(':').expect("an image with a tag");
    GenericImage::new(repository, tag)
        .with_exposed_port(kind.port().tcp())
        .with_cmd(kind.command())
        .with_env_var("MYSQL_ROOT_PASSWORD", PASSWORD)
        .with_env_var("POSTGRES_PASSWORD", PASSWORD)
        .with_label(LABEL, run())
        .with_startup_timeout(Duration::from_secs(120))
}

/// A server of this test's own, with its own flags.
pub async fn own(kind: Kind, command: &[&str]) -> (ContainerAsync<GenericImage>, u16) {
    let request = request(kind).await.with_cmd(command.iter().copied());
    let container = request.start().await.expect("a server");
    let inside = if kind == Kind::Mysql { 3306 } else { 5432 };
    let port = container
        .get_host_port_ipv4(inside.tcp())
        .await
        .expect("a port");
    for _ in 0..120 {
        let answers = match kind {
            Kind::Mysql => super::database::mysql_admin(port).await.is_ok(),
            _ => super::database::postgres_admin(port, "postgres")
                .await
                .is_ok(),
        };
        if answers {
            return (container, port);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("the server does not answer");
}

/// A file inside a container.
pub async fn read_file(container: &ContainerAsync<GenericImage>, path: &str) -> Vec<u8> {
    let mut result = container
        .exec(ExecCommand::new(["cat", path]))
        .await
        .expect("a command in the container");
    result.stdout_to_vec().await.expect("the file")
}

/// Runs a shell's line as root inside a container.
pub async fn execute(container: &ContainerAsync<GenericImage>, line: &str) {
    let mut result = container
        .exec(ExecCommand::new(["sh", "-c", line]))
        .await
        .expect("a command in the container");
    let said = result.stderr_to_vec().await.expect("what it said");
    let code = result.exit_code().await.expect("how it ended");
    assert_eq!(code, Some(0), "{line}: {}", String::from_utf8_lossy(&said));
}

/// Stops and starts a container; its port may be another one afterwards.
pub async fn restart(container: &ContainerAsync<GenericImage>, kind: Kind) -> u16 {
    container.stop().await.expect("a stopped server");
    start(container, kind).await
}

/// Kills the server: not a shutdown that is cut short, but a process that is gone.
pub async fn kill(container: &ContainerAsync<GenericImage>) {
    let killed = tokio::process::Command::new("docker")
        .args(["kill", container.id()])
        .output()
        .await;
    assert!(killed.expect("the docker command").status.success());
}

/// Starts a stopped or killed server; its port may be another one than before.
pub async fn start(container: &ContainerAsync<GenericImage>, kind: Kind) -> u16 {
    container.start().await.expect("a started server");
    let port = container
        .get_host_port_ipv4(kind.port().tcp())
        .await
        .expect("a port");
    let server = Server {
        kind,
        port,
        container: container.id().to_owned(),
    };
    server.wait().await;
    port
}
