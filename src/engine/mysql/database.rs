//! The database itself: making it, and stopping what a session does in it.

use super::{Mysql, session};
use crate::{
    config::Endpoint,
    connect::{self, ConnectOptions},
    engine::Canceller,
    outcome::Failure,
    target::Target,
};
use anyhow::{Context, Result};
use async_trait::async_trait;

/// Creates the database as utf8mb4 with that character set's default collation.
/// `IF NOT EXISTS` lets somebody else win the race.
pub async fn create(mysql: &mut Mysql) -> Result<()> {
    let name = session::identifier(&mysql.endpoint.database);
    let create = format!("CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4");
    let enter = format!("USE {name}");
    mysql
        .packet(&[&create, &enter])
        .await
        .with_context(|| format!("creating database {name}"))?;
    mysql.selected = true;
    Ok(())
}

/// `KILL QUERY` on a connection of its own. Needs no privilege: the thread is the same user's.
pub struct KillQuery {
    endpoint: Endpoint,
    options: ConnectOptions,
    thread: u32,
}

impl KillQuery {
    /// For the session whose thread that is.
    pub fn new(mysql: &Mysql, thread: u32) -> KillQuery {
        let mut options = mysql.options.clone();
        options.wait = None;
        options.without_database = true;
        KillQuery {
            endpoint: mysql.endpoint.clone(),
            options,
            thread,
        }
    }
}

#[async_trait(?Send)]
impl Canceller for KillQuery {
    async fn cancel(&self) -> Result<()> {
        let mut second = connect::mysql(&self.endpoint, &self.options).await?;
        let killed = session::settled(&mut second, &[&format!("KILL QUERY {}", self.thread)]).await;
        second
            .disconnect()
            .await
            .context("ending the second MySQL session")?;
        match killed {
            Ok(_) => Ok(()),
            // 1094: the thread is gone, so there is nothing left to stop.
            Err(failed) if session::code(&failed.error) == Some(1094) => Ok(()),
            Err(failed) => Err(Failure::failed(session::words(&failed.error))
                .on(Target::Mysql)
                .into()),
        }
    }
}
