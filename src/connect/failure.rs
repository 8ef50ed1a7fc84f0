//! Why there is no connection, in words that lead on; and which reasons may pass by themselves.

use crate::{
    config::Endpoint,
    outcome::{Exit, Failure},
    target::Target,
};
use anyhow::Error;
use std::fmt;

/// Marks an error that says: the server is there and the database is not.
#[derive(Debug)]
struct AbsentDatabase;

/// Marks an error that may pass while a server is starting.
#[derive(Debug)]
struct Passing;

impl fmt::Display for AbsentDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database does not exist")
    }
}

impl fmt::Display for Passing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server does not answer yet")
    }
}

/// Did the server say that the database does not exist?
pub fn is_absent_database(error: &Error) -> bool {
    error.downcast_ref::<AbsentDatabase>().is_some()
}

/// May the same succeed in a while?
pub fn is_passing(error: &Error) -> bool {
    error.downcast_ref::<Passing>().is_some()
}

/// `host:port`.
pub fn address(endpoint: &Endpoint) -> String {
    if endpoint.host.contains(':') {
        format!("[{}]:{}", endpoint.host, endpoint.port)
    } else {
        format!("{}:{}", endpoint.host, endpoint.port)
    }
}

/// The flag's prefix for that database: `--mysql` or `--timescale`.
pub fn flag(endpoint: &Endpoint) -> String {
    format!("--{}", endpoint.target)
}

/// A failure to reach the address.
pub fn unreachable(endpoint: &Endpoint, why: &str) -> Error {
    let flag = flag(endpoint);
    let failure = Failure::failed(format!("{} cannot be reached: {why}", address(endpoint)))
        .on(endpoint.target)
        .remedy(format!("check {flag}-host and {flag}-port, and that the tunnel is open; while the server is still starting: --wait 10m"));
    Error::new(failure).context(Passing)
}

/// The same failure, marked as one that may pass.
pub fn passing(failure: Failure) -> Error {
    Error::new(failure).context(Passing)
}

/// The server answers and is not ready.
pub fn not_ready(endpoint: &Endpoint, why: &str) -> Error {
    let failure = Failure::failed(format!("{} is not ready: {why}", address(endpoint)))
        .on(endpoint.target)
        .remedy("give it time: --wait 10m");
    Error::new(failure).context(Passing)
}

/// What answers is not the server that was meant.
pub fn foreign_protocol(endpoint: &Endpoint) -> Error {
    let (speaks, flag) = match endpoint.target {
        Target::Mysql => ("MySQL", "--mysql-port"),
        Target::Timescale => ("PostgreSQL", "--timescale-port"),
    };
    Failure::failed(format!(
        "what answers at {} does not speak {speaks}'s protocol",
        address(endpoint)
    ))
    .on(endpoint.target)
    .remedy(format!("check {flag}"))
    .into()
}

/// User or password is wrong.
pub fn refused_login(endpoint: &Endpoint, words: &str) -> Error {
    let (user, password) = variables(endpoint.target);
    let user_name = &endpoint.user;
    let given = if endpoint.password.is_some() {
        "the password given"
    } else {
        "no password"
    };
    Failure::failed(format!(
        "{} refuses user `{user_name}` with {given}: {words}",
        address(endpoint)
    ))
    .on(endpoint.target)
    .remedy(format!("check {user} and {password}, or --secrets-file"))
    .into()
}

/// The database is absent.
pub fn absent_database(endpoint: &Endpoint) -> Error {
    let failure = Failure::failed(format!(
        "database `{}` does not exist at {}",
        endpoint.database,
        address(endpoint)
    ))
    .on(endpoint.target)
    .remedy("let it be made: sgmp-db upgrade --create-database");
    Error::new(failure).context(AbsentDatabase)
}

/// The login may not enter the database, and so not see what is in it (exit 8); `grant` is the
/// statement that lets it.
pub fn no_entry(endpoint: &Endpoint, words: &str, grant: &str) -> Error {
    Failure::new(
        Exit::Unknown,
        format!(
            "user `{}` may not enter database `{}` at {}, and sees nothing of it: {words}",
            endpoint.user,
            endpoint.database,
            address(endpoint)
        ),
    )
    .on(endpoint.target)
    .remedy(format!(
        "as an administrator: {grant}; docs/least-role.md has all that `status` needs"
    ))
    .into()
}

/// Anything else that the server says.
pub fn refused(endpoint: &Endpoint, words: &str) -> Error {
    Failure::failed(format!(
        "{} refuses the connection: {words}",
        address(endpoint)
    ))
    .on(endpoint.target)
    .into()
}

fn variables(target: Target) -> (&'static str, &'static str) {
    match target {
        Target::Mysql => ("MYSQL_USER", "MYSQL_PASS"),
        Target::Timescale => ("TSDB_USER", "TSDB_PASS"),
    }
}
