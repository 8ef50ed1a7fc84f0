//! A pair itself: two containers of known names, reachable from this machine only.

use super::images::{self, MYSQL, Role, TIMESCALE};
use crate::outcome::Failure;
use anyhow::{Context, Result};
use mysql_async::{Conn, OptsBuilder, prelude::Queryable};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use testcontainers::{
    ContainerAsync, ContainerRequest, GenericImage, ImageExt, ReuseDirective,
    bollard::{
        Docker,
        models::PortBinding,
        query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder},
    },
    core::IntoContainerPort,
    runners::AsyncRunner,
};

/// Marks both containers with the pair's name; `down` removes what carries it.
const LABEL: &str = "org.sgmp-db.sandbox";
/// Keeps the password of a running pair, so that `up` again prints the same.
const PASSWORD_LABEL: &str = "org.sgmp-db.sandbox-password";

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to start.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Tells pairs apart that stand side by side.
    pub name: &'a str,
    /// Images named outright, of MySQL and TimescaleDB.
    pub images: [Option<&'a str>; 2],
    /// Of a pair that is not there yet.
    pub password: &'a str,
}

/// How to reach one server of the pair.
#[derive(Debug, Clone)]
pub struct Access {
    pub port: u16,
    pub user: &'static str,
    pub password: String,
}

/// Starts what is not running and returns how to reach MySQL and TimescaleDB.
///
/// # Errors
/// No Docker engine, a missing image, or a container that does not start.
pub async fn up(wanted: Wanted<'_>) -> Result<[Access; 2]> {
    let docker = images::docker().await?;
    let there = list(&docker, wanted.name).await?;
    let password = there.into_iter().find_map(|container| container.password);
    let password = password.unwrap_or_else(|| wanted.password.to_owned());
    let mysql = images::resolve(&docker, MYSQL, wanted.images[0]).await?;
    let timescale = images::resolve(&docker, TIMESCALE, wanted.images[1]).await?;
    let mysql = request((wanted.name, "mysql"), &mysql, 3306, &password)
        .with_env_var("MYSQL_ROOT_PASSWORD", &password)
        .with_env_var("MYSQL_DATABASE", "sgmp")
        .with_env_var("MYSQL_USER", "sgmp")
        .with_env_var("MYSQL_PASSWORD", &password);
    let timescale = request((wanted.name, "timescale"), &timescale, 5432, &password)
        .with_env_var("POSTGRES_PASSWORD", &password);
    let (mysql, timescale) = tokio::try_join!(start(mysql, MYSQL), start(timescale, TIMESCALE))?;
    let mysql_port = port(&mysql, 3306).await?;
    allow_trials(mysql_port, &password).await?;
    Ok([
        Access {
            port: mysql_port,
            user: "sgmp",
            password: password.clone(),
        },
        Access {
            port: port(&timescale, 5432).await?,
            user: "postgres",
            password,
        },
    ])
}

/// What a migrating login should have besides its own database (docs/least-role.md): the one in which an ALTER that was
/// cut short is tried.
async fn allow_trials(port: u16, password: &str) -> Result<()> {
    let options = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some("root"))
        .pass(Some(password))
        .prefer_socket(false);
    let grant = "GRANT ALL ON `sgmp\\_sgmp\\_db\\_trial`.* TO 'sgmp'@'%'";
    let granted = async || -> Result<(), mysql_async::Error> {
        let mut conn = Conn::new(options.clone()).await?;
        conn.query_drop(grant).await?;
        conn.disconnect().await
    };
    // The engine takes connections before the server does.
    let begun = Instant::now();
    loop {
        match tokio::time::timeout(Duration::from_secs(10), granted()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) if begun.elapsed() > PATIENCE => {
                return Err(error).context("granting the sandbox's user its rights");
            }
            Err(late) if begun.elapsed() > PATIENCE => {
                return Err(late).context("MySQL of the sandbox does not answer");
            }
            _ => tokio::time::sleep(Duration::from_millis(250)).await,
        }
    }
}

/// Removes the pair with its data; returns how many containers that were.
///
/// # Errors
/// No Docker engine, or one that refuses.
pub async fn down(name: &str) -> Result<usize> {
    let docker = images::docker().await?;
    let ours = list(&docker, name).await?;
    for container in &ours {
        let options = RemoveContainerOptionsBuilder::default()
            .force(true)
            .v(true)
            .build();
        docker
            .remove_container(&container.id, Some(options))
            .await
            .context("removing a container")?;
    }
    Ok(ours.len())
}

fn request(
    (pair, server): (&str, &str),
    image: &str,
    port: u16,
    password: &str,
) -> ContainerRequest<GenericImage> {
    local(image, port)
        .with_container_name(format!("sgmp-db-{pair}-{server}"))
        .with_label(LABEL, pair)
        .with_label(PASSWORD_LABEL, password)
        .with_reuse(ReuseDirective::Always)
        .with_startup_timeout(Duration::from_secs(60))
}

/// A container that is reachable from this machine only: its password is in `docker inspect`.
pub(super) fn local(image: &str, port: u16) -> ContainerRequest<GenericImage> {
    let (repository, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
    GenericImage::new(repository, tag)
        .with_exposed_port(port.tcp())
        .with_host_config_modifier(move |host| {
            let binding = PortBinding {
                host_ip: Some("127.0.0.1".to_owned()),
                host_port: None,
            };
            host.publish_all_ports = Some(false);
            host.port_bindings = Some(HashMap::from([(
                format!("{port}/tcp"),
                Some(vec![binding]),
            )]));
        })
}

pub(super) async fn start(
    request: ContainerRequest<GenericImage>,
    role: Role,
) -> Result<ContainerAsync<GenericImage>> {
    request.start().await.map_err(|error| {
        Failure::failed(format!(
            "the container for {} does not start: {error}",
            role.official
        ))
        .remedy("remove what is left and try again: sgmp-db sandbox down")
        .into()
    })
}

pub(super) async fn port(container: &ContainerAsync<GenericImage>, port: u16) -> Result<u16> {
    container
        .get_host_port_ipv4(port.tcp())
        .await
        .context("asking for a container's port")
}

/// A container of a pair.
struct Container {
    id: String,
    password: Option<String>,
}

async fn list(docker: &Docker, name: &str) -> Result<Vec<Container>> {
    let filters = HashMap::from([("label".to_owned(), vec![format!("{LABEL}={name}")])]);
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&filters)
        .build();
    let containers = docker
        .list_containers(Some(options))
        .await
        .context("listing containers")?;
    Ok(containers
        .into_iter()
        .filter_map(|one| {
            Some(Container {
                id: one.id?,
                password: one
                    .labels
                    .and_then(|labels| labels.get(PASSWORD_LABEL).cloned()),
            })
        })
        .collect())
}
