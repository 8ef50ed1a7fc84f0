//! The bastion is there, and does not connect to the database: why, and what to do.

use super::Reason;
use crate::{
    config::{Bastion, Endpoint},
    connect::failure::address,
    outcome::Failure,
};

/// How a resolver on the bastion's side says no: glibc, musl, macOS and the BSDs.
const UNKNOWN_NAME: [&str; 6] = [
    "Name or service not known",
    "Temporary failure in name resolution",
    "No address associated with hostname",
    "Name does not resolve",
    "nodename nor servname provided",
    "Non-recoverable failure in name resolution",
];

/// How a network there says nothing.
const SILENT: [&str; 4] = [
    "timed out",
    "No route to host",
    "Network is unreachable",
    "Host is unreachable",
];

/// Of what ssh wrote behind `open failed:`.
pub fn explain(bastion: &Bastion, endpoint: &Endpoint, words: &str) -> Reason {
    let (to, via, flag) = (
        address(endpoint),
        &bastion.typed,
        format!("--{}", endpoint.target),
    );
    let has = |needles: &[&str]| needles.iter().any(|needle| words.contains(needle));
    let (passing, why, remedy) = if has(&["administratively prohibited"]) {
        (
            false,
            "it forwards no connection there",
            format!(
                "let sshd on the bastion forward to {to} (AllowTcpForwarding, PermitOpen, and permitopen in authorized_keys), or name another bastion"
            ),
        )
    } else if has(&UNKNOWN_NAME) {
        (
            true,
            "it does not know the name",
            format!(
                "check {flag}-host, which is resolved on the bastion; while the server is still being made: --wait 10m"
            ),
        )
    } else if has(&["Connection refused"]) {
        (
            true,
            "nobody listens there",
            format!(
                "check {flag}-host and {flag}-port, as the bastion sees them; while the server is still starting: --wait 10m"
            ),
        )
    } else if has(&SILENT) {
        (
            true,
            "it gets no answer from there",
            format!(
                "check {flag}-host, and that the server's security group lets the bastion in; while the server is still starting: --wait 10m"
            ),
        )
    } else {
        (
            true,
            "it does not connect",
            format!("check {flag}-host and {flag}-port, as the bastion sees them"),
        )
    };
    let message = format!("{to} cannot be reached through the bastion {via}: {why} (ssh: {words})");
    Reason {
        failure: Failure::failed(message).on(endpoint.target).remedy(remedy),
        passing,
    }
}
