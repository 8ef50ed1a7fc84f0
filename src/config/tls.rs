//! Which protection was asked for, and is it one? A mode never leaves out what was given to be verified.

use super::{Endpoint, TlsMode, values::Value};
use crate::outcome::Failure;
use std::net::IpAddr;

/// The mode of that name.
pub fn tls_mode(value: &Value) -> Result<TlsMode, Failure> {
    let found = TlsMode::NAMES.iter().find(|(_, name)| *name == value.text);
    found.map(|(mode, _)| *mode).ok_or_else(|| {
        let names = TlsMode::NAMES.map(|(_, name)| name).join(", ");
        value.wrong(&format!(
            "`{}` is no TLS mode; the modes are {names}",
            value.text
        ))
    })
}

/// A mode must not leave out in silence what was given to be verified. One that comes from a stronger
/// place, as a flag over the file, is meant.
pub fn not_weakened(
    stated: &Value,
    mode: TlsMode,
    given: &Value,
    needed: TlsMode,
) -> Result<(), Failure> {
    if mode >= needed || stated.origin.strength() > given.origin.strength() {
        return Ok(());
    }
    Err(stated
        .wrong(&format!(
            "the mode {mode} does not look at what {} is given for",
            given.origin
        ))
        .remedy(format!(
            "state the mode {needed}, or leave one of the two out"
        )))
}

/// A loopback address is a tunnel's end: no certificate is for it.
pub fn verifiable(endpoint: &Endpoint) -> Result<(), Failure> {
    let loopback = endpoint.host == "localhost"
        || endpoint
            .host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    if endpoint.tls.mode != TlsMode::VerifyFull || endpoint.tls.name.is_some() || !loopback {
        return Ok(());
    }
    let target = endpoint.target;
    Err(Failure::usage(format!(
        "TLS is to be verified, and no certificate is for {}, the near end of a tunnel",
        endpoint.host
    ))
    .on(target)
    .remedy(format!("name the server at the far end: --{target}-tls-name NAME; or only its authority: --{target}-tls verify-ca")))
}
