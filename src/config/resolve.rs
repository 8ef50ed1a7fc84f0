//! From all the places to one set of settings: flags, environment, file, secrets, defaults.

use super::{
    AppRole, BUILT_IN, Bastion, Consul, Endpoint, Environment, MigrationsFrom, Settings, Tls,
    TlsMode, consul, database_url, file,
    known::{KNOWN, OTHER_VARIABLES},
    secrets::{self, Secrets},
    settings::DEFAULT_DATABASE,
    tls::{not_weakened, tls_mode, verifiable},
    values::{Origin, Value, Values},
};
use crate::{outcome::Failure, target::Target, yaml::nearest};
use secrecy::SecretString;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// The application's role on TimescaleDB.
const APP_ROLE: &str = "sgmp";

/// What was typed: `--only`, `--config`, and the flags that are settings, by flag.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub only: Option<Target>,
    pub config: Option<PathBuf>,
    pub values: Vec<(&'static str, String)>,
}

impl Settings {
    /// Resolves every setting.
    ///
    /// # Errors
    /// Everything that is wrong, with file and line or the variable's name (exit 2).
    pub fn resolve(
        flags: &Flags,
        environment: &Environment,
        directory: &Path,
    ) -> Result<Settings, Vec<Failure>> {
        let named = flags
            .config
            .clone()
            .or_else(|| environment.get("SGMP_DB_CONFIG").map(PathBuf::from));
        let file = file::read(named.as_deref(), directory)?;
        let mut notes = file.notes;
        notes.extend(odd_variables(environment));
        let values = layered(flags, environment, file.values).map_err(|one| vec![one])?;
        let secrets = match values.get("SGMP_DB_SECRETS_FILE") {
            Some(file) => secrets::read(&file.text, directory).map_err(|one| vec![one])?,
            None => Secrets::default(),
        };
        Resolver {
            values,
            secrets,
            directory,
        }
        .settings(flags, notes)
        .map_err(|one| vec![one])
    }
}

/// Flags over environment over file. A DATABASE_URL replaces the MySQL keys of its level and below.
fn layered(flags: &Flags, environment: &Environment, file: Values) -> Result<Values, Failure> {
    let mut values = with_url(Values::new(), file)?;
    let mut level = Values::new();
    for known in KNOWN {
        if let Some(text) = environment.get(known.variable) {
            let origin = Origin::Variable(known.variable.to_owned());
            level.insert(
                known.variable,
                Value {
                    text: text.to_owned(),
                    origin,
                },
            );
        }
    }
    values = with_url(values, level)?;
    for (flag, text) in &flags.values {
        if let Some(known) = KNOWN.iter().find(|known| known.flag == Some(flag)) {
            let origin = Origin::Flag((*flag).to_owned());
            values.insert(
                known.variable,
                Value {
                    text: text.clone(),
                    origin,
                },
            );
        }
    }
    Ok(values)
}

fn with_url(mut below: Values, mut level: Values) -> Result<Values, Failure> {
    if let Some(url) = level.remove("DATABASE_URL") {
        for key in database_url::REPLACED {
            below.remove(key);
            level.remove(key);
        }
        level.extend(database_url::parse(&url)?);
    }
    below.extend(level);
    Ok(below)
}

/// A variable that begins like ours and is none is most likely misspelt.
fn odd_variables(environment: &Environment) -> Vec<String> {
    let ours = || {
        KNOWN
            .iter()
            .map(|known| known.variable)
            .chain(OTHER_VARIABLES)
    };
    environment
        .names()
        .filter(|name| name.starts_with("SGMP_DB_") && !ours().any(|known| known == *name))
        .map(|name| match nearest(name, ours()) {
            Some(near) => format!("the variable {name} is no setting; perhaps {near} is meant"),
            None => format!("the variable {name} is no setting"),
        })
        .collect()
}

struct Resolver<'a> {
    values: Values,
    secrets: Secrets,
    directory: &'a Path,
}

impl Resolver<'_> {
    fn settings(&self, flags: &Flags, notes: Vec<String>) -> Result<Settings, Failure> {
        let targets = flags
            .only
            .map_or_else(|| Target::ALL.to_vec(), |only| vec![only]);
        let mysql = self.mysql()?;
        let (timescale, app_role) = self.timescale()?;
        let mut addressed = vec![&mysql, &timescale];
        addressed.retain(|endpoint| targets.contains(&endpoint.target));
        for endpoint in &addressed {
            verifiable(endpoint)?;
        }
        self.ca_is_used(&addressed)?;
        Ok(Settings {
            targets,
            mysql,
            timescale,
            bastion: Bastion::read(&self.values, self.directory)?,
            app_role,
            migrations: self.migrations(),
            policies: self.path("SGMP_DB_POLICIES"),
            environment: self.text("SGMP_DB_ENV"),
            create_database: self
                .values
                .get("SGMP_DB_CREATE_DATABASE")
                .map_or(Ok(false), Value::switch)?,
            connect_timeout: self
                .duration("SGMP_DB_CONNECT_TIMEOUT")?
                .unwrap_or(Duration::from_secs(10)),
            wait: self.duration("SGMP_DB_WAIT")?,
            lock_wait: self
                .duration("SGMP_DB_LOCK_WAIT")?
                .unwrap_or(Duration::from_secs(60)),
            notes,
        })
    }

    fn mysql(&self) -> Result<Endpoint, Failure> {
        let password = self
            .password("MYSQL_PASS")
            .or_else(|| self.secrets.rds.clone());
        let host = self
            .text("MYSQL_HOST")
            .unwrap_or_else(|| "127.0.0.1".to_owned());
        Ok(Endpoint {
            target: Target::Mysql,
            consul: self.consul(&host, "MYSQL_PORT")?,
            host,
            port: self
                .values
                .get("MYSQL_PORT")
                .map_or(Ok(3306), Value::port)?,
            user: self.text("MYSQL_USER").unwrap_or_else(|| "sgmp".to_owned()),
            password,
            database: self
                .text("MYSQL_DATABASE")
                .unwrap_or_else(|| DEFAULT_DATABASE.to_owned()),
            tls: self.tls(
                "SGMP_DB_MYSQL_TLS",
                "SGMP_DB_MYSQL_CA",
                "SGMP_DB_MYSQL_TLS_NAME",
            )?,
        })
    }

    /// The login that migrates, and the application's where its password is known.
    fn timescale(&self) -> Result<(Endpoint, Option<AppRole>), Failure> {
        let admin = self.text("SGMP_DB_TSDB_ADMIN_USER");
        let given = self.text("TSDB_USER");
        let mut app = self.password("SGMP_DB_TSDB_APP_PASS");
        let user = match &admin {
            Some(admin) => {
                // Then TSDB_USER is the application's, and its password is the application's.
                if app.is_none() && given.as_deref() == Some(APP_ROLE) {
                    app = self.password("TSDB_PASS");
                }
                admin.clone()
            }
            None => given.unwrap_or_else(|| "postgres".to_owned()),
        };
        let password = match &admin {
            Some(_) => self.password("SGMP_DB_TSDB_ADMIN_PASS"),
            None => self.password("TSDB_PASS"),
        };
        let known = match user.as_str() {
            "postgres" => self.secrets.tsdb_postgres.clone(),
            APP_ROLE => self.secrets.tsdb_sgmp.clone(),
            _ => None,
        };
        let app = app
            .or_else(|| self.secrets.tsdb_sgmp.clone())
            .filter(|_| user != APP_ROLE);
        let host = self
            .text("TSDB_HOST")
            .unwrap_or_else(|| "127.0.0.1".to_owned());
        let endpoint = Endpoint {
            target: Target::Timescale,
            consul: self.consul(&host, "TSDB_PORT")?,
            host,
            port: self.values.get("TSDB_PORT").map_or(Ok(5432), Value::port)?,
            user,
            password: password.or(known),
            database: self
                .text("TSDB_DATABASE")
                .unwrap_or_else(|| DEFAULT_DATABASE.to_owned()),
            tls: self.tls(
                "SGMP_DB_TIMESCALE_TLS",
                "SGMP_DB_TIMESCALE_CA",
                "SGMP_DB_TIMESCALE_TLS_NAME",
            )?,
        };
        Ok((
            endpoint,
            app.map(|password| AppRole {
                name: APP_ROLE.to_owned(),
                password,
            }),
        ))
    }

    /// Consul's servers, where the host is a name that Consul knows.
    fn consul(&self, host: &str, port: &str) -> Result<Option<Consul>, Failure> {
        // A bastion looks names up itself, and Consul's servers are out of reach from here.
        let direct = |_: &&Value| !self.values.contains_key("SGMP_DB_BASTION");
        let Some(value) = self.values.get("SGMP_DB_CONSUL").filter(direct) else {
            return Ok(None);
        };
        let servers = consul::servers(value)?;
        let any_port = !self.values.contains_key(port);
        Ok(consul::knows(host).then_some(Consul { servers, any_port }))
    }

    fn tls(&self, mode: &str, ca: &str, name: &str) -> Result<Tls, Failure> {
        let stated = match self.values.get(mode) {
            None => None,
            Some(value) => Some((tls_mode(value)?, value)),
        };
        if let Some((mode, value)) = stated {
            let given = [(ca, TlsMode::VerifyCa), (name, TlsMode::VerifyFull)];
            for (setting, needed) in given {
                if let Some(given) = self.values.get(setting) {
                    not_weakened(value, mode, given, needed)?;
                }
            }
        }
        let ca = self.path(ca).or_else(|| self.path("SGMP_DB_CA"));
        let name = self.text(name);
        let default = if ca.is_some() || name.is_some() {
            TlsMode::VerifyFull
        } else {
            TlsMode::Prefer
        };
        Ok(Tls {
            mode: stated.map_or(default, |(mode, _)| mode),
            ca,
            name,
        })
    }

    /// `--ca` is for both databases, so one of them may do without; not both.
    fn ca_is_used(&self, endpoints: &[&Endpoint]) -> Result<(), Failure> {
        let Some(ca) = self.values.get("SGMP_DB_CA") else {
            return Ok(());
        };
        if endpoints
            .iter()
            .any(|endpoint| endpoint.tls.mode.verifies())
        {
            return Ok(());
        }
        for endpoint in endpoints {
            let variable = format!("SGMP_DB_{}_TLS", endpoint.target.name().to_uppercase());
            if let Some(mode) = self.values.get(variable.as_str()) {
                not_weakened(mode, endpoint.tls.mode, ca, TlsMode::VerifyCa)?;
            }
        }
        Ok(())
    }

    fn text(&self, name: &str) -> Option<String> {
        self.values.get(name).map(|value| value.text.clone())
    }

    fn password(&self, name: &str) -> Option<SecretString> {
        self.values
            .get(name)
            .map(|value| SecretString::from(value.text.as_str()))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.values.get(name).map(|value| {
            // As typed where it is relative to where we stand, so that messages show it so.
            let path = PathBuf::from(&value.text);
            if self.directory == Path::new(".") {
                self.directory.join(path)
            } else {
                path
            }
        })
    }

    fn migrations(&self) -> Option<MigrationsFrom> {
        let text = self.text("SGMP_DB_MIGRATIONS")?;
        match text == BUILT_IN {
            true => Some(MigrationsFrom::BuiltIn),
            false => self
                .path("SGMP_DB_MIGRATIONS")
                .map(MigrationsFrom::Directory),
        }
    }

    fn duration(&self, name: &str) -> Result<Option<Duration>, Failure> {
        self.values.get(name).map(Value::duration).transpose()
    }
}
