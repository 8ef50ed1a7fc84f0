//! No kind of object is silently unseen: the servers' own lists of kinds are walked, and each is compared, is
//! named in a note wherever an object of it exists, or is left out for a reason that is written down here.

mod support;

#[path = "drift_timescale/look.rs"]
mod look;
#[path = "kinds/mysql.rs"]
mod mysql;
#[path = "kinds/postgres.rs"]
mod postgres;

use std::collections::BTreeSet;

/// What is done about a catalog's objects.
#[derive(Debug, Clone, Copy)]
pub enum Held {
    /// Objects of these kinds are compared.
    Compared(&'static [&'static str]),
    /// Told in a note, under this name.
    Noted(&'static str),
    /// It says more of what another one lists: of which.
    Part(&'static str),
    /// Nobody's schema, and why.
    LeftOut(&'static str),
}

/// The server's names that nothing is said about here, and those said here of a kind that no reading has.
pub fn walk(
    catalogs: &BTreeSet<String>,
    held: &[(&str, Held)],
    (compared, noted): (&BTreeSet<&str>, &BTreeSet<&str>),
) -> Vec<String> {
    let unheld = |name: &&String| !held.iter().any(|(one, _)| one == name);
    let mut wrong: Vec<String> = catalogs
        .iter()
        .filter(unheld)
        .map(|name| format!("{name}: neither compared nor noted nor left out for a reason"))
        .collect();
    for (name, one) in held {
        match one {
            Held::Compared(kinds) => wrong.extend(
                kinds
                    .iter()
                    .filter(|kind| !compared.contains(*kind))
                    .map(|kind| format!("{name}: no {kind} was read")),
            ),
            Held::Noted(kind) if !noted.contains(kind) => {
                wrong.push(format!("{name}: no {kind} was noted"));
            }
            Held::Noted(_) => {}
            Held::Part(of) => {
                if !held.iter().any(|(other, _)| other == of) {
                    wrong.push(format!("{name}: nothing is said of {of}"));
                }
            }
            Held::LeftOut(reason) => assert!(!reason.is_empty(), "{name}"),
        }
    }
    wrong
}
