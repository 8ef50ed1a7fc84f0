//! `sandbox`: a disposable pair of servers, and the environment to reach it.

use crate::{
    cli::{SandboxArguments, SandboxVerb},
    config::{Endpoint, Environment, Tls, TlsMode},
    connect::{self, ConnectOptions},
    outcome::Document,
    sandbox::{self, Access, images},
    target::Target,
};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fmt::Write;

/// Brings the pair up or takes it down.
pub async fn run(
    arguments: &SandboxArguments,
    environment: &Environment,
    document: &mut Document,
) -> Result<()> {
    match &arguments.verb {
        SandboxVerb::Down => {
            let removed = sandbox::down().await?;
            document
                .extra
                .insert("text", json!(format!("# {removed} containers removed")));
        }
        SandboxVerb::Up(up) => {
            let named = [
                environment.get(images::MYSQL.variable),
                environment.get(images::TIMESCALE.variable),
            ];
            let [mysql, timescale] = sandbox::up(named, &password()?).await?;
            let options = ConnectOptions {
                wait: Some(up.wait),
                ..ConnectOptions::default()
            };
            let (my, ts) = (
                endpoint(Target::Mysql, &mysql),
                endpoint(Target::Timescale, &timescale),
            );
            let (conn, session) = tokio::try_join!(
                connect::mysql(&my, &options),
                connect::timescale(&ts, &options)
            )?;
            conn.disconnect()
                .await
                .context("ending the MySQL session")?;
            session
                .close()
                .await
                .context("ending the PostgreSQL session")?;
            document
                .extra
                .insert("text", Value::String(exports(&mysql, &timescale)?));
        }
    }
    Ok(())
}

fn endpoint(target: Target, access: &Access) -> Endpoint {
    Endpoint {
        target,
        host: "127.0.0.1".to_owned(),
        port: access.port,
        user: access.user.to_owned(),
        password: Some(access.password.clone().into()),
        database: match target {
            Target::Mysql => "sgmp".to_owned(),
            Target::Timescale => "postgres".to_owned(),
        },
        tls: Tls {
            mode: TlsMode::Prefer,
            ca: None,
            name: None,
        },
    }
}

/// Lines for the shell's `eval`. The passwords have only letters and digits, so nothing needs quoting.
fn exports(mysql: &Access, timescale: &Access) -> Result<String> {
    let mut text = String::new();
    for (prefix, access) in [("MYSQL", mysql), ("TSDB", timescale)] {
        let Access {
            port,
            user,
            password,
        } = access;
        for (name, value) in [
            ("HOST", "127.0.0.1"),
            ("PORT", &port.to_string()),
            ("USER", user),
            ("PASS", password),
            ("DATABASE", "sgmp"),
        ] {
            writeln!(text, "export {prefix}_{name}='{value}'")?;
        }
    }
    write!(
        text,
        "export SGMP_DB_TSDB_APP_PASS='{}'",
        timescale.password
    )?;
    Ok(text)
}

/// A password for a throw-away server: 128 bits from the system's random source.
pub(super) fn password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("making a password")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
