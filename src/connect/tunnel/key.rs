//! Can `--identity` be a private key at all? ssh itself would only warn, and go on without it.

use crate::{config::Bastion, outcome::Failure};
use std::{fs, path::Path};

/// How the public half of a key begins.
const PUBLIC: [&[u8]; 3] = [b"ssh-", b"ecdsa-", b"sk-"];

/// # Errors
/// Exit 2: it is not there, cannot be read, or is the public half.
pub fn usable(bastion: &Bastion) -> Result<(), Failure> {
    let Some(path) = &bastion.identity else {
        return Ok(());
    };
    let text = read(path).map_err(|why| wrong(path, &why))?;
    if PUBLIC.iter().any(|head| text.starts_with(head)) {
        return Err(wrong(path, "is the public half of a key"));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error| format!("cannot be read: {error}");
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err("is not a file".to_owned());
    }
    fs::read(path).map_err(unreadable)
}

fn wrong(path: &Path, why: &str) -> Failure {
    Failure::usage(format!("the bastion's key {} {why}", path.display()))
        .remedy("name the file of the private key: --identity FILE")
}
