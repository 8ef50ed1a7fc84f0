//! What could a script leave in its session? It is asked at the script's end, and the next one begins
//! with a clean session; never with DISCARD ALL, which would give up the lock.

use super::{lock, session};
use crate::sql::{Dialect, Modes, each_token};

/// Words without which a script can leave nothing in its session but what a transaction ends.
const MARKS: [&str; 19] = [
    "call",
    "copy",
    "declare",
    "delete",
    "discard",
    "do",
    "execute",
    "insert",
    "listen",
    "merge",
    "pg_temp",
    "prepare",
    "reset",
    "select",
    "set",
    "temp",
    "temporary",
    "update",
    "with",
];

/// Takes back what may be left: variables, cursors, prepared statements, temporary objects. What the
/// session was set to after its login are variables too, and are set again after this.
pub const CLEAN: &str = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DEALLOCATE ALL; DISCARD TEMP; ";

/// May the script leave something? Asked of its words, so that most cost nothing more.
pub fn may_stay(text: &str) -> bool {
    let modes = Modes::of(Dialect::Postgres);
    each_token(Dialect::Postgres, modes, text).any(|token| token.is_any(&MARKS))
}

/// Statements at a script's end, in the transaction of its record: they fail, and the record with
/// them, when the script leaves a temporary object or an advisory lock behind. The record is the
/// login's own, whichever role the script took.
pub fn guard(text: &str) -> String {
    if !may_stay(text) {
        return String::new();
    }
    let lower = text.to_ascii_lowercase();
    // The catalog does not tell which tables go with the transaction, so whoever knows the clause is trusted;
    // what stays all the same goes before the next script.
    let temporary = format!(
        "IF pg_catalog.pg_my_temp_schema() <> 0 THEN \
         SELECT pg_catalog.string_agg(c.relname, ', ' ORDER BY c.relname) INTO names FROM pg_catalog.pg_class c \
         WHERE c.relnamespace = pg_catalog.pg_my_temp_schema() AND c.relkind IN ('r', 'p', 'v', 'S'); \
         IF names IS NOT NULL AND NOT {} AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc p \
         WHERE p.prosrc ILIKE '%on commit drop%') THEN \
         RAISE EXCEPTION USING MESSAGE = 'the file leaves temporary objects behind: ' || names, \
         HINT = 'drop them before the file ends, or make them ON COMMIT DROP'; END IF; END IF; ",
        lower.contains("on commit drop")
    );
    let locks = match lower.contains("advisory") {
        true => advisory_locks(),
        false => String::new(),
    };
    let body = format!("DECLARE names text; held record; BEGIN {temporary}{locks}END");
    format!(
        "RESET SESSION AUTHORIZATION; RESET ROLE; DO {}; ",
        session::text(&body)
    )
}

/// A lock of the transaction's cannot be given back, and one of the session's can: that tells them
/// apart, and leaves none.
fn advisory_locks() -> String {
    format!(
        "FOR held IN SELECT l.classid::bigint AS a, l.objid::bigint AS b, l.objsubid AS keys, l.mode FROM pg_catalog.pg_locks l \
         WHERE l.locktype = 'advisory' AND l.granted AND l.pid = pg_catalog.pg_backend_pid() \
         AND NOT (l.objsubid = 1 AND ((l.classid::bigint << 32) | l.objid::bigint) = {}) LOOP \
         IF (CASE WHEN held.keys = 1 AND held.mode = 'ShareLock' THEN pg_catalog.pg_advisory_unlock_shared((held.a << 32) | held.b) \
         WHEN held.keys = 1 THEN pg_catalog.pg_advisory_unlock((held.a << 32) | held.b) \
         WHEN held.mode = 'ShareLock' THEN pg_catalog.pg_advisory_unlock_shared(held.a::bit(32)::integer, held.b::bit(32)::integer) \
         ELSE pg_catalog.pg_advisory_unlock(held.a::bit(32)::integer, held.b::bit(32)::integer) END) THEN \
         RAISE EXCEPTION USING MESSAGE = 'the file leaves an advisory lock behind', \
         HINT = 'give it back before the file ends, or take it with pg_advisory_xact_lock'; END IF; END LOOP; ",
        lock::key()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_only_defines_is_not_asked() {
        assert!(!may_stay("CREATE TABLE t (id int);\nDROP INDEX i;"));
        for text in [
            "SELECT set_config('a.b', 'c', false)",
            "DO $$ BEGIN END $$",
            "CREATE TEMP TABLE t (id int)",
            "LISTEN x",
        ] {
            assert!(may_stay(text), "{text}");
        }
    }
}
