//! Which collation does a table or column have in the end, and what must be said to get it there?
//!
//! Both sides tell a collation only where it is not inherited, so each is resolved first: the
//! expected one against the default that the database has after the repair. A database's new
//! default changes no table that exists, hence every table that inherits is altered with it.

use super::{
    both::{Both, typed},
    column, depends,
};
use crate::{
    engine::mysql::catalog::{columns::Column, databases, tables::Table},
    schema::plan::{Planner, Step},
};

/// Default collations of the database, before and after the repair.
#[derive(Debug, Clone)]
pub struct Defaults {
    pub before: String,
    pub after: String,
}

impl Defaults {
    /// Empty where a side does not tell, which equals itself.
    pub fn of(both: &Both<'_>) -> Defaults {
        let key = depends::database();
        let of = |schema: &crate::schema::Schema| {
            let read: Option<databases::Defaults> = typed(schema.objects.get(&key));
            read.map(|defaults| defaults.collation).unwrap_or_default()
        };
        let before = of(both.actual);
        let after = if both.differences.contains_key(&key) {
            of(both.expected)
        } else {
            before.clone()
        };
        Defaults { before, after }
    }

    /// Does the repair change it?
    pub fn change(&self) -> bool {
        self.before != self.after
    }

    /// From which collation to which does a column go, each with the table it is in? None where it
    /// holds no text or keeps its own.
    pub fn recollation<'a>(
        &'a self,
        (wanted, expected): (&'a Table, &'a Column),
        (found, actual): (&'a Table, &'a Column),
    ) -> Option<(&'a str, &'a str)> {
        let to = expected
            .collation
            .as_deref()
            .unwrap_or(self.of_expected(wanted));
        let from = actual.collation.as_deref().unwrap_or(self.of_actual(found));
        let texts = column::has_collation(&expected.kind) && column::has_collation(&actual.kind);
        (texts && from != to).then_some((from, to))
    }

    /// Of a table as it is.
    pub fn of_actual<'a>(&'a self, table: &'a Table) -> &'a str {
        table.collation.as_deref().unwrap_or(&self.before)
    }

    /// Of a table as it shall be.
    pub fn of_expected<'a>(&'a self, table: &'a Table) -> &'a str {
        table.collation.as_deref().unwrap_or(&self.after)
    }
}

/// `CHARACTER SET x COLLATE y`.
pub fn clause(collation: &str) -> String {
    format!(
        "CHARACTER SET {} COLLATE {collation}",
        character_set(collation)
    )
}

/// A collation's name begins with its character set's.
pub fn character_set(collation: &str) -> &str {
    collation.split('_').next().unwrap_or_default()
}

/// Can text move from one collation to the other without losing characters?
pub fn keeps_characters(from: &str, to: &str) -> bool {
    let (from, to) = (character_set(from), character_set(to));
    from == to || to == "utf8mb4"
}

/// The database's own defaults.
pub fn database(both: &Both<'_>, planner: &mut Planner<'_>) {
    let key = depends::database();
    let Some(difference) = both.differences.get(&key) else {
        return;
    };
    let Some(wanted) = typed::<databases::Defaults>(difference.expected.as_ref()) else {
        return;
    };
    for one in &difference.paths {
        let clause = match one.path.as_str() {
            "collation" => clause(&wanted.collation),
            "encryption" if wanted.encryption => "ENCRYPTION = 'Y'".to_owned(),
            "encryption" => "ENCRYPTION = 'N'".to_owned(),
            _ => continue,
        };
        planner.add(Step::alter(&key, format!("ALTER DATABASE {clause}")));
    }
}
