//! Long texts of the ledger's entries: scripts, snapshots, evidence. In a table that no statement
//! updates, compressed, in pieces that every server's packet limit takes.

use super::{Mysql, session};
use crate::engine::pieces;
use anyhow::{Context, Result};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use mysql_async::Row;
use std::io::{Read, Write};

/// The table.
pub const TEXT: &str = "sgmp_db_ledger_text";

/// What a text is.
pub const SCRIPT: &str = "script";
pub const SNAPSHOT: &str = "snapshot";
/// The checksum of the down file as it was when its version was applied.
pub const DOWN: &str = "down";

/// Bytes of a text in one piece, before it is compressed. As a literal a piece that does not
/// compress takes twice as many, so the smallest limit that servers are run with (1 MB) takes it.
pub const PIECE: usize = 256 * 1024;

/// Evidence longer than this, in bytes, does not go into the journal row.
const EVIDENCE: usize = 4 * 1024;

/// What stands in the row in its place.
const ELSEWHERE: &str = "in sgmp_db_ledger_text";

/// Whose text it is: expressions, because an entry's number may not be known yet.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    pub entry: &'a str,
    pub kind: &'a str,
}

/// Is it stored as one piece, which may travel with the statements around it?
pub fn is_small(text: &str) -> bool {
    text.len() <= PIECE
}

/// The statements that store a text, one for each piece, made when they are asked for.
pub fn inserts<'t>(owner: Owner<'t>, text: &'t str) -> impl Iterator<Item = String> + 't {
    pieces(text, PIECE).enumerate().map(move |(part, piece)| {
        let Owner { entry, kind } = owner;
        let mut statement = format!(
            "INSERT INTO sgmp_db_ledger_text (entry, kind, part, body) VALUES ({entry}, '{kind}', {part}, "
        );
        session::push_bytes(&mut statement, &compress(piece.as_bytes()));
        statement.push(')');
        statement
    })
}

/// The form that MySQL's COMPRESS() writes: the length, low byte first, and zlib's format.
/// Source: MySQL 8.0 Reference Manual, 14.13.
fn compress(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut encoder = ZlibEncoder::new(length.to_le_bytes().to_vec(), Compression::default());
    // Writing to a vector cannot fail.
    encoder.write_all(bytes).unwrap_or_default();
    encoder.finish().unwrap_or_default()
}

/// # Errors
/// Somebody else wrote it.
fn uncompress(body: &[u8], text: &mut Vec<u8>) -> Result<()> {
    // The server adds a dot where the last byte would be a blank; the decoder stops before it.
    if let Some(compressed) = body.get(4..) {
        ZlibDecoder::new(compressed).read_to_end(text)?;
    }
    Ok(())
}

/// A text of an entry; none where it has none.
pub async fn read(mysql: &mut Mysql, entry: i64, kind: &str) -> Result<Option<String>> {
    let pieces = format!(
        "SELECT t.body FROM sgmp_db_ledger_text t WHERE t.kind = '{kind}' AND t.entry = \
         (SELECT COALESCE(MAX(o.same_as), {entry}) FROM sgmp_db_ledger_text o WHERE o.entry = {entry} AND o.kind = '{kind}') \
         ORDER BY t.part"
    );
    let sets = mysql.packet(&[&pieces]).await?;
    understand(&sets[0])
        .with_context(|| format!("reading the {kind} of the ledger's entry {entry}"))
}

fn understand(rows: &[Row]) -> Result<Option<String>> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mut text = Vec::new();
    for row in rows {
        let body: Vec<u8> = row
            .get_opt(0)
            .and_then(Result::ok)
            .context("a piece of the text is missing")?;
        uncompress(&body, &mut text)?;
    }
    Ok(Some(String::from_utf8(text)?))
}

/// What a journal row says about what its statement finds, and where that is long, the statements
/// that store it elsewhere. A row is written in full to the binary log at every update.
pub fn evidence(entry: &str, number: usize, evidence: &str) -> (String, Vec<String>) {
    if evidence.len() <= EVIDENCE {
        return (session::text(evidence), Vec::new());
    }
    let kind = evidence_of(number);
    let owner = Owner { entry, kind: &kind };
    let clear =
        format!("DELETE FROM sgmp_db_ledger_text WHERE entry = {entry} AND kind = '{kind}'");
    let stored = std::iter::once(clear).chain(inserts(owner, evidence));
    (session::text(ELSEWHERE), stored.collect())
}

/// The evidence of a statement, from what its row says.
pub async fn whole_evidence(
    mysql: &mut Mysql,
    entry: i64,
    number: usize,
    row: Option<String>,
) -> Result<Option<String>> {
    match row.as_deref() {
        Some(ELSEWHERE) => read(mysql, entry, &evidence_of(number)).await,
        _ => Ok(row),
    }
}

fn evidence_of(number: usize) -> String {
    format!("evidence {number}")
}

/// The statement that makes an entry's script the one of the entry that it goes on from.
pub fn same_as(entry: &str, other: i64) -> String {
    format!(
        "INSERT INTO sgmp_db_ledger_text (entry, kind, part, same_as, body) VALUES ({entry}, '{SCRIPT}', 0, {other}, '')"
    )
}

/// A query for the entry that has this script's text already, where the one that the run goes on from
/// has the same: texts of one checksum and one length differ in nothing but where their line ends are.
pub fn stored_by(continues: i64, checksum: &str, length: usize) -> String {
    format!(
        "SELECT t.entry FROM sgmp_db_ledger_text t WHERE t.kind = '{SCRIPT}' AND t.entry = \
         (SELECT COALESCE(MAX(o.same_as), {continues}) FROM sgmp_db_ledger_text o WHERE o.entry = {continues} AND o.kind = '{SCRIPT}') \
         AND EXISTS (SELECT 1 FROM sgmp_db_ledger WHERE id = {continues} AND checksum = {}) \
         GROUP BY t.entry HAVING SUM(UNCOMPRESSED_LENGTH(t.body)) = {length}",
        session::text(checksum)
    )
}

/// The number that a query of one row returned.
pub fn number(sets: &[Vec<Row>]) -> Option<i64> {
    sets.first()?.first()?.get_opt::<i64, _>(0)?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_is_read_again_also_behind_the_servers_dot() {
        for text in [
            "",
            "a",
            "aü€𝄞 ",
            &"INSERT INTO t VALUES (1);\n".repeat(9_000),
        ] {
            let mut body = compress(text.as_bytes());
            if !body.is_empty() {
                assert_eq!(body[..4], (text.len() as u32).to_le_bytes());
                body.push(b'.');
            }
            let mut read = Vec::new();
            uncompress(&body, &mut read).unwrap();
            assert_eq!(read, text.as_bytes());
        }
    }

    #[test]
    fn a_long_text_is_stored_in_pieces_that_a_small_packet_takes() {
        let noise: String = (0..700_000_u64)
            .map(|n| char::from(b' ' + (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57) as u8 % 90))
            .collect();
        let owner = Owner {
            entry: "7",
            kind: SCRIPT,
        };
        let statements: Vec<String> = inserts(owner, &noise).collect();
        assert_eq!(statements.len(), 3);
        assert!(statements.iter().all(|one| one.len() < 1_000_000));
        assert!(statements[2].contains("(7, 'script', 2, 0x"));
    }

    #[test]
    fn long_evidence_stands_outside_of_the_row() {
        let (row, stored) = evidence("7", 3, "short");
        assert_eq!((row, stored.len()), (session::text("short"), 0));
        let (row, stored) = evidence("7", 3, &"x".repeat(1_000_000));
        assert!(row.len() < 200);
        assert_eq!(stored.len(), 5);
    }
}
