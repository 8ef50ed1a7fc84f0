//! Which clauses go into one ALTER TABLE? Those that lose nothing into the first, those that may
//! lose something into a second that can be withheld, and with these whatever makes no sense, or
//! works only, together with them: clauses that touch the same column or index are done as one.

use super::{
    depends::{column, index},
    keys::PRIMARY,
};
use crate::{
    engine::mysql::{catalog::tables, session::identifier},
    schema::{
        Key,
        plan::{Planner, Step},
    },
};
use std::collections::BTreeSet;

/// When a clause is done, where one ALTER cannot do all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Before,
    Main,
    /// No clause but a statement of its own: it gives the rows their values.
    Fill,
    After,
}

/// One clause, and what it does.
#[derive(Debug)]
pub struct Clause {
    pub sql: String,
    pub stage: Stage,
    /// Columns, indexes and checks that it is about, by their own keys.
    pub touches: BTreeSet<Key>,
    pub drops: BTreeSet<Key>,
    pub creates: BTreeSet<Key>,
    /// What it may lose.
    pub cost: Option<String>,
    pub note: Option<String>,
    /// Partitions come last, without a comma, and have to do with every column and index.
    pub is_partitioning: bool,
}

impl Clause {
    /// A clause about that.
    pub fn about(key: Key, sql: String) -> Clause {
        Clause {
            sql,
            stage: Stage::Main,
            touches: [key].into(),
            drops: BTreeSet::new(),
            creates: BTreeSet::new(),
            cost: None,
            note: None,
            is_partitioning: false,
        }
    }

    pub fn dropping(mut self, key: Key) -> Clause {
        self.drops.insert(key);
        self
    }

    pub fn creating(mut self, key: Key) -> Clause {
        self.creates.insert(key);
        self
    }

    pub fn touching(mut self, keys: impl IntoIterator<Item = Key>) -> Clause {
        self.touches.extend(keys);
        self
    }

    pub fn at(mut self, stage: Stage) -> Clause {
        self.stage = stage;
        self
    }

    pub fn losing(mut self, cost: Option<String>) -> Clause {
        self.cost = cost;
        self
    }

    pub fn noting(mut self, note: Option<String>) -> Clause {
        self.note = note;
        self
    }
}

/// The clauses of one table.
#[derive(Debug)]
pub struct Clauses {
    pub table: String,
    pub list: Vec<Clause>,
}

impl Clauses {
    /// As steps: the harmless ones first, each stage one statement.
    pub fn plan(mut self, planner: &mut Planner<'_>) {
        self.wait_for_fills();
        let costly = self.costly();
        for is_costly in [false, true] {
            for stage in [Stage::Before, Stage::Main, Stage::Fill, Stage::After] {
                let own: Vec<&Clause> = self
                    .list
                    .iter()
                    .enumerate()
                    .filter(|(at, one)| one.stage == stage && costly.contains(at) == is_costly)
                    .map(|(_, one)| one)
                    .collect();
                if !own.is_empty() {
                    self.statement(&own, is_costly)
                        .into_iter()
                        .for_each(|step| planner.add(step));
                }
            }
        }
    }

    /// A primary key takes no NULL, so it waits until all of its columns have their values.
    fn wait_for_fills(&mut self) {
        let primary = index(&self.table, PRIMARY);
        let fills = self.list.iter().filter(|one| one.stage == Stage::Fill);
        let filled: BTreeSet<Key> = fills.flat_map(|one| one.touches.clone()).collect();
        let mut keys = self
            .list
            .iter()
            .filter(|one| one.touches.contains(&primary));
        if !keys.any(|one| !one.touches.is_disjoint(&filled)) {
            return;
        }
        for clause in &mut self.list {
            if clause.touches.contains(&primary) {
                clause.stage = Stage::After;
            }
        }
    }

    /// The clauses that lose something, and all that are connected with one.
    fn costly(&self) -> BTreeSet<usize> {
        let mut costly: BTreeSet<usize> = (0..self.list.len())
            .filter(|at| self.list[*at].cost.is_some())
            .collect();
        loop {
            let connected = |at: &usize| {
                let mut others = costly.iter().map(|other| &self.list[*other]);
                others.any(|other| are_connected(other, &self.list[*at]))
            };
            let found: Vec<usize> = (0..self.list.len())
                .filter(|at| !costly.contains(at) && connected(at))
                .collect();
            if found.is_empty() {
                return costly;
            }
            costly.extend(found);
        }
    }

    fn statement(&self, clauses: &[&Clause], is_costly: bool) -> Vec<Step> {
        let table = identifier(&self.table);
        let join = |is_tail: bool| {
            let own = clauses.iter().filter(|one| one.is_partitioning == is_tail);
            own.map(|one| one.sql.as_str()).collect::<Vec<_>>()
        };
        let texts: Vec<String> = match clauses[0].stage {
            Stage::Fill => clauses.iter().map(|one| one.sql.clone()).collect(),
            _ => {
                let parts = [join(false).join(",\n  "), join(true).join(" ")];
                let parts: Vec<String> = parts.into_iter().filter(|one| !one.is_empty()).collect();
                vec![format!("ALTER TABLE {table}\n  {}", parts.join("\n  "))]
            }
        };
        let all = |of: fn(&Clause) -> &Option<String>| {
            let mut seen = Vec::new();
            for text in clauses.iter().filter_map(|one| of(one).as_ref()) {
                if !seen.contains(text) {
                    seen.push(text.clone());
                }
            }
            (!seen.is_empty()).then(|| seen.join("; "))
        };
        let (costs, notes) = (all(|one| &one.cost), all(|one| &one.note));
        let key = Key::new(tables::KIND, self.table.clone());
        texts
            .into_iter()
            .map(|sql| {
                let mut step = Step::alter(&key, sql);
                for clause in clauses {
                    step = clause
                        .drops
                        .iter()
                        .fold(step, |step, key| step.dropping(key));
                    step = clause
                        .creates
                        .iter()
                        .fold(step, |step, key| step.creating(key));
                    // So that what they are about is known to be repaired.
                    step = clause
                        .touches
                        .iter()
                        .fold(step, |step, key| step.altering(key));
                }
                if is_costly {
                    step = step.with(&Key::new("costly alterations", self.table.clone()));
                }
                if let Some(costs) = &costs {
                    step = step.losing(costs.clone());
                }
                match &notes {
                    Some(notes) => step.noting(notes.clone()),
                    None => step,
                }
            })
            .collect()
    }
}

fn are_connected(one: &Clause, other: &Clause) -> bool {
    one.is_partitioning || other.is_partitioning || !one.touches.is_disjoint(&other.touches)
}

/// The columns among these whose name is quoted in a text of the server's.
pub fn columns_in<'a>(
    table: &'a str,
    names: impl IntoIterator<Item = &'a String>,
    text: &str,
) -> BTreeSet<Key> {
    let names = names.into_iter();
    names
        .filter(|name| text.contains(&identifier(name)))
        .map(|name| column(table, name))
        .collect()
}
