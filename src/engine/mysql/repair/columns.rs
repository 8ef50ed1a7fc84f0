//! Which clauses make the columns of a table those that it shall have?

use super::{
    alter::Alter,
    clauses::{Clause, Stage},
    collations, column, sequence,
    tables::{column_of, comment},
};
use crate::{
    engine::mysql::{
        catalog::{columns::Column, tables::Table},
        session::identifier,
    },
    schema::{Class, Key},
};
use std::collections::BTreeSet;

impl Alter<'_> {
    pub(super) fn columns(&mut self) {
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
            let before = index.checked_sub(1).map(|before| expected[before].as_str());
            let Some(column) = column_of(&self.expected, name) else {
                continue;
            };
            match column_of(&self.actual, name) {
                None => self.add_column(name, &column, before),
                Some(actual) => {
                    let is_moved = moved.contains(name.as_str());
                    self.change(name, (&column, &actual), (before, is_moved));
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
            let cost = self.loss(&name);
            self.drop_column(&name, Some(cost));
        }
    }

    fn drop_column(&mut self, name: &str, cost: Option<String>) {
        let key = self.column_key(name);
        let column = column_of(&self.actual, name);
        let mut depends = self.depends_of(column.as_ref());
        if column.is_some_and(|column| column.auto_increment) {
            depends.insert(self.auto_increment());
        }
        let clause = Clause::about(key.clone(), format!("DROP COLUMN {}", identifier(name)));
        self.add(clause.dropping(key).touching(depends).losing(cost));
    }

    /// The columns that its expressions are of.
    fn depends_of(&self, column: Option<&Column>) -> BTreeSet<Key> {
        let Some(column) = column else {
            return BTreeSet::new();
        };
        let generated = column.generated.as_ref().map(|one| &one.expression);
        let texts = generated.into_iter().chain(&column.default);
        texts.flat_map(|text| self.named_in(text)).collect()
    }

    fn add_column(&mut self, name: &str, column: &Column, before: Option<&str>) {
        let (key, quoted) = (self.column_key(name), identifier(name));
        let comment = self.expected_comment(name);
        let definition = column::definition(column, comment.as_deref());
        let mut touched = self.depends_of(Some(column));
        touched.extend(before.map(|before| self.column_key(before)));
        if column.auto_increment {
            touched.insert(self.auto_increment());
        }
        let place = place(before);
        let clause = |sql: String| Clause::about(key.clone(), sql).creating(key.clone());
        let Some(default) = column
            .default
            .as_ref()
            .filter(|text| column::is_unsafe(text))
        else {
            let note = column::filling(name, column);
            let add = clause(format!("ADD COLUMN {quoted} {definition}{place}"));
            return self.add(add.touching(touched).noting(note));
        };
        let bare = Column {
            default: None,
            nullable: true,
            ..column.clone()
        };
        let bare = column::definition(&bare, comment.as_deref());
        let note = format!(
            "the binary log does not take a new column {name} with this default (error 1674): it is \
             added without, filled, and given its default afterwards"
        );
        let add = clause(format!("ADD COLUMN {quoted} {bare}{place}"));
        self.add(add.touching(touched).noting(Some(note)));
        let table = identifier(self.name);
        let fill = Clause::about(
            key.clone(),
            format!("UPDATE {table} SET {quoted} = {default}"),
        );
        self.add(fill.at(Stage::Fill));
        let modify = Clause::about(key, format!("MODIFY COLUMN {quoted} {definition}"));
        self.add(modify.at(Stage::After));
    }

    /// A table has one such column.
    fn auto_increment(&self) -> Key {
        Key::new("auto_increment", self.name)
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

    fn change(
        &mut self,
        name: &str,
        (expected, actual): (&Column, &Column),
        (before, is_moved): (Option<&str>, bool),
    ) {
        let recollation = self
            .defaults
            .recollation((&self.expected, expected), (&self.actual, actual));
        let plain = |column: &Column| Column {
            collation: None,
            ..column.clone()
        };
        let is_anew = self.anew.contains(name);
        let commented = self.is_commented_otherwise("columns", name);
        let is_same = plain(expected) == plain(actual) && recollation.is_none();
        if is_same && !is_moved && !commented && !is_anew {
            return;
        }
        let mut costs: Vec<String> = column::cost(name, expected, actual, is_anew)
            .into_iter()
            .collect();
        if let Some((from, to)) =
            recollation.filter(|(from, to)| !collations::keeps_characters(from, to))
        {
            costs.push(format!(
                "column {name} goes from {from} to {to}: characters that this set lacks are lost"
            ));
        }
        let cost = (!costs.is_empty()).then(|| costs.join("; "));
        let comment = self.comment("columns", name);
        let definition = column::definition(expected, comment.as_deref());
        let (key, quoted) = (self.column_key(name), identifier(name));
        let mut touched = self.depends_of(Some(expected));
        touched.extend(self.depends_of(Some(actual)));
        if is_moved || is_anew {
            touched.extend(before.map(|before| self.column_key(before)));
        }
        if expected.auto_increment != actual.auto_increment {
            touched.insert(self.auto_increment());
        }
        let place = match is_moved || is_anew {
            true => place(before),
            false => String::new(),
        };
        if is_anew {
            self.drop_column(name, cost);
            let add = Clause::about(
                key.clone(),
                format!("ADD COLUMN {quoted} {definition}{place}"),
            );
            return self.add(add.creating(key).touching(touched));
        }
        let mut modify = Clause::about(
            key.clone(),
            format!("MODIFY COLUMN {quoted} {definition}{place}"),
        )
        .touching(touched)
        .losing(cost)
        .noting(column::converting(self.name, name, expected, actual));
        // A foreign key must not see its columns change (errors 1832, 1833).
        if expected.kind != actual.kind
            || expected.nullable != actual.nullable
            || expected.auto_increment != actual.auto_increment
            || recollation.is_some()
        {
            modify = modify.dropping(key.clone()).creating(key);
        }
        self.add(modify);
    }
}

fn place(before: Option<&str>) -> String {
    match before {
        Some(before) => format!(" AFTER {}", identifier(before)),
        None => " FIRST".to_owned(),
    }
}
