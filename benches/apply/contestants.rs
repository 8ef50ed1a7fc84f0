//! Who applies the migrations: a client in one session, this tool, and other tools where they are.

use crate::{
    cost::{self, Cost},
    files::Files,
    server::{BenchServer, PASSWORD, USER},
    support::Kind,
};
use std::{env, fs, process::Stdio, time::Duration};
use tokio::process::Command;

/// One way to apply them.
pub struct Contestant {
    pub name: &'static str,
    tool: Tool,
}

enum Tool {
    /// `mysql` or `psql` inside the container, the SQL on its standard input.
    Client,
    Ours,
    Refinery(String),
    Sqlx(String),
    Dbmate(String),
    Alembic(String),
}

/// Ours alone.
pub fn ours(_: Kind) -> Contestant {
    Contestant {
        name: "sgmp-db",
        tool: Tool::Ours,
    }
}

/// The client first: the others are measured against it.
pub fn all(kind: Kind) -> Vec<Contestant> {
    let client = if kind == Kind::Mysql {
        "mysql, one session"
    } else {
        "psql, one session"
    };
    let mut all = vec![
        Contestant {
            name: client,
            tool: Tool::Client,
        },
        ours(kind),
    ];
    type Other = (&'static str, &'static str, fn(String) -> Tool);
    let others: [Other; 4] = [
        ("refinery", "SGMP_DB_REFINERY", Tool::Refinery),
        ("sqlx", "SGMP_DB_BENCH_SQLX", Tool::Sqlx),
        ("dbmate", "SGMP_DB_BENCH_DBMATE", Tool::Dbmate),
        ("Alembic", "SGMP_DB_BENCH_ALEMBIC", Tool::Alembic),
    ];
    for (name, variable, tool) in others {
        match env::var(variable) {
            Ok(path) => all.push(Contestant {
                name,
                tool: tool(path),
            }),
            Err(_) => println!("{name} is left out: {variable} does not name it"),
        }
    }
    all
}

impl Contestant {
    /// Applies all of them to an empty database.
    pub async fn run(&self, server: &BenchServer, database: &str, files: &Files) -> Cost {
        let before = server.written().await;
        let mut cost = self
            .run_at(server, (&server.host, server.port), database, files)
            .await;
        cost.written = server.written().await - before;
        cost
    }

    /// The same through another address.
    pub async fn run_at(
        &self,
        server: &BenchServer,
        (host, port): (&str, u16),
        database: &str,
        files: &Files,
    ) -> Cost {
        let login = Login {
            kind: server.kind,
            host,
            port,
            database,
        };
        let mut spare = Duration::ZERO;
        let mut command = match &self.tool {
            Tool::Client => {
                // What `docker exec` itself takes is not the client's time.
                spare = cost::of(server.shell("true")).await.time;
                login.client(server, files)
            }
            Tool::Ours => login.ours(files),
            Tool::Refinery(path) => login.refinery(path, files),
            Tool::Sqlx(path) => {
                let source = files.path("sqlx");
                let mut command = Command::new(path);
                command.args([
                    "migrate",
                    "run",
                    "--database-url",
                    &login.url("mysql", "postgres"),
                ]);
                command.arg("--source").arg(source);
                command
            }
            Tool::Dbmate(path) => {
                let mut command = Command::new(path);
                let url = login.url("mysql", "postgres")
                    + if server.kind == Kind::Mysql {
                        ""
                    } else {
                        "?sslmode=disable"
                    };
                command.args(["--url", &url, "--no-dump-schema", "--migrations-dir"]);
                command.arg(files.path("dbmate")).arg("migrate");
                command
            }
            Tool::Alembic(path) => login.alembic(path, files),
        };
        command.stdout(Stdio::null());
        let mut cost = cost::of(command).await;
        cost.time = cost.time.saturating_sub(spare);
        cost
    }
}

struct Login<'a> {
    kind: Kind,
    host: &'a str,
    port: u16,
    database: &'a str,
}

impl Login<'_> {
    fn url(&self, mysql: &str, postgres: &str) -> String {
        let scheme = if self.kind == Kind::Mysql {
            mysql
        } else {
            postgres
        };
        format!(
            "{scheme}://{USER}:{PASSWORD}@{}:{}/{}",
            self.host, self.port, self.database
        )
    }

    fn client(&self, server: &BenchServer, files: &Files) -> Command {
        let database = self.database;
        let (script, file) = match self.kind {
            Kind::Mysql => (
                format!(
                    "MYSQL_PWD={PASSWORD} mysql -u{USER} -h127.0.0.1 --protocol=tcp {database}"
                ),
                "mysql.sql",
            ),
            _ => (
                format!(
                    "PGPASSWORD={PASSWORD} psql -qX -v ON_ERROR_STOP=1 -U {USER} -h 127.0.0.1 {database}"
                ),
                "postgres.sql",
            ),
        };
        let mut command = server.shell(&cost::reporting_its_peak(&script));
        command.stdin(fs::File::open(files.path(file)).expect("the SQL"));
        command
    }

    fn ours(&self, files: &Files) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sgmp-db"));
        let only = if self.kind == Kind::Mysql {
            "mysql"
        } else {
            "timescale"
        };
        command.args(["upgrade", "--only", only, "--migrations"]);
        command
            .arg(files.path("ours"))
            .current_dir(files.path("ours"));
        for (mysql, timescale, value) in [
            ("MYSQL_HOST", "TSDB_HOST", self.host),
            ("MYSQL_PORT", "TSDB_PORT", &self.port.to_string()),
            ("MYSQL_USER", "TSDB_USER", USER),
            ("MYSQL_PASS", "TSDB_PASS", PASSWORD),
            ("MYSQL_DATABASE", "TSDB_DATABASE", self.database),
        ] {
            command.env(mysql, value).env(timescale, value);
        }
        command
    }

    fn refinery(&self, path: &str, files: &Files) -> Command {
        let file = files.path("refinery.toml");
        let kind = if self.kind == Kind::Mysql {
            "Mysql"
        } else {
            "Postgres"
        };
        let text = format!(
            "[main]\ndb_type = \"{kind}\"\ndb_host = \"{}\"\ndb_port = \"{}\"\ndb_user = \"{USER}\"\n\
             db_pass = \"{PASSWORD}\"\ndb_name = \"{}\"\n",
            self.host, self.port, self.database
        );
        fs::write(&file, text).expect("a configuration");
        let mut command = Command::new(path);
        command
            .args(["migrate", "-c"])
            .arg(file)
            .arg("-p")
            .arg(files.path("refinery"));
        command
    }

    fn alembic(&self, path: &str, files: &Files) -> Command {
        let file = files.path("alembic.ini");
        let folder = files.path("alembic");
        let text = format!(
            "[alembic]\nscript_location = {}\nsqlalchemy.url = {}\n",
            folder.display(),
            self.url("mysql+pymysql", "postgresql+psycopg2")
        );
        fs::write(&file, text).expect("a configuration");
        let mut command = Command::new(path);
        command
            .arg("-c")
            .arg(file)
            .args(["upgrade", "head"])
            .current_dir(folder);
        command
    }
}
