//! `sandbox`: a disposable pair of servers, and the environment to reach it.

use crate::{
    cli::{SandboxArguments, SandboxVerb},
    config::{Endpoint, Environment, Tls, TlsMode},
    connect::{self, ConnectOptions},
    outcome::Document,
    sandbox::{self, Access, Wanted, images},
    target::Target,
};
use anyhow::{Context, Result};
use serde_json::json;
use std::collections::BTreeMap;

/// Brings the pair up or takes it down.
pub async fn run(
    arguments: &SandboxArguments,
    environment: &Environment,
    document: &mut Document,
) -> Result<()> {
    match &arguments.verb {
        SandboxVerb::Down => {
            let removed = sandbox::down(&arguments.name).await?;
            document.extra.insert("removed", json!(removed));
            document
                .words
                .push(format!("# {removed} containers removed"));
        }
        SandboxVerb::Up(up) => {
            let named = [
                environment.get(images::MYSQL.variable),
                environment.get(images::TIMESCALE.variable),
            ];
            let [mysql, timescale] = sandbox::up(Wanted {
                name: &arguments.name,
                images: named,
                password: &password()?,
            })
            .await?;
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
            let environment = environment_of(&mysql, &timescale);
            document.words.extend(
                environment
                    .iter()
                    .map(|(name, value)| format!("export {name}='{value}'")),
            );
            document.extra.insert("environment", json!(environment));
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
        consul: None,
    }
}

/// What reaches the pair. The values have only letters, digits and dots, so a shell needs no quoting of them.
fn environment_of(mysql: &Access, timescale: &Access) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    for (prefix, access) in [("MYSQL", mysql), ("TSDB", timescale)] {
        for (name, value) in [
            ("HOST", "127.0.0.1"),
            ("PORT", &access.port.to_string()),
            ("USER", access.user),
            ("PASS", &access.password),
            ("DATABASE", "sgmp"),
        ] {
            environment.insert(format!("{prefix}_{name}"), value.to_owned());
        }
    }
    let role = timescale.password.clone();
    environment.insert("SGMP_DB_TSDB_APP_PASS".to_owned(), role);
    environment
}

/// A password for a throw-away server: 128 bits from the system's random source.
pub(super) fn password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("making a password")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
