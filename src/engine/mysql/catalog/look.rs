//! What does the server say? All catalog queries in one packet and one snapshot; a second packet
//! only for what information_schema mangles or does not tell.
//!
//! Source of the consistency: inside START TRANSACTION WITH CONSISTENT SNAPSHOT (REPEATABLE READ)
//! information_schema shows one moment while others run DDL. SHOW CREATE stands outside of it, so
//! the second packet asks again for what it rests on, and everything is read anew where that moved.

use super::{
    KINDS,
    facts::{self, Facts},
    show_create,
    shown::Shown,
};
use crate::{
    connect,
    engine::mysql::{Mysql, session},
    outcome::Failure,
    target::Target,
};
use anyhow::{Context, Result};
use mysql_async::Row;
use std::{collections::BTreeSet, time::Duration};

/// Settings of servers, logins and sessions that change what the catalog prints.
/// SHOW CREATE waits for whoever changes the table, by default a year.
/// `/*!80030 */`: older servers have no generated invisible primary keys.
const PIN: &str = "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', sql_quote_show_create = 1, \
     group_concat_max_len = 1048576, information_schema_stats_expiry = 86400, \
     lock_wait_timeout = 10 \
     /*!80030 , show_gipk_in_create_table_and_information_schema = 0 */";

/// Those of them that a session is not set to already, back to what it is set to.
const UNPINNED: [&str; 3] = ["sql_mode", "group_concat_max_len", "lock_wait_timeout"];

/// The same of servers from 8.0.30 on.
const UNPINNED_NEWER: &str = "show_gipk_in_create_table_and_information_schema";

const ISOLATE: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
const BEGIN: &str = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// Errors of SHOW CREATE for what was dropped a moment ago: table, view's table, routine, trigger, event.
const GONE: [u16; 5] = [1146, 1356, 1305, 1360, 1539];

/// How often a schema may move while it is read.
const ATTEMPTS: usize = 5;

/// What the server said.
pub struct Answers {
    pub facts: Facts,
    /// One entry for each kind, with the rows of each of its queries.
    pub rows: Vec<Vec<Vec<Row>>>,
    pub shown: Shown,
}

/// One consistent look, in one turn or two.
pub async fn look(mysql: &mut Mysql) -> Result<Answers> {
    for _ in 0..ATTEMPTS {
        let (_, answers) = snapshot(mysql, &[]).await?;
        if let Some(answers) = completed(mysql, answers).await? {
            return Ok(answers);
        }
    }
    Err(Failure::failed(format!(
        "the schema changed {ATTEMPTS} times while it was read"
    ))
    .on(Target::Mysql)
    .remedy("sgmp-db status")
    .into())
}

/// The same, with statements of somebody else's first, in the same packet and snapshot; their rows
/// come first.
pub async fn look_beside(
    mysql: &mut Mysql,
    others: &[&str],
) -> Result<(Vec<Vec<Row>>, Result<Answers>)> {
    let (rows, answers) = snapshot(mysql, others).await?;
    let looked = match completed(mysql, answers).await {
        Ok(Some(answers)) => Ok(answers),
        Ok(None) => look(mysql).await,
        Err(error) => Err(error),
    };
    Ok((rows, looked))
}

/// With what SHOW CREATE tells where that is wanted; nothing where the schema has moved.
async fn completed(mysql: &mut Mysql, mut answers: Answers) -> Result<Option<Answers>> {
    let wanted = show_create::wanted(&answers);
    if wanted.iter().all(BTreeSet::is_empty) {
        return Ok(Some(answers));
    }
    let shown = show_create::read(mysql, &wanted, &answers).await?;
    Ok(shown.map(|shown| {
        answers.shown = shown;
        answers
    }))
}

async fn snapshot(mysql: &mut Mysql, others: &[&str]) -> Result<(Vec<Vec<Row>>, Answers)> {
    let mut statements = [others, &facts::QUERIES].concat();
    statements.extend(KINDS.iter().flat_map(|kind| kind.queries));
    let sets = in_snapshot(mysql, &[], &statements).await?;
    let mut rows = sets.context("the catalog itself is gone")?;
    let mut sets = rows.split_off(others.len()).into_iter();
    let facts = [0; 3].map(|_| sets.next().unwrap_or_default());
    let answers = Answers {
        facts: Facts::read(facts).context("reading the schema of the MySQL database")?,
        rows: KINDS
            .iter()
            .map(|kind| sets.by_ref().take(kind.queries.len()).collect())
            .collect(),
        shown: Shown::default(),
    };
    Ok((rows, answers))
}

/// A table that the snapshot reads was altered after the snapshot had begun, say the ledger by a run whose client is
/// gone: the same again sees the new one. Source: MySQL 8.0 Error Reference, ER_TABLE_DEF_CHANGED.
const ALTERED: u16 = 1412;
const ALTERED_ATTEMPTS: usize = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// One packet: `first` under the pinned settings, then `queries` in one snapshot. Returns the rows
/// of both, one set per statement; nothing where an object is gone that `first` names.
pub async fn in_snapshot(
    mysql: &mut Mysql,
    first: &[&str],
    queries: &[&str],
) -> Result<Option<Vec<Vec<Row>>>> {
    let mut statements = vec![PIN];
    statements.extend(first);
    statements.extend([ISOLATE, BEGIN]);
    statements.extend(queries);
    let unpin = unpin();
    statements.extend(["COMMIT", &unpin]);
    for attempt in 1.. {
        let conn = mysql.session().await?;
        let failed = match session::settled(conn, &statements).await {
            Ok(mut sets) => {
                let mut asked = sets.split_off(1);
                let mut answers = asked.split_off(first.len());
                asked.extend(answers.drain(2..2 + queries.len()));
                return Ok(Some(asked));
            }
            Err(failed) => failed,
        };
        let failure = || session::failure(&failed.error);
        if session::is_lost(&failed.error) {
            return Err(failure().into());
        }
        match session::settled(conn, &["ROLLBACK", &unpin]).await {
            Err(second) if session::is_lost(&second.error) => {
                return Err(session::ended(&failed.error).into());
            }
            Err(second) => return Err(session::failure(&second.error).into()),
            Ok(_) => {}
        }
        match session::code(&failed.error) {
            Some(code) if GONE.contains(&code) => return Ok(None),
            Some(ALTERED) if attempt < ALTERED_ATTEMPTS => tokio::time::sleep(PAUSE).await,
            _ => return Err(failure().into()),
        }
    }
    Ok(None)
}

fn unpin() -> String {
    let value = |name| connect::mysql_pinned(name).unwrap_or("DEFAULT");
    let back = UNPINNED.map(|name| format!("{name} = {}", value(name)));
    format!(
        "SET SESSION {} /*!80030 , {UNPINNED_NEWER} = {} */",
        back.join(", "),
        value(UNPINNED_NEWER)
    )
}
