//! What is every PostgreSQL session set to, whatever the server, the database or the role say?
//!
//! Startup options beat what the role or the database has been given (PostgreSQL documentation,
//! 20.1.4), and cost no turn. An option that the server does not know, or that this login may not
//! set, refuses the login; those are set by the first message, beside the first question.

/// What every supported server knows and every login may set.
const PINS: [(&str, &str); 27] = [
    ("search_path", "public"),
    ("datestyle", "ISO,MDY"),
    ("intervalstyle", "postgres"),
    ("timezone", "UTC"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("client_min_messages", "warning"),
    ("quote_all_identifiers", "off"),
    ("standard_conforming_strings", "on"),
    ("backslash_quote", "safe_encoding"),
    ("escape_string_warning", "on"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "1"),
    ("xmlbinary", "base64"),
    ("xmloption", "content"),
    ("array_nulls", "on"),
    ("transform_null_equals", "off"),
    ("gin_fuzzy_search_limit", "0"),
    ("lc_numeric", "C"),
    ("lc_monetary", "C"),
    ("lc_time", "C"),
    ("row_security", "on"),
    ("check_function_bodies", "on"),
    ("default_tablespace", ""),
    ("default_table_access_method", "heap"),
    ("default_transaction_isolation", "read committed"),
];

/// The same, of which a session that a pooler shares needs nothing, or which are the connection's. The
/// name is here, because PgBouncer keeps the one of a startup packet for clients that have none.
/// Silence:
/// the server gives a client up that a minute of silence shows to be gone, as we give the server up
/// (20.3.2 "TCP settings").
const OWN: [(&str, &str); 9] = [
    ("application_name", "sgmp-db"),
    ("default_transaction_deferrable", "off"),
    ("temp_tablespaces", ""),
    ("exit_on_error", "off"),
    ("timescaledb.disable_load", "off"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "60000"),
];

/// What not every version has: `client_connection_check_interval` (14) ends a statement whose client
/// is gone, which would otherwise run to its end and keep the lock; `idle_session_timeout` (14) and
/// `transaction_timeout` (17) of a role must not cut a long run; `createrole_self_grant` (16) would
/// make the application's role one of ours. TimescaleDB's are there once its library is loaded.
const NEWER: [(&str, &str); 7] = [
    ("client_connection_check_interval", "10s"),
    ("idle_session_timeout", "0"),
    ("transaction_timeout", "0"),
    ("createrole_self_grant", ""),
    ("timescaledb.skip_cagg_invalidation", "off"),
    ("timescaledb.compress_truncate_behaviour", "truncate_only"),
    ("timescaledb.default_chunk_time_interval", "7 days"),
];

/// Is there such a setting? An empty chunk interval is TimescaleDB's own default, of a week, which
/// cannot be set.
const KNOWN: &str = "pg_catalog.current_setting(w.name, true) IS NOT NULL \
     AND NOT (w.name = 'timescaledb.default_chunk_time_interval' AND pg_catalog.current_setting(w.name, true) = '')";

/// What only a superuser may set, where it is not so already.
const PRIVILEGED: [(&str, &str); 2] = [
    ("session_replication_role", "origin"),
    ("event_triggers", "on"),
];

/// The startup packet's `options`.
pub fn options() -> String {
    let each = PINS
        .iter()
        .chain(&OWN)
        .map(|(name, value)| format!("-c {name}={}", value.replace(' ', "\\ ")));
    each.collect::<Vec<_>>().join(" ")
}

/// What the options could not set. Nothing is set in a session that is not `process`, the one that
/// the login was told, which a pooler then shares with others. PGlite, which has no processes, says 0.
pub fn opening(process: i32) -> String {
    let rest = set(&[&NEWER], KNOWN);
    let privileged = set(
        &[&PRIVILEGED],
        "pg_catalog.current_setting(w.name, true) <> w.value \
         AND (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)",
    );
    let own = format!("pg_catalog.pg_backend_pid() IN ({process}, 0)");
    format!("{rest} AND {own}; {privileged} AND {own}")
}

/// Everything, for a session that keeps what is set and whose login took no options.
pub fn all() -> String {
    let privileged = set(
        &[&PRIVILEGED],
        "pg_catalog.current_setting(w.name, true) <> w.value \
         AND (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)",
    );
    format!("{}; {privileged}", set(&[&PINS, &OWN[1..4], &NEWER], KNOWN))
}

fn set(lists: &[&[(&str, &str)]], condition: &str) -> String {
    let values: Vec<String> = lists
        .iter()
        .flat_map(|list| list.iter())
        .map(|(name, value)| format!("('{name}', '{value}')"))
        .collect();
    format!(
        "SELECT pg_catalog.set_config(w.name, w.value, false) FROM (VALUES {}) AS w (name, value) WHERE {condition}",
        values.join(", ")
    )
}

/// Statements in front of a message in a session that a pooler shares: they hold for the message's
/// transaction. They take no snapshot, so `BEGIN ISOLATION LEVEL …` may follow in the same message.
pub fn local() -> Vec<String> {
    PINS.iter()
        .map(|(name, value)| format!("SET LOCAL {name} = '{value}'"))
        .collect()
}
