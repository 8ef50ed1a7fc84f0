//! The bastion's host key is not the one that this machine trusts.

use super::ended::{End, Told};
use crate::outcome::{Exit, quoted};

/// Another key than before. No flag accepts that.
pub fn changed(end: &End<'_>) -> Option<Told> {
    let changed = "has changed and you have requested strict checking";
    end.line(&[changed, "WARNING: REMOTE HOST IDENT"])?;
    // `Offending ED25519 key in FILE:LINE`
    let offending = end.line(&["Offending "]).unwrap_or_default();
    let place = offending.split_once(" in ").map(|(_, place)| place);
    let file = place.and_then(|place| Some(place.rsplit_once(':')?.0));
    let name = end
        .line(&[changed])
        .and_then(|line| {
            line.strip_prefix("Host key for ")?
                .split_once(" has changed")
        })
        .map_or(end.bastion.host.as_str(), |(name, _)| name);
    let of_file = file.map_or_else(String::new, |file| format!(" -f {}", quoted(file)));
    let known = place.map_or_else(String::new, |place| format!(", which {place} has"));
    Some(refusal(
        format!(
            "{} shows the key {}, and not the one that this machine knows{known}: it was made anew, or somebody is in between",
            end.bastion(),
            shown(end)
        ),
        "Host key verification failed.",
        format!(
            "ask whoever runs the bastion, by another way, whether this is its key; only then forget the old one: ssh-keygen{of_file} -R {}",
            quoted(name)
        ),
    ))
}

/// One that known_hosts has revoked.
pub fn revoked(end: &End<'_>) -> Option<Told> {
    let line = end.line(&[
        "was revoked and you have requested strict checking",
        "is marked as revoked",
    ])?;
    Some(refusal(
        format!(
            "{} shows a key that this machine's known_hosts has revoked: it may be somebody else's machine",
            end.bastion()
        ),
        line,
        "ask whoever runs the bastion".to_owned(),
    ))
}

/// One that was never seen: to be compared, and accepted once.
pub fn unknown(end: &End<'_>) -> Option<Told> {
    let line = end.line(&["host key is known for", "Host key verification failed"])?;
    Some(refusal(
        format!(
            "{} shows a key that this machine has never seen: {}",
            end.bastion(),
            shown(end)
        ),
        line,
        format!(
            "if that is the key of your bastion (its console output has it), trust it from now on: {}",
            end.accepting
        ),
    ))
}

fn refusal(fact: String, words: &str, remedy: String) -> Told {
    Told {
        exit: Exit::Failed,
        passing: false,
        fact,
        words: words.to_owned(),
        remedy,
    }
}

/// `ssh-ed25519 SHA256:…`
fn shown<'a>(end: &End<'a>) -> &'a str {
    let key = end.lines.host_key.as_deref();
    key.unwrap_or("(ssh does not say which)")
}
