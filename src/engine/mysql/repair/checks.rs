//! Which clauses make the checks of a table those that it shall have?

use super::{alter::Alter, clauses::Clause, depends, keys};
use crate::{
    engine::mysql::{
        catalog::checks::{self, Check},
        session::identifier,
    },
    schema::Key,
};
use std::collections::BTreeSet;

impl Alter<'_> {
    pub(super) fn checks(&mut self) {
        let checks = self.both.parts::<Check>(checks::KIND, self.name);
        for (own, expected, actual) in checks {
            let key = Key::new(checks::KIND, format!("{}.{own}", self.name));
            let name = depends::name("check", &own);
            let texts = [&expected, &actual]
                .into_iter()
                .flatten()
                .map(|one| &one.expression);
            let columns: BTreeSet<Key> = texts.flat_map(|text| self.named_in(text)).collect();
            let clause = |sql: String| Clause::about(key.clone(), sql).touching(columns.clone());
            let quoted = identifier(&own);
            let drop = || {
                clause(format!("DROP CHECK {quoted}"))
                    .dropping(key.clone())
                    .dropping(name.clone())
            };
            let add = |check: &Check| {
                let sql = format!("ADD {}", keys::check(&own, check));
                clause(sql).creating(key.clone()).creating(name.clone())
            };
            match (expected, actual) {
                (Some(expected), None) => self.add(add(&expected)),
                (None, Some(_)) => self.add(drop().losing(Some(format!("drops check {own}")))),
                (Some(expected), Some(actual))
                    if expected.expression != actual.expression || self.is_anew(&columns) =>
                {
                    self.add(drop());
                    self.add(add(&expected));
                }
                (Some(expected), Some(actual)) if expected != actual => {
                    let word = if expected.enforced {
                        "ENFORCED"
                    } else {
                        "NOT ENFORCED"
                    };
                    self.add(clause(format!("ALTER CHECK {quoted} {word}")));
                }
                _ => {}
            }
        }
    }
}
