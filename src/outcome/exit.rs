//! Which exit code, and which one when several apply?

/// Exit codes; the contract is the table in `--help` and the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Done, or in sync.
    Ok,
    /// Failed, and nothing was left half-applied.
    Failed,
    /// Usage or configuration is wrong.
    Usage,
    /// Migrations are pending (also: the database does not exist yet).
    Pending,
    /// Drift: schema, policy or cross-database.
    Drift,
    /// History disagrees with the files.
    History,
    /// The lock was not free in time.
    Lock,
    /// A migration is half-applied.
    HalfApplied,
    /// Could not see everything.
    Unknown,
    /// Stopped by Ctrl-C.
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
}

impl Exit {
    /// Every code with what it means, in the order of the codes.
    pub const ALL: [(Exit, &'static str); 11] = [
        (Exit::Ok, "done / in sync (notes are not findings)"),
        (Exit::Failed, "failed, and nothing was left half-applied"),
        (Exit::Usage, "usage or configuration is wrong"),
        (
            Exit::Pending,
            "migrations are pending (also: the database does not exist yet)",
        ),
        (Exit::Drift, "drift: schema, policy or cross-database"),
        (
            Exit::History,
            "history disagrees with the files (checksum, missing, out of order, newer than this binary)",
        ),
        (Exit::Lock, "the lock was not free in time"),
        (
            Exit::HalfApplied,
            "a migration is half-applied (with what is in the database and what to type)",
        ),
        (
            Exit::Unknown,
            "could not see everything (privileges, nothing to compare with); never told as missing or in sync",
        ),
        (Exit::Interrupted, "stopped by Ctrl-C"),
        (Exit::Terminated, "stopped by SIGTERM"),
    ];

    /// Of several codes, the first of these is the process's.
    const PRECEDENCE: [Exit; 11] = [
        Exit::Interrupted,
        Exit::Terminated,
        Exit::Usage,
        Exit::HalfApplied,
        Exit::Failed,
        Exit::Lock,
        Exit::History,
        Exit::Unknown,
        Exit::Drift,
        Exit::Pending,
        Exit::Ok,
    ];

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Pending => 3,
            Exit::Drift => 4,
            Exit::History => 5,
            Exit::Lock => 6,
            Exit::HalfApplied => 7,
            Exit::Unknown => 8,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

    /// Those of `exits` that are not `Ok`, each once, by precedence.
    pub fn ranked(exits: impl IntoIterator<Item = Exit>) -> Vec<Exit> {
        let exits: Vec<Exit> = exits.into_iter().collect();
        let mut ranked = Exit::PRECEDENCE.to_vec();
        ranked.retain(|exit| *exit != Exit::Ok && exits.contains(exit));
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_codes_the_documented_one_wins() {
        let all = Exit::ALL.map(|(exit, _)| exit);
        let codes: Vec<u8> = Exit::ranked(all).into_iter().map(Exit::code).collect();
        assert_eq!(codes, [130, 143, 2, 7, 1, 6, 5, 8, 4, 3]);
    }
}
