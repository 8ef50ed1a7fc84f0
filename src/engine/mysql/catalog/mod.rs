//! What is in a MySQL schema: one file per kind of object, read in one consistent view.
//!
//! Decisions: a collation is told only where it is not inherited (`databases`); an order of names
//! is told apart from the names, so that one name more or less is one difference (`schema::diff`);
//! texts are compared in one spelling (`engine::mysql::normal`); statistics, counters and times of
//! creation are data; primary keys that the server makes by itself are not shown.

mod alike;
mod answer;
pub mod checks;
pub mod columns;
pub mod databases;
pub mod events;
mod facts;
pub mod foreign_keys;
mod grants;
pub mod indexes;
mod kind;
mod look;
mod noted;
pub mod partitions;
pub mod routines;
mod show_create;
mod shown;
pub mod tables;
pub mod triggers;
pub mod views;

pub use alike::alike;

use super::{Mysql, normal};
use crate::schema::Reading;
use anyhow::{Context, Result};
use kind::{Draft, Kind};
use look::Answers;
use mysql_async::Row;

/// Every kind, in the order in which they are read: the parts of tables before the tables, and
/// grants last, because they are put into the objects that they are on.
const KINDS: [&Kind; 13] = [
    &databases::DATABASES,
    &columns::COLUMNS,
    &partitions::PARTITIONS,
    &indexes::INDEXES,
    &triggers::TRIGGERS,
    &tables::TABLES,
    &foreign_keys::FOREIGN_KEYS,
    &checks::CHECKS,
    &views::VIEWS,
    &events::EVENTS,
    &routines::ROUTINES,
    &noted::NOTED,
    &grants::GRANTS,
];

/// Reads every kind. Where the database is absent, nothing is in it.
pub async fn read(mysql: &mut Mysql) -> Result<Reading> {
    if mysql.conn.is_some() && !mysql.selected {
        return Ok(Reading::default());
    }
    let answers = look::look(mysql).await?;
    understand(answers).context("reading the schema of the MySQL database")
}

/// The same, with other statements in the same packet and snapshot; their rows come first.
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
    let mut draft = Draft::new(answers.facts, answers.shown);
    for (kind, rows) in KINDS.into_iter().zip(answers.rows) {
        (kind.read)(rows, &mut draft)?;
    }
    draft.schema.objects.values_mut().for_each(normal::object);
    Ok(Reading {
        unseen: kind::unseen(&KINDS, &draft),
        uncompared: draft.uncompared,
        server_major: draft.facts.database.server_major,
        schema: draft.schema,
    })
}
