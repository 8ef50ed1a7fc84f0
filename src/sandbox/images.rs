//! Which server image is used: what a variable names, else the official one if it is here, else ours.

use testcontainers::{bollard::Docker, core::client::docker_client_instance};

use crate::outcome::Failure;
use anyhow::Result;

/// A kind of server, with the images that can be it.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    /// Names an image outright.
    pub variable: &'static str,
    /// As its maker publishes it.
    pub official: &'static str,
    /// As `scripts/images` builds it where nothing can be pulled.
    pub local: &'static str,
}

/// MySQL.
pub const MYSQL: Role = Role {
    variable: "SGMP_DB_MYSQL_IMAGE",
    official: "mysql:9",
    local: "sgmp-db/mysql:9.7",
};

/// PostgreSQL with TimescaleDB, of either licence.
pub const TIMESCALE: Role = Role {
    variable: "SGMP_DB_TIMESCALE_IMAGE",
    official: "timescale/timescaledb:latest-pg18",
    local: "sgmp-db/timescaledb:2.31-pg18",
};

/// The local Docker engine.
///
/// # Errors
/// Exit 1 when no engine answers.
pub async fn docker() -> Result<Docker> {
    let silent = |error: String| {
        Failure::failed(format!("no Docker engine answers: {error}"))
            .remedy("start Docker; on a Debian machine, as root: scripts/install")
    };
    let docker = docker_client_instance()
        .await
        .map_err(|error| silent(error.to_string()))?;
    docker
        .ping()
        .await
        .map_err(|error| silent(error.to_string()))?;
    Ok(docker)
}

/// The image for a role, which must be on this machine.
///
/// # Errors
/// Exit 1 when it is not, with the command that gets it.
pub async fn resolve(docker: &Docker, role: Role, named: Option<&str>) -> Result<String> {
    let candidates: Vec<&str> =
        named.map_or_else(|| vec![role.official, role.local], |named| vec![named]);
    for image in &candidates {
        if docker.inspect_image(image).await.is_ok() {
            return Ok((*image).to_owned());
        }
    }
    let wanted = candidates.join(" or ");
    Err(
        Failure::failed(format!("no image {wanted} is on this machine"))
            .remedy(format!(
                "docker pull {}; where nothing can be pulled: scripts/images",
                candidates[0]
            ))
            .into(),
    )
}
