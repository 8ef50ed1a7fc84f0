//! What is a session set to before a script's first statement? It is never reset, because the lock would go.

use super::{
    effect::{Effect, Proof, Seen, effect},
    packet::{Packet, Part},
    run::Run,
    session,
};
use crate::{
    connect,
    engine::Work,
    sql::{Commits, SessionUse, Statement},
};
use std::sync::LazyLock;

/// What every script finds, whatever the one before it has set: the variables that scripts set most and that change
/// what statements mean. Others are set back where a script is known to have set them (`touched`).
pub static PINNED: LazyLock<String> = LazyLock::new(|| {
    let variables = connect::mysql_pin_again(&[
        "autocommit",
        "sql_mode",
        "time_zone",
        "transaction_isolation",
        "sql_safe_updates",
        "sql_quote_show_create",
        "foreign_key_checks",
        "unique_checks",
        "default_storage_engine",
        "explicit_defaults_for_timestamp",
    ]);
    format!("SET NAMES utf8mb4, SESSION {variables}")
});

/// How long a script may wait for a lock, in seconds.
pub fn seconds(work: &Work<'_>) -> u64 {
    work.lock_timeout.as_secs().max(1)
}

/// Does the session stand as it was pinned when the script is over? Only where nothing of it can run code of
/// somebody's: a function, a trigger and a procedure may set what they like.
pub fn leaves_session(work: &Work<'_>) -> bool {
    work.settings.is_empty() && work.statements.iter().all(is_plain)
}

/// A definition that runs nobody's code and commits by itself.
pub fn is_plain(statement: &Statement) -> bool {
    statement.facts.commits == Commits::ImplicitCommit
        && matches!(
            effect(statement),
            Effect::Seen(Seen {
                proof: Proof::Trial | Proof::Gone,
                ..
            })
        )
}

pub fn sets_session(work: &Work<'_>) -> bool {
    work.statements
        .iter()
        .any(|statement| statement.facts.commits == Commits::Session)
}

/// The session variables that a script sets, apart from those that are pinned by other statements.
pub fn variables(work: &Work<'_>) -> Vec<String> {
    let pinned_otherwise = ["names", "character", "charset", "transaction", "autocommit"];
    work.statements
        .iter()
        .flat_map(|statement| &statement.facts.session)
        .filter_map(|used| match used {
            SessionUse::SetVariable { name, .. } => Some(name.to_lowercase()),
            _ => None,
        })
        .filter(|name| !pinned_otherwise.contains(&name.as_str()))
        .collect()
}

impl Run<'_> {
    /// What the session is set to before the first statement, in the first packet.
    pub fn preamble(&self, packet: &mut Packet<'_>) {
        if self.entry.is_some() && !self.opened || self.done > self.work.from {
            return;
        }
        if self.is_pinned {
            return;
        }
        let seconds = seconds(self.work);
        for variable in &self.touched {
            packet.add(
                Part::Journal,
                format!(
                    "SET SESSION {} = {}",
                    session::identifier(variable),
                    connect::mysql_pinned(variable).unwrap_or("DEFAULT")
                ),
            );
        }
        let pinned = PINNED.as_str();
        packet.add(
            Part::Journal,
            format!(
                "{pinned}, lock_wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}"
            ),
        );
        for setting in &self.work.settings {
            packet.add(Part::Journal, (*setting).to_owned());
        }
    }
}
