//! What stands in a MySQL schema: one file per kind of object, read in one consistent view.
//!
//! Decisions: a collation is told only where it is not inherited (`databases`); an order of names
//! is told apart from the names, so that one name more or less is one difference (`schema::diff`);
//! texts are compared in one spelling (`engine::mysql::normal`); statistics, counters and times of
//! creation are data; primary keys that the server makes by itself are not shown.

mod cells;
pub mod checks;
pub mod columns;
pub mod databases;
pub mod events;
pub mod foreign_keys;
mod grants;
pub mod indexes;
mod look;
pub mod partitions;
pub mod routines;
mod show_create;
mod shown;
pub mod tables;
pub mod triggers;
pub mod views;

use super::Mysql;
use crate::schema::{Object, Reading, Schema};
use anyhow::{Context, Result};
use look::Answers;
use mysql_async::Row;
use std::collections::{BTreeMap, BTreeSet};

/// Reads every kind. Where the database is absent, nothing stands in it.
pub async fn read(mysql: &mut Mysql) -> Result<Reading> {
    if mysql.conn.is_some() && !mysql.selected {
        return Ok(Reading::default());
    }
    let answers = look::look(mysql).await?;
    understand(answers).context("reading the schema of the MySQL database")
}

/// The same, with statements of somebody else's in the same packet and snapshot; their rows come first.
pub async fn read_beside(
    mysql: &mut Mysql,
    others: &[&str],
) -> Result<(Vec<Vec<Row>>, Result<Reading>)> {
    let (rows, answers) = look::look_beside(mysql, others).await?;
    let reading = answers.and_then(|answers| {
        understand(answers).context("reading the schema of the MySQL database")
    });
    Ok((rows, reading))
}

fn understand(answers: Answers) -> Result<Reading> {
    let database = databases::read(answers.database)?;
    let sight = grants::Sight::new(&answers.printed_grants, &database)?;
    let unseen = sight.unseen(routines::any_hidden(&answers.routines)?);
    let shown = answers.shown;
    let bare = tables::read(answers.tables)?;
    let collations = bare
        .iter()
        .map(|(name, table)| (name.clone(), table.collation.clone().unwrap_or_default()))
        .collect();
    let mut columns = columns::read(answers.columns, &collations, &shown)?;
    let names = column_names(&columns);
    let mut partitions = partitions::read(answers.partitions, &names, &shown)?;
    let mut indexes = indexes::read(answers.indexes, &names, &shown)?;
    let known = |table: &str| bare.contains_key(table);
    let foreign_keys = foreign_keys::read(answers.foreign_keys, known)?;
    let mut triggers = triggers::read(answers.triggers, &shown, known)?;

    let mut objects = vec![database.object()?];
    for (name, table) in bare {
        let found = partitions.remove(&name);
        let (partitions, partition_comments) = found.map_or_else(Default::default, |found| {
            (Some(found.partitions), found.comments)
        });
        let parts = tables::Parts {
            columns: columns.remove(&name).unwrap_or_default(),
            partitions,
            partition_comments,
            trigger_order: triggers.order.remove(&name).unwrap_or_default(),
            index_comments: indexes.comments.remove(&name).unwrap_or_default(),
        };
        objects.push(tables::object(&name, table, parts, &database)?);
    }
    objects.extend(indexes::objects(indexes.list)?);
    objects.extend(foreign_keys);
    objects.extend(checks::read(answers.checks, answers.check_clauses, &names)?);
    let used = [answers.used_tables, answers.used_routines];
    objects.extend(views::read(answers.views, used, &shown, &database)?);
    objects.extend(triggers.objects);
    objects.extend(routines::read(
        answers.routines,
        answers.parameters,
        &shown,
        &database,
    )?);
    objects.extend(events::read(answers.events, &shown)?);
    let mut schema = collected(objects);
    grants::attach(answers.database_grants, answers.object_grants, &mut schema)?;
    Ok(Reading {
        schema,
        unseen,
        server_major: database.server_major,
    })
}

fn column_names(
    columns: &BTreeMap<String, columns::Columns>,
) -> BTreeMap<String, BTreeSet<String>> {
    columns
        .iter()
        .map(|(table, columns)| {
            let names = columns.list.iter().map(|(name, _)| name.to_lowercase());
            (table.clone(), names.collect())
        })
        .collect()
}

fn collected(objects: Vec<Object>) -> Schema {
    let mut schema = Schema::default();
    for object in objects {
        schema.insert(object);
    }
    schema
}
