//! Servers for one command, gone when it ends.

use super::{
    images::{self, MYSQL, Role, TIMESCALE},
    pair::{Access, local, port, start},
};
use crate::target::Target;
use anyhow::{Context, Result};
use std::time::Duration;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};

/// Marks the containers with the process that started them.
const LABEL: &str = "org.sgmp-db.throwaway";

/// A new server for each target, with nothing in it.
pub struct Throwaway {
    pub access: Vec<(Target, Access)>,
    containers: Vec<ContainerAsync<GenericImage>>,
}

impl Throwaway {
    /// Starts them at once. `named` are the images that the environment names.
    ///
    /// # Errors
    /// No Docker engine, a missing image, or a container that does not start.
    pub async fn start(
        targets: &[Target],
        named: [Option<&str>; 2],
        password: &str,
    ) -> Result<Throwaway> {
        let docker = images::docker().await?;
        let mut images = Vec::new();
        for target in targets {
            let (role, named) = match target {
                Target::Mysql => (MYSQL, named[0]),
                Target::Timescale => (TIMESCALE, named[1]),
            };
            images.push((*target, role, images::resolve(&docker, role, named).await?));
        }
        let starting = images
            .iter()
            .map(|(target, role, image)| one(*target, *role, image, password));
        let started = futures_util::future::try_join_all(starting).await?;
        let mut throwaway = Throwaway {
            access: Vec::new(),
            containers: Vec::new(),
        };
        for (target, access, container) in started {
            throwaway.access.push((target, access));
            throwaway.containers.push(container);
        }
        Ok(throwaway)
    }

    /// Removes them with their data.
    ///
    /// # Errors
    /// The Docker engine refuses.
    pub async fn remove(self) -> Result<()> {
        for container in self.containers {
            container
                .rm()
                .await
                .context("removing a throw-away container")?;
        }
        Ok(())
    }
}

async fn one(
    target: Target,
    role: Role,
    image: &str,
    password: &str,
) -> Result<(Target, Access, ContainerAsync<GenericImage>)> {
    let (inside, user, variable) = match target {
        Target::Mysql => (3306, "root", "MYSQL_ROOT_PASSWORD"),
        Target::Timescale => (5432, "postgres", "POSTGRES_PASSWORD"),
    };
    let request = local(image, inside)
        .with_startup_timeout(Duration::from_secs(120))
        .with_label(LABEL, std::process::id().to_string())
        .with_env_var(variable, password);
    let container = start(request, role).await?;
    let access = Access {
        port: port(&container, inside).await?,
        user,
        password: password.to_owned(),
    };
    Ok((target, access, container))
}
