//! Long texts of the ledger's entries: scripts and snapshots. In a table that no statement updates, in
//! pieces, which the server compresses by itself where that is worth it (TOAST).
//!
//! Source: PostgreSQL documentation, 66.2 TOAST.

use super::{Timescale, session};
use crate::{engine::pieces, outcome::Failure, target::Target};
use anyhow::{Context, Result};

/// The table.
pub const TEXT: &str = "sgmp_db_ledger_text";

/// What a text is.
pub const SCRIPT: &str = "script";
pub const SNAPSHOT: &str = "snapshot";
/// The checksum of the down file as it was when its version was applied.
pub const DOWN: &str = "down";

/// Bytes of a text in one piece.
pub const PIECE: usize = 256 * 1024;

/// The entry that was written last. Only whoever has the lock writes one.
pub const NEWEST: &str = "(SELECT max(id) FROM public.sgmp_db_ledger)";

/// Is it stored as one piece, which may travel with the statements around it?
pub fn is_small(text: &str) -> bool {
    text.len() <= PIECE
}

/// An entry's row, the first piece of its script and the checksum of the file that leads back in one statement,
/// which returns the entry's number. `insert` adds the row.
pub fn with_script(insert: &str, script: &str, down: Option<&str>) -> String {
    let piece = pieces(script, PIECE).next().unwrap_or_default();
    let down = down.map_or_else(String::new, |down| {
        format!(
            " UNION ALL SELECT id, '{DOWN}', 0, {} FROM entry",
            bytes(down)
        )
    });
    format!(
        "WITH entry AS ({insert} RETURNING id) \
         INSERT INTO public.sgmp_db_ledger_text (entry, kind, part, body) SELECT id, '{SCRIPT}', 0, {} FROM entry{down} RETURNING entry",
        bytes(piece)
    )
}

/// The statements that store a text, one for each piece, made when they are asked for. `entry` is an
/// expression.
pub fn inserts<'t>(
    entry: &'t str,
    kind: &'t str,
    text: &'t str,
) -> impl Iterator<Item = String> + 't {
    pieces(text, PIECE).enumerate().map(move |(part, piece)| {
        format!(
            "INSERT INTO public.sgmp_db_ledger_text (entry, kind, part, body) VALUES ({entry}, '{kind}', {part}, {})",
            bytes(piece)
        )
    })
}

/// The pieces of a script behind the one that `with_script` stores.
pub fn rest_of_script<'t>(script: &'t str) -> impl Iterator<Item = String> + 't {
    inserts(NEWEST, SCRIPT, script).skip(1)
}

fn bytes(piece: &str) -> String {
    format!("pg_catalog.convert_to({}, 'UTF8')", session::text(piece))
}

/// A text of an entry; none where it has none.
pub async fn read(timescale: &mut Timescale, entry: i64, kind: &str) -> Result<Option<String>> {
    let query = format!(
        "SELECT pg_catalog.convert_from(pg_catalog.string_agg(t.body, ''::bytea ORDER BY t.part), 'UTF8') \
         FROM public.sgmp_db_ledger_text t WHERE t.kind = '{kind}' AND t.entry = \
         (SELECT COALESCE(max(o.same_as), {entry}) FROM public.sgmp_db_ledger_text o WHERE o.entry = {entry} AND o.kind = '{kind}')"
    );
    let rows = session::rows(timescale.client().await?, &query)
        .await
        .map_err(|error| Failure::failed(session::words(&error)).on(Target::Timescale))
        .with_context(|| format!("reading the {kind} of the ledger's entry {entry}"))?;
    Ok(rows
        .first()
        .and_then(|row| session::optional(row, 0))
        .map(str::to_owned))
}

/// The statement that makes the newest entry's script the one of another entry.
pub fn same_as(other: i64) -> String {
    format!(
        "INSERT INTO public.sgmp_db_ledger_text (entry, kind, part, same_as, body) VALUES ({NEWEST}, '{SCRIPT}', 0, {other}, '')"
    )
}

/// A query for the entry that has this script's text already, where the one that the run goes on from
/// has the same: texts of one checksum and one length differ in nothing but where their line ends are.
pub fn stored_by(continues: i64, checksum: &str, length: usize) -> String {
    format!(
        "SELECT t.entry FROM public.sgmp_db_ledger_text t WHERE t.kind = '{SCRIPT}' AND t.entry = \
         (SELECT COALESCE(max(o.same_as), {continues}) FROM public.sgmp_db_ledger_text o WHERE o.entry = {continues} AND o.kind = '{SCRIPT}') \
         AND EXISTS (SELECT FROM public.sgmp_db_ledger WHERE id = {continues} AND checksum = {}) \
         GROUP BY t.entry HAVING sum(pg_catalog.octet_length(t.body)) = {length}",
        session::text(checksum)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_script_is_stored_in_pieces() {
        let script = "SELECT 'ü';\n".repeat(60_000);
        let rest: Vec<String> = rest_of_script(&script).collect();
        assert_eq!(rest.len(), 2);
        assert!(rest.iter().all(|one| one.len() < 2 * PIECE));
        assert_eq!(rest_of_script("SELECT 1").count(), 0);
    }
}
