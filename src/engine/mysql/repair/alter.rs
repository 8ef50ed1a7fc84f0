//! What must a table that stands be told? One ALTER for what loses nothing, one for what may.

use super::{
    collations::{self, Defaults},
    column, keys, partitions,
    plan::{Both, Phase, Plan, split, touches, typed},
    sequence,
    tables::{column_of, comment, option},
};
use crate::{
    engine::mysql::{
        catalog::{
            checks::{self, Check},
            columns::{Column, quoted},
            indexes::{self, Index},
            tables::{self, Table},
        },
        session::identifier,
    },
    schema::{Class, Key, Object, ObjectDifference},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Clauses for one table.
struct Alter<'a> {
    both: &'a Both<'a>,
    defaults: &'a Defaults,
    name: &'a str,
    expected: Table,
    actual: Table,
    /// Of the table itself, where it is among the differences.
    difference: Option<&'a ObjectDifference>,
    wanted_comments: Option<Value>,
    /// In a statement of its own, before all others.
    first: Vec<String>,
    free: Vec<String>,
    /// Of indexes and checks that are made: with the columns that they need.
    keys: Vec<String>,
    costly: Vec<String>,
    costs: Vec<String>,
    /// Columns that are dropped and made again: their indexes and checks are too.
    anew: BTreeSet<String>,
}

/// Alters the table of that name, which stands on both sides.
pub fn table<'a>(both: &'a Both<'a>, defaults: &'a Defaults, name: &'a str, plan: &mut Plan) {
    let key = Key::new(tables::KIND, name);
    let (wanted, found) = (
        both.expected.objects.get(&key),
        both.actual.objects.get(&key),
    );
    let (Some(expected), Some(actual)) = (typed::<Table>(wanted), typed::<Table>(found)) else {
        return;
    };
    let difference = both.difference(tables::KIND, name);
    let mut alter = Alter {
        both,
        defaults,
        name,
        // A table that differs only in what is ignored keeps its own form.
        expected: if difference.is_some() {
            expected
        } else {
            actual.clone()
        },
        actual,
        difference,
        wanted_comments: comments(difference, wanted, found),
        first: Vec::new(),
        free: Vec::new(),
        keys: Vec::new(),
        costly: Vec::new(),
        costs: Vec::new(),
        anew: BTreeSet::new(),
    };
    alter.columns();
    alter.indexes();
    alter.checks();
    alter.options();
    alter.finish(&key, plan);
}

/// The comments that shall stand afterwards: the expected ones where they are compared.
fn comments(
    difference: Option<&ObjectDifference>,
    wanted: Option<&Object>,
    found: Option<&Object>,
) -> Option<Value> {
    let compared = difference.is_some_and(|one| touches(one, Class::Comments.name()));
    let object = if compared { wanted } else { found };
    object?.optional.get(&Class::Comments).cloned()
}

impl Alter<'_> {
    fn comment(&self, part: &str, name: &str) -> Option<String> {
        comment(self.wanted_comments.as_ref(), part, name)
    }

    fn touches(&self, path: &str) -> bool {
        self.difference.is_some_and(|one| touches(one, path))
    }

    fn columns(&mut self) {
        let expected = self.expected.column_order.clone();
        let common = |order: &[String], other: &Table| {
            let both = order
                .iter()
                .filter(|name| other.columns.contains_key(*name));
            both.cloned().collect::<Vec<_>>()
        };
        let wanted = common(&expected, &self.actual);
        let standing = common(&self.actual.column_order, &self.expected);
        let moved = sequence::moved(&wanted, &standing);
        for (index, name) in expected.iter().enumerate() {
            let place = match index.checked_sub(1) {
                Some(before) => format!(" AFTER {}", identifier(&expected[before])),
                None => " FIRST".to_owned(),
            };
            let Some(column) = column_of(&self.expected, name) else {
                continue;
            };
            match column_of(&self.actual, name) {
                None => {
                    let comment = self.expected_comment(name);
                    let definition = column::definition(&column, comment.as_deref());
                    let add = format!("ADD COLUMN {} {definition}{place}", identifier(name));
                    self.free.push(add);
                }
                Some(actual) => {
                    let place = moved.contains(name.as_str()).then_some(place);
                    self.change(name, &column, &actual, place);
                }
            }
        }
        let unexpected: Vec<String> = self
            .actual
            .column_order
            .iter()
            .filter(|name| !self.expected.columns.contains_key(*name))
            .cloned()
            .collect();
        for name in unexpected {
            self.costly
                .push(format!("DROP COLUMN {}", identifier(&name)));
            self.costs.push(self.loss(&name));
        }
    }

    /// A new column has the expected comment, whether comments are compared or not.
    fn expected_comment(&self, name: &str) -> Option<String> {
        let object = self.difference?.expected.as_ref()?;
        comment(object.optional.get(&Class::Comments), "columns", name)
    }

    /// Was it perhaps only renamed? Then there is a way that loses nothing.
    fn loss(&self, name: &str) -> String {
        let dropped = self.actual.columns.get(name);
        let twin = self.expected.column_order.iter().find(|other| {
            !self.actual.columns.contains_key(*other)
                && self.expected.columns.get(*other) == dropped
        });
        let table = identifier(self.name);
        match twin {
            Some(twin) => format!(
                "drops column {name} and its values; if it is {twin} under another name, rather: \
                 ALTER TABLE {table} RENAME COLUMN {} TO {}",
                identifier(name),
                identifier(twin)
            ),
            None => format!("drops column {name} and its values"),
        }
    }

    fn change(&mut self, name: &str, expected: &Column, actual: &Column, place: Option<String>) {
        let texts = column::has_collation(&expected.kind);
        let to = expected
            .collation
            .as_deref()
            .unwrap_or(self.defaults.of_expected(&self.expected));
        let from = actual
            .collation
            .as_deref()
            .unwrap_or(self.defaults.of_actual(&self.actual));
        let recollated = texts && column::has_collation(&actual.kind) && from != to;
        let plain = |column: &Column| Column {
            collation: None,
            ..column.clone()
        };
        let commented = self.touches(&format!("comments.columns.{name}"));
        if plain(expected) == plain(actual) && !recollated && place.is_none() && !commented {
            return;
        }
        let mut costs: Vec<String> = column::cost(name, expected, actual).into_iter().collect();
        if recollated && !collations::keeps_characters(from, to) {
            costs.push(format!(
                "column {name} goes from {from} to {to}: characters that this set lacks are lost"
            ));
        }
        let comment = self.comment("columns", name);
        let definition = column::definition(expected, comment.as_deref());
        let quoted = identifier(name);
        let mut clauses = Vec::new();
        if column::needs_making_anew(expected, actual) {
            self.anew.insert(name.to_owned());
            let before = self
                .expected
                .column_order
                .iter()
                .position(|one| one == name);
            let place = match before.and_then(|index| index.checked_sub(1)) {
                Some(before) => {
                    format!(" AFTER {}", identifier(&self.expected.column_order[before]))
                }
                None => " FIRST".to_owned(),
            };
            clauses.push(format!("DROP COLUMN {quoted}"));
            clauses.push(format!("ADD COLUMN {quoted} {definition}{place}"));
        } else {
            let place = place.unwrap_or_default();
            clauses.push(format!("MODIFY COLUMN {quoted} {definition}{place}"));
        }
        if costs.is_empty() {
            self.free.extend(clauses);
        } else {
            self.costly.extend(clauses);
            self.costs.extend(costs);
        }
    }

    fn indexes(&mut self) {
        let kind = indexes::KIND;
        let engine = self.expected.engine.clone();
        for (own, expected, actual) in self.parts::<Index>(kind) {
            let comment = self.comment("indexes", &own);
            let shown =
                |index: &Index| keys::index(&own, index, engine.as_deref(), comment.as_deref());
            match (expected, actual) {
                (Some(expected), None) => self.keys.push(format!("ADD {}", shown(&expected))),
                (None, Some(_)) => {
                    self.costly.push(keys::drop_index(&own));
                    self.costs.push(format!("drops index {own}"));
                }
                (Some(expected), Some(actual)) => {
                    let visible = Index {
                        invisible: expected.invisible,
                        ..actual.clone()
                    };
                    let commented = self.touches(&format!("comments.indexes.{own}"));
                    let anew = self.uses_column_made_anew(&actual.parts);
                    if visible == expected && actual != expected && !commented && !anew {
                        let word = if expected.invisible {
                            "INVISIBLE"
                        } else {
                            "VISIBLE"
                        };
                        self.free
                            .push(format!("ALTER INDEX {} {word}", identifier(&own)));
                    } else if actual != expected || commented || anew {
                        let drop = keys::drop_index(&own);
                        // In one ALTER the server takes two parsers of one index for the same.
                        if expected.parser == actual.parser {
                            self.keys.push(drop);
                        } else {
                            self.first.push(drop);
                        }
                        self.keys.push(format!("ADD {}", shown(&expected)));
                    }
                }
                (None, None) => {}
            }
        }
    }

    fn checks(&mut self) {
        for (own, expected, actual) in self.parts::<Check>(checks::KIND) {
            let quoted = identifier(&own);
            match (expected, actual) {
                (Some(expected), None) => {
                    self.free
                        .push(format!("ADD {}", keys::check(&own, &expected)));
                }
                (None, Some(_)) => {
                    self.costly.push(format!("DROP CHECK {quoted}"));
                    self.costs.push(format!("drops check {own}"));
                }
                (Some(expected), Some(actual)) if expected.expression != actual.expression => {
                    self.keys.push(format!("DROP CHECK {quoted}"));
                    self.free
                        .push(format!("ADD {}", keys::check(&own, &expected)));
                }
                (Some(expected), Some(actual)) if expected != actual => {
                    let word = if expected.enforced {
                        "ENFORCED"
                    } else {
                        "NOT ENFORCED"
                    };
                    self.keys.push(format!("ALTER CHECK {quoted} {word}"));
                }
                _ => {}
            }
        }
    }

    /// Parts of this kind on both sides: those among the differences, and those that stand and
    /// use a column that is made anew or have a comment that differs.
    fn parts<T: serde::de::DeserializeOwned>(
        &self,
        kind: &str,
    ) -> Vec<(String, Option<T>, Option<T>)> {
        let tables = self.both.tables();
        let mut keys: BTreeSet<&Key> = self.both.differences.keys().copied().collect();
        keys.extend(self.both.actual.objects.keys());
        keys.into_iter()
            .filter(|key| key.kind == kind)
            .filter_map(|key| {
                let (table, own) = split(&key.name, &tables)?;
                if table != self.name {
                    return None;
                }
                let actual = self.both.actual.objects.get(key);
                let expected = match self.both.differences.get(key) {
                    Some(difference) => difference.expected.as_ref(),
                    None => actual,
                };
                Some((own.to_owned(), typed(expected), typed(actual)))
            })
            .collect()
    }

    fn uses_column_made_anew(&self, parts: &[String]) -> bool {
        self.anew
            .iter()
            .any(|name| parts.iter().any(|part| part.contains(&identifier(name))))
    }

    fn options(&mut self) {
        let (expected, actual) = (&self.expected, &self.actual);
        let mut free = Vec::new();
        if expected.engine != actual.engine {
            let engine = expected.engine.as_deref().unwrap_or("InnoDB");
            free.push(format!("ENGINE = {engine}"));
        }
        let to = self.defaults.of_expected(expected);
        if self.defaults.of_actual(actual) != to {
            free.push(format!("DEFAULT {}", collations::clause(to)));
        }
        if expected.row_format != actual.row_format {
            let format = expected.row_format.as_deref().unwrap_or("DEFAULT");
            free.push(format!("ROW_FORMAT = {format}"));
        }
        let names: BTreeSet<&String> = expected
            .options
            .keys()
            .chain(actual.options.keys())
            .collect();
        for name in names {
            let (wanted, found) = (expected.options.get(name), actual.options.get(name));
            if wanted != found {
                free.push(option(name, wanted.map(String::as_str)));
            }
        }
        if self.touches("comments.table") {
            let comment = self.comment("table", "").unwrap_or_default();
            free.push(format!("COMMENT = {}", quoted(&comment)));
        }
        self.free.extend(free);
    }

    fn finish(mut self, key: &Key, plan: &mut Plan) {
        let table = identifier(self.name);
        let statement =
            |clauses: &[String]| format!("ALTER TABLE {table}\n  {}", clauses.join(",\n  "));
        if self.expected.partitions != self.actual.partitions || self.touches("comments.partitions")
        {
            let (phase, clause) = match &self.expected.partitions {
                None => (Phase::RemovePartitions, "REMOVE PARTITIONING".to_owned()),
                Some(wanted) => {
                    let clause = partitions::clause(wanted, |one| self.comment("partitions", one));
                    (Phase::Partition, clause)
                }
            };
            plan.add(phase, key, format!("ALTER TABLE {table} {clause}"));
        }
        if self.anew.is_empty() {
            self.free.append(&mut self.keys);
        } else {
            self.costly.append(&mut self.keys);
        }
        if !self.first.is_empty() {
            plan.add(Phase::AlterTable, key, statement(&self.first));
        }
        if !self.free.is_empty() {
            plan.add(Phase::AlterTable, key, statement(&self.free));
        }
        if !self.costly.is_empty() {
            let sql = statement(&self.costly);
            plan.add_at_a_cost(Phase::AlterTableAtACost, key, sql, self.costs.join("; "));
        }
    }
}
