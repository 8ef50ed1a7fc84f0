//! A migration: its name, its way there and its way back.

use super::{Directives, Origin, SumState};
use crate::{
    sql::{SqlText, Statement, mentions},
    target::Target,
};
use refinery_core::Migration as RefineryMigration;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// All migrations of one database.
#[derive(Debug, Clone)]
pub struct MigrationSet {
    pub target: Target,
    pub origin: Origin,
    /// By version, from 1, without a gap.
    pub migrations: Vec<Migration>,
    pub sum: SumState,
    /// `policies.yaml` beside them: name for messages, and text.
    pub policies: Option<(String, String)>,
    /// `schema.snapshot`, likewise.
    pub snapshot: Option<(String, String)>,
    /// `schema.steps`, likewise.
    pub steps: Option<(String, String)>,
    /// `drift-ignore.yaml`, likewise.
    pub ignore: Option<(String, String)>,
    /// What is odd but no error.
    pub notes: Vec<String>,
}

impl MigrationSet {
    /// The way back of that version, where it has one.
    pub fn way_back(&self, version: Option<i32>) -> Option<&Script> {
        let of_version = |one: &&Migration| Some(one.version) == version;
        self.migrations.iter().find(of_version)?.down.as_ref()
    }

    /// Does anything here ask for TimescaleDB? A project of plain PostgreSQL does without it.
    pub fn needs_timescaledb(&self) -> bool {
        const SIGNS: [&str; 3] = ["timescaledb", "create_hypertable", "time_bucket"];
        let asks =
            |migration: &Migration| SIGNS.iter().any(|sign| mentions(migration.up.text(), sign));
        self.policies.is_some() || self.migrations.iter().any(asks)
    }
}

/// One version.
#[derive(Debug, Clone)]
pub struct Migration {
    pub version: i32,
    pub name: String,
    pub up: Script,
    pub down: Option<Script>,
}

/// One file.
#[derive(Debug, Clone)]
pub struct Script {
    /// Path for messages.
    pub file: String,
    /// As stored, with its line ends and byte order mark.
    pub sql: SqlText,
    pub directives: Directives,
}

impl Script {
    /// The bytes as stored.
    pub fn text(&self) -> &str {
        self.sql.as_str()
    }

    /// Its statements; none of a text that cannot be split, which `check` tells.
    pub fn statements(&self) -> &[Statement] {
        self.sql.statements()
    }

    /// `sha256:v1:<hex>` of the text with LF line ends and without a byte order mark, so that a
    /// checkout on another system is the same file.
    pub fn checksum(&self) -> String {
        checksum(self.text())
    }
}

/// `sha256:v1:<hex>` of a script's text.
pub fn checksum(text: &str) -> String {
    format!(
        "sha256:v1:{}",
        hex(&Sha256::digest(canonical(text).as_bytes()))
    )
}

impl Migration {
    /// The checksum that refinery writes into its history: SipHash 1-3 of name, version and text.
    pub fn refinery_checksum(&self) -> u64 {
        let stem = format!("V{}__{}", self.version, self.name);
        // The name was parsed by refinery itself, so it parses again.
        RefineryMigration::unapplied(&stem, self.up.text()).map_or(0, |one| one.checksum())
    }
}

/// The text as checksums see it.
pub fn canonical(text: &str) -> Cow<'_, str> {
    let text = text.trim_start_matches('\u{feff}');
    match text.contains("\r\n") {
        true => Cow::Owned(text.replace("\r\n", "\n")),
        false => Cow::Borrowed(text),
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Dialect;

    fn script(text: &str) -> Script {
        Script {
            file: "f".to_owned(),
            sql: SqlText::new(Dialect::Mysql, text),
            directives: Directives::default(),
        }
    }

    #[test]
    fn line_ends_and_byte_order_mark_do_not_change_a_checksum() {
        let plain = script("SELECT 1;\nSELECT 2;\n").checksum();
        assert_eq!(script("SELECT 1;\r\nSELECT 2;\r\n").checksum(), plain);
        assert_eq!(
            script("\u{feff}SELECT 1;\r\nSELECT 2;\r\n").checksum(),
            plain
        );
        assert_ne!(script("SELECT 1;\nSELECT 3;\n").checksum(), plain);
    }

    #[test]
    fn the_refinery_checksum_is_refinerys_own() {
        let migration = Migration {
            version: 7,
            name: "a_b".to_owned(),
            up: script("SELECT 1;\r\n"),
            down: None,
        };
        let theirs = RefineryMigration::unapplied("V7__a_b.sql", "SELECT 1;\r\n").unwrap();
        assert_eq!(migration.refinery_checksum(), theirs.checksum());
        assert_eq!(theirs.name(), "a_b");
    }
}
