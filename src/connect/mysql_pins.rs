//! What is every MySQL session set to, whatever the server, `init_connect` or the login say?
//!
//! `init_connect` runs after the login (MySQL 8.0 Reference Manual, 7.1.8), so nothing of the login
//! could beat it: the settings go in front of the session's first packet, and cost no turn.
//! `DEFAULT` would be the server's GLOBAL value, so each has a value of its own: the server's
//! built-in default, apart from the time zone. None of them needs a privilege; what needs one
//! (SESSION_VARIABLES_ADMIN) is left as the server has it: docs/configuration.md says which.

/// The connection's character sets. Source of the collation: utf8mb4's own default.
const CHARACTERS: &str = "NAMES utf8mb4";

/// Each variable with its value, as both stand behind `SET SESSION`. `max_join_size` is before
/// `sql_big_selects`, because it changes that one.
const PINS: [(&str, &str); 45] = [
    ("autocommit", "1"),
    ("completion_type", "0"),
    ("sql_mode", SQL_MODE),
    ("time_zone", "'+00:00'"),
    ("transaction_isolation", "'REPEATABLE-READ'"),
    // Limits, in seconds, but the first in milliseconds.
    ("max_execution_time", "0"),
    ("wait_timeout", "28800"),
    ("interactive_timeout", "28800"),
    ("net_read_timeout", "60"),
    ("net_write_timeout", "60"),
    ("lock_wait_timeout", "31536000"),
    ("innodb_lock_wait_timeout", "50"),
    // What a SELECT returns, and how much of it.
    ("sql_select_limit", "18446744073709551615"),
    ("max_join_size", "18446744073709551615"),
    ("sql_big_selects", "1"),
    ("sql_auto_is_null", "0"),
    ("sql_safe_updates", "0"),
    ("sql_buffer_result", "0"),
    ("big_tables", "0"),
    ("max_sort_length", "1024"),
    ("group_concat_max_len", "1024"),
    ("cte_max_recursion_depth", "1000"),
    ("div_precision_increment", "4"),
    ("default_week_format", "0"),
    ("windowing_use_high_precision", "1"),
    ("end_markers_in_json", "0"),
    ("sql_notes", "1"),
    // The line of a syntax error is read out of the server's words.
    ("lc_messages", "'en_US'"),
    ("lc_time_names", "'en_US'"),
    // How the catalog prints.
    ("sql_quote_show_create", "1"),
    ("information_schema_stats_expiry", "86400"),
    ("show_create_table_verbosity", "0"),
    ("print_identified_with_as_hex", "0"),
    // What statements of files do.
    ("foreign_key_checks", "1"),
    ("unique_checks", "1"),
    ("default_storage_engine", "'InnoDB'"),
    ("default_tmp_storage_engine", "'InnoDB'"),
    ("explicit_defaults_for_timestamp", "1"),
    ("old_alter_table", "0"),
    ("innodb_table_locks", "1"),
    ("updatable_views_with_limit", "'YES'"),
    ("max_sp_recursion_depth", "0"),
    ("block_encryption_mode", "'aes-128-ecb'"),
    ("session_track_transaction_info", "'OFF'"),
    ("use_secondary_engine", "'ON'"),
];

/// The defaults of MySQL 8.0, 5.1.11 Server SQL Modes.
const SQL_MODE: &str = "'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
     ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

/// What older servers do not have: before 8.0.30 there are no generated invisible primary keys.
const NEWER: (&str, &str, &str) = (
    "80030",
    "show_gipk_in_create_table_and_information_schema",
    "1",
);

/// Of the character sets, which `CHARACTERS` sets.
const CHARACTER_SETS: [&str; 3] = [
    "character_set_client",
    "character_set_results",
    "collation_connection",
];

/// Sets everything, in one statement. For a session of our own.
pub fn pin() -> String {
    // A time that stands still cannot be put back into somebody else's session, hence only here.
    format!(
        "SET {CHARACTERS}, {}, SESSION timestamp = 0 {}",
        assignments(),
        newer(NEWER.2)
    )
}

/// The value to which a variable is set, as an expression; none where it is left as the server has it.
pub fn pinned(variable: &str) -> Option<&'static str> {
    let (_, newer, value) = NEWER;
    let all = PINS.iter().copied().chain([(newer, value)]);
    all.into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(variable))
        .map(|(_, value)| value)
}

/// What sets some of them back to their values: for behind `SET SESSION`.
pub fn pin_again(variables: &[&str]) -> String {
    let set = PINS.iter().filter(|(name, _)| variables.contains(name));
    let set: Vec<String> = set
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    set.join(", ")
}

/// Fails with `FOREIGN`, and the rest of its packet does not run, where the session is not the one that
/// greeted us. A thread's number is sent as 32 bits (MySQL Source Code Documentation,
/// "Protocol::HandshakeV10").
pub fn own(thread: u32) -> String {
    format!(
        "SET @sgmp_db = IF(CONNECTION_ID() & 4294967295 = {thread}, NULL, (SELECT 1 UNION ALL SELECT 2))"
    )
}

/// The error number of `own`: "Subquery returns more than 1 row".
pub const FOREIGN: u16 = 1242;

/// What goes around a packet in a session that is somebody else's before and after it.
#[derive(Debug, Default)]
pub struct Borrowed {
    /// Keeps what there is, and sets everything.
    pub before: Vec<String>,
    /// Puts back what there was.
    pub after: Vec<String>,
}

/// For a proxy that gives our packets to sessions which others use as well.
pub fn borrow() -> Borrowed {
    let all: Vec<&str> = CHARACTER_SETS
        .into_iter()
        .chain(PINS.iter().map(|(name, _)| *name))
        .collect();
    let each = |item: fn((usize, &&str)) -> String| {
        all.iter()
            .enumerate()
            .map(item)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let keep = each(|(at, name)| format!("@sgmp_db_{at} = @@SESSION.{name}"));
    let back = each(|(at, name)| format!("SESSION {name} = @sgmp_db_{at}"));
    let forget = each(|(at, _)| format!("@sgmp_db_{at} = NULL"));
    let (version, name, _) = NEWER;
    Borrowed {
        before: vec![
            format!("SET {keep} /*!{version} , @sgmp_db_newer = @@SESSION.{name} */"),
            format!("SET {CHARACTERS}, {} {}", assignments(), newer(NEWER.2)),
        ],
        after: vec![
            format!("SET {back} {}", newer("@sgmp_db_newer")),
            format!("SET {forget}, @sgmp_db_newer = NULL"),
        ],
    }
}

fn assignments() -> String {
    let each: Vec<String> = PINS
        .iter()
        .map(|(name, value)| format!("SESSION {name} = {value}"))
        .collect();
    each.join(", ")
}

fn newer(value: &str) -> String {
    let (version, name, _) = NEWER;
    format!("/*!{version} , SESSION {name} = {value} */")
}
