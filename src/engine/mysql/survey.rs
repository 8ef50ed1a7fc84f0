//! One look at a MySQL database: two turns after the login, nothing written.

use super::{Mysql, grants, lock, record, session};
use crate::{
    connect,
    engine::{ForeignObject, Survey},
    outcome::{Failure, ServerReport},
    target::Target,
};
use anyhow::Result;
use mysql_async::Row;

const SERVER: &str = "SELECT VERSION(), CURRENT_USER(), CURRENT_ROLE(), @@GLOBAL.super_read_only, \
     @@GLOBAL.read_only, @@GLOBAL.innodb_read_only";

const TABLES: &str = "SELECT TABLE_NAME, TABLE_TYPE, TABLE_COMMENT \
     FROM information_schema.TABLES \
     WHERE TABLE_SCHEMA = DATABASE() \
     ORDER BY TABLE_NAME";

/// Looks at server, schema, privileges and record.
pub async fn survey(mysql: &mut Mysql) -> Result<Survey> {
    let exists = open(mysql).await?;
    let lock = session::text(&lock::name(&mysql.endpoint.database));
    let busy = format!("SELECT IS_USED_LOCK({lock})");
    let sets = mysql
        .packet(&[SERVER, TABLES, "SHOW GRANTS", &busy])
        .await?;
    let mut survey = Survey {
        database_exists: exists,
        ..Survey::default()
    };
    let role = server(&sets[0], &mut survey)?;
    let mut printed = strings(&sets[2]);
    if role != "NONE" {
        let using = format!("SHOW GRANTS FOR CURRENT_USER() USING {role}");
        printed = strings(&mysql.packet(&[&using]).await?[0]);
    }
    privileges(mysql, &printed, &mut survey);
    survey.busy = sets[3]
        .first()
        .and_then(|row| row.get_opt::<Option<u64>, _>(0)?.ok()?)
        .map(|id| format!("connection {id}"));
    let tables: Vec<(String, String, Option<String>)> = sets[1]
        .iter()
        .cloned()
        .filter_map(|row| mysql_async::from_row_opt(row).ok())
        .collect();
    let has = |name: &str| tables.iter().any(|(table, ..)| table == name);
    survey.record = record::read_existing(mysql, has(record::HISTORY), has(record::LEDGER)).await?;
    survey.foreign = tables
        .into_iter()
        .filter(|(name, ..)| name != record::HISTORY && name != record::LEDGER)
        .map(|(name, kind, _)| ForeignObject {
            kind: if kind == "VIEW" { "view" } else { "table" },
            name,
        })
        .collect();
    Ok(survey)
}

/// Connects; false where the database is absent, and then the session has no default database.
async fn open(mysql: &mut Mysql) -> Result<bool> {
    if mysql.conn.is_some() {
        return Ok(mysql.selected);
    }
    match mysql.session().await {
        Ok(_) => Ok(true),
        Err(error) if connect::is_absent_database(&error) => {
            let mut options = mysql.options.clone();
            options.without_database = true;
            mysql.conn = Some(connect::mysql(&mysql.endpoint, &options).await?);
            mysql.selected = false;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Reads the server's own facts; returns the active roles as MySQL prints them.
fn server(rows: &[Row], survey: &mut Survey) -> Result<String> {
    type Facts = (String, String, String, bool, bool, bool);
    let facts: Option<Facts> = rows
        .first()
        .and_then(|row| mysql_async::from_row_opt(row.clone()).ok());
    let Some((version, _user, role, super_read_only, read_only, innodb)) = facts else {
        return Err(
            Failure::failed("the server's answer about itself is not MySQL's")
                .on(Target::Mysql)
                .into(),
        );
    };
    survey.server = ServerReport {
        version,
        ..ServerReport::default()
    };
    let why = [
        (
            innodb,
            "innodb_read_only is on (a read replica or reader endpoint)",
        ),
        (super_read_only, "super_read_only is on"),
        (read_only, "read_only is on (a replica)"),
    ];
    survey.read_only = why
        .iter()
        .find(|(on, _)| *on)
        .map(|(_, why)| (*why).to_owned());
    Ok(role)
}

fn privileges(mysql: &Mysql, printed: &[String], survey: &mut Survey) {
    let database = &mysql.endpoint.database;
    let missing = grants::missing(&grants::on_database(printed, database), &grants::NEEDED);
    if missing.is_empty() {
        return;
    }
    let user = &mysql.endpoint.user;
    let list = missing.join(", ");
    let on = session::identifier(database);
    survey.obstacles.push(
        Failure::failed(format!("user `{user}` lacks {list} on database {on}"))
            .on(Target::Mysql)
            .remedy(format!(
                "as an administrator: GRANT {list} ON {on}.* TO '{user}'@'%';"
            )),
    );
}

/// Asks for one truth value.
pub async fn holds(mysql: &mut Mysql, query: &str) -> Result<bool> {
    let sets = mysql.packet(&[query]).await?;
    let value = sets[0]
        .first()
        .and_then(|row| row.get_opt::<Option<i64>, _>(0));
    match value {
        Some(Ok(value)) if sets[0].len() == 1 => Ok(value.unwrap_or(0) != 0),
        _ => Err(
            Failure::usage("the `require` query does not return one truth value")
                .on(Target::Mysql)
                .into(),
        ),
    }
}

fn strings(rows: &[Row]) -> Vec<String> {
    rows.iter()
        .filter_map(|row| row.get_opt::<String, _>(0)?.ok())
        .collect()
}
