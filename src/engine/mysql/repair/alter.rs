//! What must a table that is on both sides be told? Its clauses; `clauses` makes statements of them.

use super::{
    anew,
    both::{Both, touches, typed},
    clauses::{Clause, Clauses, columns_in},
    collations::{self, Defaults},
    depends::{self, storage},
    partitions,
    tables::{comment, option},
};
use crate::{
    engine::mysql::catalog::{
        columns::quoted,
        tables::{self, Table},
    },
    schema::{Class, Key, Object, ObjectDifference, plan::Planner},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// One table under repair.
pub struct Alter<'a> {
    pub(super) both: &'a Both<'a>,
    pub(super) defaults: &'a Defaults,
    pub(super) name: &'a str,
    pub(super) expected: Table,
    pub(super) actual: Table,
    /// Of the table itself, where it is among the differences.
    pub(super) difference: Option<&'a ObjectDifference>,
    wanted_comments: Option<Value>,
    found_comments: Option<Value>,
    clauses: Clauses,
    /// Columns that are dropped and added again: their indexes and checks are too.
    pub(super) anew: BTreeSet<String>,
}

/// Alters the table of that name, which is on both sides.
pub fn table(both: &Both<'_>, defaults: &Defaults, name: &str, planner: &mut Planner<'_>) {
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
        expected: match difference {
            Some(_) => expected,
            None => actual.clone(),
        },
        actual,
        difference,
        wanted_comments: comments(difference, wanted, found),
        found_comments: found.and_then(|one| one.optional.get(&Class::Comments).cloned()),
        clauses: Clauses {
            table: name.to_owned(),
            list: Vec::new(),
        },
        anew: BTreeSet::new(),
    };
    alter.anew = anew::columns(&alter.expected, &alter.actual);
    alter.columns();
    alter.indexes();
    alter.checks();
    alter.options();
    alter.partitions();
    alter.clauses.plan(planner);
}

/// The comments that shall be there afterwards: the expected ones where they are compared.
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
    pub(super) fn comment(&self, part: &str, name: &str) -> Option<String> {
        comment(self.wanted_comments.as_ref(), part, name)
    }

    /// Does the comment of that part differ, where comments are compared?
    pub(super) fn is_commented_otherwise(&self, part: &str, name: &str) -> bool {
        comment(self.found_comments.as_ref(), part, name) != self.comment(part, name)
    }

    pub(super) fn add(&mut self, clause: Clause) {
        self.clauses.list.push(clause);
    }

    pub(super) fn column_key(&self, name: &str) -> Key {
        depends::column(self.name, name)
    }

    /// The columns of either side that a text names.
    pub(super) fn named_in(&self, text: &str) -> BTreeSet<Key> {
        let names = self
            .expected
            .column_order
            .iter()
            .chain(&self.actual.column_order);
        columns_in(self.name, names, text)
    }

    fn options(&mut self) {
        let (expected, actual) = (&self.expected, &self.actual);
        let mut texts = Vec::new();
        let to = self.defaults.of_expected(expected);
        if self.defaults.of_actual(actual) != to {
            texts.push(format!("DEFAULT {}", collations::clause(to)));
        }
        if expected.row_format != actual.row_format {
            let format = expected.row_format.as_deref().unwrap_or("DEFAULT");
            texts.push(format!("ROW_FORMAT = {format}"));
        }
        let names: BTreeSet<&String> = expected
            .options
            .keys()
            .chain(actual.options.keys())
            .collect();
        for name in names {
            let (wanted, found) = (expected.options.get(name), actual.options.get(name));
            if wanted != found {
                texts.push(option(name, wanted.map(String::as_str)));
            }
        }
        if self.is_commented_otherwise("table", "") {
            let comment = self.comment("table", "").unwrap_or_default();
            texts.push(format!("COMMENT = {}", quoted(&comment)));
        }
        let key = Key::new("options", self.name);
        let engine = (expected.engine != actual.engine).then(|| {
            let engine = expected.engine.as_deref().unwrap_or("InnoDB");
            let clause = Clause::about(key.clone(), format!("ENGINE = {engine}"));
            clause
                .dropping(storage(self.name))
                .creating(storage(self.name))
        });
        let options = texts
            .into_iter()
            .map(|text| Clause::about(key.clone(), text));
        self.clauses.list.extend(engine.into_iter().chain(options));
    }

    fn partitions(&mut self) {
        let names = self
            .expected
            .partitions
            .iter()
            .flat_map(|one| &one.list_order);
        let mut names = names.map(|name| self.is_commented_otherwise("partitions", name));
        if self.expected.partitions == self.actual.partitions && !names.any(|differs| differs) {
            return;
        }
        let sql = match &self.expected.partitions {
            None => "REMOVE PARTITIONING".to_owned(),
            Some(wanted) => partitions::clause(wanted, |one| self.comment("partitions", one)),
        };
        let key = storage(self.name);
        let mut clause = Clause::about(key.clone(), sql)
            .dropping(key.clone())
            .creating(key);
        clause.is_partitioning = true;
        self.add(clause);
    }
}
