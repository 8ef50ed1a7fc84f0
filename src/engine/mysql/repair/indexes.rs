//! Which clauses make the indexes of a table those that it shall have?

use super::{
    alter::Alter,
    clauses::{Clause, Stage},
    depends, keys,
    tables::column_of,
};
use crate::{
    engine::mysql::{
        catalog::{
            foreign_keys,
            indexes::{self, Index},
            tables::Table,
        },
        session::identifier,
    },
    schema::Key,
};
use serde_json::Value;
use std::collections::BTreeSet;

impl Alter<'_> {
    pub(super) fn indexes(&mut self) {
        let parts = self.both.parts::<Index>(indexes::KIND, self.name);
        let is_added =
            |one: &(String, Option<Index>, Option<Index>)| one.1 != one.2 && one.1.is_some();
        let added: Vec<Index> = parts
            .iter()
            .filter(|one| is_added(one))
            .filter_map(|one| one.1.clone())
            .collect();
        for (own, expected, actual) in parts {
            let key = depends::index(self.name, &own);
            let texts = [&expected, &actual]
                .into_iter()
                .flatten()
                .flat_map(|one| one.parts.clone());
            let columns: BTreeSet<Key> = texts.flat_map(|part| self.named_in(&part)).collect();
            let clause = |sql: String| Clause::about(key.clone(), sql).touching(columns.clone());
            let drop = || clause(keys::drop_index(&own)).dropping(key.clone());
            let comment = self.comment("indexes", &own);
            let engine = self.expected.engine.as_deref();
            let add = |index: &Index| {
                let shown = keys::index(&own, index, engine, comment.as_deref());
                clause(format!("ADD {shown}")).creating(key.clone())
            };
            match (expected, actual) {
                (Some(expected), None) => self.add(add(&expected)),
                (None, Some(_)) => self.add(drop().losing(Some(format!("drops index {own}")))),
                (Some(expected), Some(actual)) => {
                    let visible = Index {
                        invisible: expected.invisible,
                        ..actual.clone()
                    };
                    let commented = self.is_commented_otherwise("indexes", &own);
                    let is_anew = self.is_anew(&columns) || self.may_vanish(&actual, &added);
                    let in_the_way = self.hinders_srid(&actual, &columns);
                    if visible == expected
                        && actual != expected
                        && !commented
                        && !is_anew
                        && !in_the_way
                    {
                        let word = if expected.invisible {
                            "INVISIBLE"
                        } else {
                            "VISIBLE"
                        };
                        self.add(clause(format!("ALTER INDEX {} {word}", identifier(&own))));
                    } else if actual != expected || commented || is_anew || in_the_way {
                        // In one ALTER the server takes two parsers of one index for the same, and
                        // looks for spatial indexes before it drops any (error 3644).
                        let apart = expected.parser != actual.parser || in_the_way;
                        let stage = if apart { Stage::Before } else { Stage::Main };
                        let (drop, add) = (drop().at(stage), add(&expected));
                        self.add(drop);
                        self.add(add);
                    }
                }
                (None, None) => {}
            }
        }
    }

    pub(super) fn is_anew(&self, columns: &BTreeSet<Key>) -> bool {
        self.anew
            .iter()
            .any(|name| columns.contains(&self.column_key(name)))
    }

    /// May the server drop it by itself? It does with an index that it made for a foreign key as
    /// soon as another one can serve.
    fn may_vanish(&self, index: &Index, added: &[Index]) -> bool {
        keys::may_be_the_servers(index)
            && added
                .iter()
                .any(|other| other.parts.starts_with(&index.parts))
            && self
                .both
                .parts::<Value>(foreign_keys::KIND, self.name)
                .iter()
                .any(|one| one.2.is_some())
    }

    fn hinders_srid(&self, index: &Index, columns: &BTreeSet<Key>) -> bool {
        let is_spatial = index.kind.as_deref() == Some("spatial");
        is_spatial && self.expected.column_order.iter().any(|name| {
            let of = |table: &Table| column_of(table, name).map(|column| column.srid);
            let differs = matches!((of(&self.expected), of(&self.actual)), (Some(to), Some(from)) if from != to);
            differs && columns.contains(&self.column_key(name))
        })
    }
}
