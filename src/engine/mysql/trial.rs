//! What would the statement have made of what was there? Tried on empty copies in a database of its
//! own, on a second session, so that neither the real tables nor the session that holds the lock
//! see anything of it.

use super::{
    Mysql,
    effect::{Proof, Watched, WatchedKind},
    evidence::{self, Evidence},
    grants, session,
};
use crate::{
    connect,
    outcome::{Finding, Kind},
    sql::{Dialect, TokenKind, tokens},
    target::Target,
};
use mysql_async::{Conn, prelude::Queryable};

/// What to try.
pub struct Trial<'a> {
    pub statement: &'a str,
    pub watched: &'a [Watched],
    pub proof: Proof,
    /// What was there before the statement.
    pub before: &'a Evidence,
    /// `SET` statements of the file before it.
    pub settings: &'a [&'a str],
    /// What every script's session is set to.
    pub pinned: &'a str,
}

/// The state after the statement, as definitions; or in words why that cannot be known.
pub async fn expected(mysql: &Mysql, trial: &Trial<'_>) -> Result<Evidence, String> {
    let database = mysql.endpoint.database.as_str();
    if let Some(other) = trial
        .watched
        .iter()
        .filter_map(|one| one.schema.as_deref())
        .find(|schema| *schema != database)
    {
        return Err(format!("it names another database, {other}"));
    }
    let mut options = mysql.options.clone();
    options.wait = None;
    let mut conn = connect::mysql(&mysql.endpoint, &options)
        .await
        .map_err(|error| format!("a second session was refused: {error:#}"))?;
    session::settled(&mut conn, &[])
        .await
        .map_err(|failed| session::words(&failed.error))?;
    let scratch = scratch_name(database);
    let place = Place {
        database,
        scratch: &scratch,
        grant: granting(database, &mysql.endpoint.user),
    };
    let tried = carry_out(&mut conn, &place, trial).await;
    let removed = conn
        .query_drop(format!(
            "DROP DATABASE IF EXISTS {}",
            session::identifier(&scratch)
        ))
        .await;
    let ended = conn.disconnect().await;
    let words = |error| format!("the trial failed: {}", session::words(&error));
    let expected = tried?;
    removed.map_err(words)?;
    ended.map_err(words)?;
    Ok(expected)
}

/// Access to a database is denied.
const NO_ACCESS: u16 = 1044;

/// What a trial does in its database.
const NEEDED: [&str; 6] = ["SELECT", "CREATE", "DROP", "REFERENCES", "INDEX", "ALTER"];

/// A note where the printed grants do not allow a trial.
pub fn caution(printed: &[String], database: &str, user: &str) -> Option<Finding> {
    let scratch = scratch_name(database);
    let held = grants::on_database(printed, &scratch);
    (!grants::missing(&held, &NEEDED).is_empty()).then(|| {
        let message = format!(
            "user `{user}` may not make database {}, where an ALTER or CREATE that was cut short is tried: should this \
             upgrade be killed in one, `resolve` may have to settle it",
            session::identifier(&scratch)
        );
        Finding::new(Kind::Unknown, Target::Mysql, message).remedy(granting(database, user))
    })
}

/// What lets the login make trials.
fn granting(database: &str, user: &str) -> String {
    let pattern = scratch_name(database)
        .replace('\\', "\\\\")
        .replace('_', "\\_")
        .replace('%', "\\%");
    let on = session::identifier(&pattern);
    format!("as an administrator: GRANT ALL ON {on}.* TO '{user}'@'%';")
}

/// The database of the trials of `database`: at most 64 characters, as MySQL allows.
fn scratch_name(database: &str) -> String {
    let head: String = database.chars().take(50).collect();
    format!("{head}_sgmp_db_trial")
}

/// Where a trial is made.
struct Place<'a> {
    database: &'a str,
    scratch: &'a str,
    /// What an administrator types where the login may not make it.
    grant: String,
}

async fn carry_out(
    conn: &mut Conn,
    place: &Place<'_>,
    trial: &Trial<'_>,
) -> Result<Evidence, String> {
    let Place {
        database, scratch, ..
    } = *place;
    make_scratch(conn, place, trial).await?;
    if trial.proof == Proof::View {
        return view(conn, database, scratch, trial).await;
    }
    for (watched, state) in trial.watched.iter().zip(&trial.before.0) {
        let (WatchedKind::TableDefinition, Some(definition)) = (watched.kind, state) else {
            continue;
        };
        run(conn, definition, "copying the table as it was").await?;
        let copy = definition_of(conn, &watched.name).await?;
        if copy.as_ref() != Some(definition) {
            return Err(format!(
                "an empty copy of table {} does not read as the table did",
                watched.name
            ));
        }
    }
    run(conn, trial.pinned, "setting the session").await?;
    for setting in trial.settings {
        run(conn, setting, "setting the session").await?;
    }
    // Referenced tables are not copied.
    run(
        conn,
        "SET SESSION foreign_key_checks = 0",
        "setting the session",
    )
    .await?;
    let statement = without_qualifier(trial.statement, database);
    run(conn, &statement, "trying the statement on an empty copy").await?;
    let mut states = Vec::new();
    for watched in trial.watched {
        states.push(definition_of(conn, &watched.name).await?);
    }
    Ok(Evidence(states))
}

/// An empty database with the character set of the real one.
async fn make_scratch(conn: &mut Conn, place: &Place<'_>, trial: &Trial<'_>) -> Result<(), String> {
    let database = place.database;
    let defaults: Option<(String, String)> = conn
        .query_first(format!(
            "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME \
             FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
            session::text(database)
        ))
        .await
        .map_err(|error| session::words(&error))?;
    let Some((characters, collation)) = defaults else {
        return Err(format!("database {database} is not there"));
    };
    let quoted = session::identifier(place.scratch);
    let what = "making a scratch database for a trial";
    for statement in [
        format!("DROP DATABASE IF EXISTS {quoted}"),
        format!("CREATE DATABASE {quoted} CHARACTER SET {characters} COLLATE {collation}"),
    ] {
        conn.query_drop(statement).await.map_err(|error| {
            let failed = format!("{what} failed: {}", session::words(&error));
            match session::code(&error) {
                Some(NO_ACCESS) => format!("{failed}; {}", place.grant),
                _ => failed,
            }
        })?;
    }
    if trial.proof != Proof::View {
        run(conn, &format!("USE {quoted}"), what).await?;
    }
    // What is there was made under whatever settings there were.
    run(
        conn,
        "SET NAMES utf8mb4, SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', foreign_key_checks = 0, \
         sql_quote_show_create = 1",
        what,
    )
    .await
}

/// The view is made in the scratch database, over the real tables.
async fn view(
    conn: &mut Conn,
    database: &str,
    scratch: &str,
    trial: &Trial<'_>,
) -> Result<Evidence, String> {
    let Some(watched) = trial.watched.first() else {
        return Err("it names no view".to_owned());
    };
    run(conn, trial.pinned, "setting the session").await?;
    let statement = without_qualifier(trial.statement, database);
    let named = tokens(Dialect::Mysql, &statement)
        .into_iter()
        .find(|token| {
            matches!(token.kind, TokenKind::Word | TokenKind::Quoted)
                && token.name(Dialect::Mysql) == watched.name
        })
        .map(|token| token.at..token.at + token.text.len());
    let Some(range) = named else {
        return Err("its name cannot be found in it".to_owned());
    };
    let elsewhere = Watched {
        schema: Some(scratch.to_owned()),
        ..watched.clone()
    };
    let mut moved = statement.clone();
    moved.replace_range(range, &evidence::qualified(&elsewhere));
    run(conn, &moved, "making the view beside").await?;
    evidence::look(conn, &[elsewhere])
        .await
        .map_err(|error| session::words(&error))
}

async fn run(conn: &mut Conn, statement: &str, what: &str) -> Result<(), String> {
    conn.query_drop(statement)
        .await
        .map_err(|error| format!("{what} failed: {}", session::words(&error)))
}

async fn definition_of(conn: &mut Conn, table: &str) -> Result<Option<String>, String> {
    let watched = Watched {
        kind: WatchedKind::TableDefinition,
        schema: None,
        name: table.to_owned(),
    };
    let found: Evidence = evidence::look(conn, &[watched])
        .await
        .map_err(|error| session::words(&error))?;
    Ok(found.0.into_iter().next().flatten())
}

/// The statement with `database.` known away, so that it works on the copies.
fn without_qualifier(statement: &str, database: &str) -> String {
    let tokens = tokens(Dialect::Mysql, statement);
    let mut rewritten = String::with_capacity(statement.len());
    let mut copied = 0;
    for pair in tokens.windows(2) {
        let [name, dot] = pair else { continue };
        let qualifies = matches!(name.kind, TokenKind::Word | TokenKind::Quoted)
            && name.name(Dialect::Mysql) == database
            && dot.is_symbol(".");
        if qualifies {
            rewritten.push_str(&statement[copied..name.at]);
            copied = dot.at + dot.text.len();
        }
    }
    rewritten.push_str(&statement[copied..]);
    rewritten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_databases_own_name_is_taken_away() {
        assert_eq!(
            without_qualifier("ALTER TABLE `sgmp`.a ADD b int COMMENT 'sgmp.a'", "sgmp"),
            "ALTER TABLE a ADD b int COMMENT 'sgmp.a'"
        );
        assert_eq!(
            without_qualifier("RENAME TABLE x.a TO y.b", "sgmp"),
            "RENAME TABLE x.a TO y.b"
        );
    }

    #[test]
    fn the_scratch_database_has_a_name_that_fits() {
        assert!(scratch_name(&"x".repeat(64)).len() <= 64);
    }
}
