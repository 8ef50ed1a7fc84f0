//! From the ledger's first form, which held scripts and snapshots in its rows, to the present one.
//!
//! Everything is copied first, on the server, an entry at a time; then one DDL statement takes the
//! two columns away. Cut short before that, it is still the first form, and the next run copies what
//! is missing. A sgmp-db that only knows the first form fails at its first row and changes nothing.

use super::{
    Mysql,
    preamble::PINNED,
    texts::{SCRIPT, SNAPSHOT},
};
use anyhow::{Context, Result};

/// The columns that go.
const COLUMNS: [(&str, &str); 2] = [("script", SCRIPT), ("snapshot", SNAPSHOT)];

/// Characters of a text in one piece: at most 2 MB, and less than a quarter of what the server may
/// put into one value.
const PIECE: u64 = 512 * 1024;

/// How many entries one statement copies.
const TOGETHER: usize = 200;

/// How long the two columns wait for whoever reads the table, in seconds.
const PATIENCE: u32 = 60;

/// Copies what is not copied yet, then changes the table. Needs the lock.
pub async fn convert(mysql: &mut Mysql) -> Result<()> {
    // A value that does not become one must be an error here, not a warning.
    mysql.packet(&[&PINNED]).await?;
    let limit = u64::try_from(mysql.packet_limit).unwrap_or(PIECE);
    let piece = PIECE.min(limit / 16).max(64);
    for (column, kind) in COLUMNS {
        copy(mysql, column, kind, piece)
            .await
            .with_context(|| format!("copying the {kind}s of the ledger"))?;
    }
    let statements = [
        format!("SET SESSION lock_wait_timeout = {PATIENCE}"),
        "ALTER TABLE sgmp_db_ledger DROP COLUMN script, DROP COLUMN snapshot, \
         COMMENT = 'sgmp-db ledger format 2'"
            .to_owned(),
        "SET SESSION lock_wait_timeout = DEFAULT".to_owned(),
    ];
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    mysql
        .packet(&statements)
        .await
        .context("changing the ledger to its present form")?;
    Ok(())
}

async fn copy(mysql: &mut Mysql, column: &str, kind: &str, piece: u64) -> Result<()> {
    let missing = format!(
        "{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sgmp_db_ledger_text t WHERE t.entry = l.id AND t.kind = '{kind}')"
    );
    let query = format!(
        "SELECT id, CHAR_LENGTH({column}) FROM sgmp_db_ledger l WHERE {missing} ORDER BY id"
    );
    let sets = mysql.packet(&[&query]).await?;
    let entries: Vec<(u64, u64)> = sets[0]
        .iter()
        .filter_map(|row| mysql_async::from_row_opt(row.clone()).ok())
        .collect();
    let (small, large): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|(_, length)| *length <= piece);
    for some in small.chunks(TOGETHER) {
        let ids: Vec<String> = some.iter().map(|(id, _)| id.to_string()).collect();
        let insert = format!(
            "INSERT INTO sgmp_db_ledger_text (entry, kind, part, body) \
             SELECT id, '{kind}', 0, COMPRESS({column}) FROM sgmp_db_ledger WHERE id IN ({})",
            ids.join(", ")
        );
        mysql.packet(&[&insert]).await?;
    }
    for (id, length) in large {
        mysql.packet(&["START TRANSACTION"]).await?;
        for part in 0..length.div_ceil(piece) {
            let insert = format!(
                "INSERT INTO sgmp_db_ledger_text (entry, kind, part, body) \
                 SELECT id, '{kind}', {part}, COMPRESS(SUBSTRING({column}, {}, {piece})) FROM sgmp_db_ledger WHERE id = {id}",
                part * piece + 1
            );
            mysql.packet(&[&insert]).await?;
        }
        mysql.packet(&["COMMIT"]).await?;
    }
    Ok(())
}
