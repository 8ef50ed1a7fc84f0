//! What `upgrade` refuses before it touches a database, and `check` therefore too: found by `migrate::files`, named here
//! so that names and pages are in one place.

/// One of them.
pub struct Refusal {
    pub name: &'static str,
    /// Can a file be allowed to break it?
    pub can_be_allowed: bool,
    pub reason: &'static str,
}

/// All of them.
pub const REFUSALS: [Refusal; 13] = [
    refusal(
        "syntax",
        false,
        "Something does not end, or the file has no statement.",
    ),
    refusal(
        "client-command",
        false,
        "A command of a client (`source`, `\\i`) is none that a server understands.",
    ),
    refusal(
        "invisible-character",
        true,
        "A blank that is none of SQL's is part of a name for the server, and nobody sees it.",
    ),
    refusal(
        "transaction-control",
        true,
        "A COMMIT or ROLLBACK of the file's own would part it from its record. On PostgreSQL it cannot be allowed.",
    ),
    refusal(
        "mixed-transaction",
        true,
        "PostgreSQL cannot run the statement in the file's transaction.",
    ),
    refusal(
        "session-dependent",
        true,
        "A file that is resumed after a lost connection misses what its session held.",
    ),
    refusal(
        "left-behind",
        false,
        "The next file would meet the temporary table or the lock.",
    ),
    refusal(
        "runner-lock",
        false,
        "The statement gives away the lock that keeps other runs of `upgrade` away.",
    ),
    refusal(
        "load-data-local",
        true,
        "LOAD DATA LOCAL reads a file of whoever runs the upgrade.",
    ),
    refusal(
        "concurrent-index",
        false,
        "TimescaleDB builds no index CONCURRENTLY on a hypertable.",
    ),
    refusal(
        "statement-by-statement",
        true,
        "A statement that fills a continuous aggregate takes the file's transaction away. A warning.",
    ),
    refusal(
        "missing-down",
        true,
        "Without a way back `downgrade` stops at this version. A warning.",
    ),
    refusal(
        "unused-allow",
        false,
        "An `allow` that suppresses nothing hides the next mistake of its kind. A warning.",
    ),
];

const fn refusal(name: &'static str, can_be_allowed: bool, reason: &'static str) -> Refusal {
    Refusal {
        name,
        can_be_allowed,
        reason,
    }
}
