//! The bastion does not let us in, or our key is of no use.

use super::ended::{End, Told};
use crate::outcome::{Exit, quoted};

const DENIED: [&str; 2] = ["Permission denied (", "Too many authentication failures"];

/// ssh goes on without a key that it cannot use, and is refused.
pub fn unusable_key(end: &End<'_>) -> Option<Told> {
    end.line(&DENIED)?;
    let load = end.line(&["Load key \""]);
    let given = end.bastion.identity.as_ref();
    let found = || end.lines.accepted_key.clone();
    let key = given.map_or_else(found, |path| Some(path.display().to_string()))?;
    let (fact, remedy) = match load {
        Some(line) if line.contains("bad permissions") => (
            "can be read by others, so ssh does not use it",
            format!("keep it to yourself: chmod 600 {}", quoted(&key)),
        ),
        Some(line) if !line.contains("passphrase") => (
            "cannot be read as a private key",
            "name the file of a private key as ssh-keygen writes it: --identity FILE".to_owned(),
        ),
        None if end.lines.accepted_key.is_none() => return None,
        _ => (
            "needs its passphrase, which was wrong, or nobody was there to type it",
            format!(
                "unlock it first: ssh-add {}; or type the command on a terminal",
                quoted(&key)
            ),
        ),
    };
    Some(Told {
        exit: Exit::Usage,
        passing: false,
        fact: format!("the bastion's key {key} {fact}"),
        words: load.unwrap_or_default().to_owned(),
        remedy,
    })
}

/// It takes no key of ours.
pub fn refused(end: &End<'_>) -> Option<Told> {
    let line = end.line(&DENIED)?;
    let remedy = match &end.bastion.identity {
        Some(_) => {
            "check the user in --bastion user@host, and that the key of --identity is in its authorized_keys"
        }
        None => {
            "name the key: --identity FILE; or unlock it in your agent: ssh-add FILE; and check the user in --bastion user@host"
        }
    };
    Some(Told {
        exit: Exit::Failed,
        passing: false,
        fact: format!("{} refuses the login", end.bastion()),
        words: line.to_owned(),
        remedy: remedy.to_owned(),
    })
}
