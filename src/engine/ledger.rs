//! One new row of the ledger, column by column, written for either database by its flavour of SQL.
//!
//! Rows are small whatever the file's size is: MySQL's binary log writes the whole row, before and
//! after, at every update. Long texts go to a table of their own, which no statement updates.

use super::{Adopted, Adoption, EntryState, Event, Identity, Resolution};

/// The longest message that a row keeps, in characters: a server may quote a whole row in its words.
const MESSAGE: usize = 4_000;

/// How a database writes what every row has.
#[derive(Debug)]
pub struct Flavour {
    /// The ledger's name as statements write it.
    pub table: &'static str,
    /// An expression: now, by the server's clock.
    pub now: &'static str,
    /// An expression: the login.
    pub user: &'static str,
    /// A string as a literal.
    pub text: fn(&str) -> String,
}

/// A row to be added.
#[derive(Debug, Clone)]
pub struct LedgerRow {
    flavour: &'static Flavour,
    columns: Vec<(&'static str, String)>,
}

/// What a row says about a script.
#[derive(Debug, Clone, Copy)]
pub struct RowScript<'a> {
    pub version: i32,
    pub name: &'a str,
    /// `sha256:v1:<hex>`.
    pub checksum: &'a str,
    pub statements_total: usize,
    /// The entry that this one goes on from.
    pub continues: Option<i64>,
}

impl LedgerRow {
    /// What every row has. It began now.
    pub fn new(
        flavour: &'static Flavour,
        event: Event,
        state: EntryState,
        identity: &Identity,
    ) -> LedgerRow {
        let mut row = LedgerRow {
            flavour,
            columns: Vec::with_capacity(20),
        };
        row.text("event", event.name())
            .text("state", state.name())
            .value("started_at", flavour.now)
            .text("os_user", &identity.os_user)
            .text("os_host", &identity.os_host)
            .value("database_user", flavour.user)
            .text("tool_version", identity.tool_version);
        row
    }

    /// Of a version that another tool made. `newest`: with the schema's fingerprint.
    pub fn adopted(
        flavour: &'static Flavour,
        migration: &Adopted<'_>,
        adoption: &Adoption<'_>,
        newest: bool,
    ) -> LedgerRow {
        let mut row = LedgerRow::new(flavour, Event::Adopt, EntryState::Done, adoption.identity);
        row.script(&RowScript {
            version: migration.version,
            name: migration.name,
            checksum: &migration.checksum,
            statements_total: 0,
            continues: None,
        })
        .value("statements_done", "0")
        .finished()
        .message("details", Some(adoption.details));
        if newest {
            row.text("fingerprint", &adoption.snapshot.fingerprint);
        }
        row
    }

    /// Of what somebody settled by hand.
    pub fn resolved(flavour: &'static Flavour, resolution: &Resolution<'_>) -> LedgerRow {
        let (total, done) = (resolution.statements_total, resolution.statements_done);
        let mut row = LedgerRow::new(
            flavour,
            Event::Resolve,
            resolution.state,
            resolution.identity,
        );
        row.script(&RowScript {
            version: resolution.version,
            name: resolution.name,
            checksum: &resolution.checksum,
            statements_total: total,
            continues: resolution.continues,
        })
        .value("statements_done", done.min(total).to_string())
        .finished()
        .message("details", Some(resolution.details));
        row
    }

    /// A column with an expression as its value.
    pub fn value(&mut self, column: &'static str, expression: impl Into<String>) -> &mut Self {
        self.columns.push((column, expression.into()));
        self
    }

    /// A column with a string as its value.
    pub fn text(&mut self, column: &'static str, value: &str) -> &mut Self {
        let literal = (self.flavour.text)(value);
        self.value(column, literal)
    }

    /// The same where there is one, cut to what a row may hold.
    pub fn message(&mut self, column: &'static str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(column, bounded(value));
        }
        self
    }

    /// The columns about a script.
    pub fn script(&mut self, script: &RowScript<'_>) -> &mut Self {
        self.value("version", script.version.to_string())
            .text("name", script.name)
            .text("checksum", script.checksum)
            .value("statements_total", script.statements_total.to_string());
        if let Some(id) = script.continues {
            self.value("continues", id.to_string());
        }
        self
    }

    /// It has ended.
    pub fn finished(&mut self) -> &mut Self {
        let now = self.flavour.now;
        self.value("finished_at", now)
    }

    /// The columns' names.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The columns' values.
    pub fn values(&self) -> String {
        let values: Vec<&str> = self.columns.iter().map(|(_, value)| &**value).collect();
        values.join(", ")
    }

    /// The statement that adds the row.
    pub fn insert(&self) -> String {
        let (table, names, values) = (self.flavour.table, self.names(), self.values());
        format!("INSERT INTO {table} ({names}) VALUES ({values})")
    }
}

/// As much of a message as a row keeps.
pub fn bounded(message: &str) -> &str {
    match message.char_indices().nth(MESSAGE) {
        Some((end, _)) => &message[..end],
        None => message,
    }
}

/// A text in pieces of at most `size` bytes (at least one character each), in order; one empty
/// piece where there is nothing.
pub fn pieces(text: &str, size: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut end = size.min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let (piece, behind) = text.split_at(end);
        rest = Some(behind).filter(|behind| !behind.is_empty());
        Some(piece)
    })
}

/// Statements in lots of about so many bytes, each made when its lot is asked for.
pub fn together(
    statements: impl Iterator<Item = String>,
    size: usize,
) -> impl Iterator<Item = Vec<String>> {
    let mut statements = statements.peekable();
    std::iter::from_fn(move || {
        let mut lot = vec![statements.next()?];
        let mut length = lot[0].len();
        while let Some(next) = statements.next_if(|next| length + next.len() <= size) {
            length += next.len();
            lot.push(next);
        }
        Some(lot)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_bounded_end_between_characters_and_are_the_text() {
        let text = "aü€𝄞".repeat(100);
        for size in [1, 2, 3, 5, 7, 64, 4096] {
            let all: Vec<&str> = pieces(&text, size).collect();
            assert_eq!(all.concat(), text);
            assert!(all.iter().all(|piece| piece.len() < size + 4));
        }
        assert_eq!(pieces("", 9).collect::<Vec<_>>(), [""]);
    }

    #[test]
    fn a_message_of_any_length_is_cut_to_what_a_row_holds() {
        let long = "ü".repeat(100_000);
        assert_eq!(bounded(&long).chars().count(), MESSAGE);
        assert_eq!(bounded("short"), "short");
    }
}
