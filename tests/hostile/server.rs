//! Either database, with its own command line.

use crate::{
    items::{self, Draw, Item},
    nasty::Dice,
    support::{Kind, MysqlDatabase, Sgmp, TimescaleDatabase, server::PASSWORD},
};
use mysql_async::prelude::Queryable;
use std::{process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command};

pub enum Database {
    Mysql(MysqlDatabase),
    Timescale(TimescaleDatabase),
}

impl Database {
    pub async fn new(target: &str) -> Database {
        match target {
            "mysql" => Database::Mysql(MysqlDatabase::new().await),
            _ => Database::Timescale(TimescaleDatabase::new(Kind::Apache18).await),
        }
    }

    pub fn sgmp(&self) -> Sgmp {
        match self {
            Database::Mysql(database) => Sgmp::default().mysql(database),
            Database::Timescale(database) => Sgmp::default().timescale(database),
        }
    }

    pub fn items(&self, dice: &mut Dice, file: &str, tables: usize) -> Vec<Item> {
        let (number, is_mysql) = (0, matches!(self, Database::Mysql(_)));
        let quote = if is_mysql { '`' } else { '"' };
        let mut draw = Draw {
            dice,
            file,
            number,
            quote,
        };
        match is_mysql {
            true => items::mysql(&mut draw, tables),
            false => items::postgres(&mut draw, tables),
        }
    }

    /// Runs one statement.
    pub async fn run(&self, sql: &str) -> Result<(), String> {
        match self {
            Database::Mysql(database) => {
                let ran = database.session().await.query_drop(sql).await;
                ran.map_err(|error| error.to_string())
            }
            Database::Timescale(database) => {
                let ran = database.session().await.batch_execute(sql).await;
                ran.map_err(|error| error.to_string())
            }
        }
    }

    pub async fn rows(&self, sql: &str) -> Vec<String> {
        match self {
            Database::Mysql(database) => database.rows(sql).await,
            Database::Timescale(database) => database.rows(sql).await,
        }
    }

    /// Gives the script to psql or mysql, which go on after an error and may run commands of the shell, and
    /// returns what they said.
    pub async fn client(&self, script: &str) -> String {
        let (container, name, password) = match self {
            Database::Mysql(one) => (&one.server.container, &one.name, "MYSQL_PWD"),
            Database::Timescale(one) => (&one.server.container, &one.name, "PGPASSWORD"),
        };
        let line: Vec<&str> = match self {
            // `loose`: older clients always run them.
            Database::Mysql(_) => vec![
                "mysql",
                "-h127.0.0.1",
                "-uroot",
                "--force",
                "--loose-commands=ON",
                "--loose-system-command=ON",
                name,
            ],
            Database::Timescale(_) => vec![
                "psql",
                "-X",
                "-q",
                "-h",
                "127.0.0.1",
                "-U",
                "postgres",
                name,
            ],
        };
        let said = exec(container, &format!("{password}={PASSWORD}"), &line, script).await;
        said.replace("mysql: [Warning]", "")
    }

    /// Does that file exist where the client ran?
    pub async fn has_file(&self, file: &str) -> bool {
        let container = match self {
            Database::Mysql(one) => &one.server.container,
            Database::Timescale(one) => &one.server.container,
        };
        let said = exec(
            container,
            "A=B",
            &["sh", "-c", &format!("ls {file} 2>/dev/null; true")],
            "",
        )
        .await;
        !said.trim().is_empty()
    }
}

async fn exec(container: &str, variable: &str, line: &[&str], input: &str) -> String {
    let mut command = Command::new("docker");
    command
        .args(["exec", "-i", "-e", variable, container])
        .args(line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().expect("docker");
    let mut stdin = child.stdin.take().expect("its input");
    let (written, output) = tokio::time::timeout(Duration::from_secs(90), async {
        let write = async {
            let written = stdin.write_all(input.as_bytes()).await;
            drop(stdin);
            written
        };
        tokio::join!(write, child.wait_with_output())
    })
    .await
    .expect("the client ends");
    written.expect("the client reads");
    let output = output.expect("the client runs");
    let words = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&words).into_owned()
}
