//! One look at a MySQL database: one turn after the login, nothing written.

use super::{Mysql, catalog, grants, known::Known, lock, proxy, record, session, texts, trial};
use crate::{
    connect,
    engine::{ForeignObject, StatementLimit, Survey},
    outcome::{Failure, ServerReport},
    target::Target,
};
use anyhow::Result;
use mysql_async::Row;

const SERVER: &str = "SELECT VERSION(), CURRENT_USER(), @@GLOBAL.super_read_only, \
     @@GLOBAL.read_only, @@GLOBAL.innodb_read_only, @@SESSION.transaction_read_only";

const TABLES: &str = "SELECT TABLE_NAME, TABLE_TYPE \
     FROM information_schema.TABLES \
     WHERE TABLE_SCHEMA = DATABASE() \
     ORDER BY TABLE_NAME";

/// What the login may do with the roles that are active; without `USING` roles are only named.
const GRANTS: &str = "IF(CURRENT_ROLE() = 'NONE', 'SHOW GRANTS', \
     CONCAT('SHOW GRANTS FOR CURRENT_USER() USING ', CURRENT_ROLE()))";

/// Looks at server, schema, privileges and record.
pub async fn survey(mysql: &mut Mysql) -> Result<Survey> {
    let exists = open(mysql).await?;
    let answers = ask(mysql, exists).await?;
    let mut survey = Survey {
        database_exists: exists,
        ..Survey::default()
    };
    let names = strings(&answers.tables);
    mysql.known = Known::of(names.iter().map(String::as_str));
    server(mysql, &answers.server, &mut survey)?;
    survey.obstacles.extend(proxy::refusal(mysql));
    privileges(mysql, &strings(&answers.grants), &mut survey);
    survey.busy = answers
        .lock
        .first()
        .and_then(|row| row.get_opt::<Option<u64>, _>(0)?.ok()?)
        .map(|id| format!("connection {id}"));
    if exists {
        let held = grants::on_database(&strings(&answers.grants), &mysql.endpoint.database);
        let login = (
            mysql.endpoint.database.as_str(),
            mysql.endpoint.user.as_str(),
        );
        record::is_visible(&answers.seen, &held, login)?;
    }
    mysql.first_form = record::is_first_form(&answers.form)?;
    let limit = texts::number(&[answers.limit]).and_then(|limit| usize::try_from(limit).ok());
    if let Some(bytes) = limit {
        mysql.packet_limit = bytes;
        survey.statement_limit = Some(StatementLimit {
            name: "max_allowed_packet",
            // Its first byte tells what the packet is.
            bytes: bytes.saturating_sub(1),
            remedy: "split the statement, or raise the limit on the server (at most 1 GB): SET GLOBAL max_allowed_packet = 1073741824",
        });
    }
    survey.record = record::understand(answers.history, answers.ledger)?;
    let tables: Vec<(String, String)> = answers
        .tables
        .into_iter()
        .filter_map(|row| mysql_async::from_row_opt(row).ok())
        .collect();
    survey.foreign = tables
        .into_iter()
        .filter(|(name, _)| !record::TABLES.contains(&name.as_str()))
        .map(|(name, kind)| ForeignObject {
            kind: if kind == "VIEW" { "view" } else { "table" },
            name,
        })
        .collect();
    Ok(survey)
}

/// The rows of each question.
struct Answers {
    server: Vec<Row>,
    tables: Vec<Row>,
    lock: Vec<Row>,
    seen: Vec<Row>,
    grants: Vec<Row>,
    history: Vec<Row>,
    ledger: Vec<Row>,
    form: Vec<Row>,
    limit: Vec<Row>,
}

/// Everything in one packet and one snapshot, and the schema with it: whoever asks for the survey asks
/// for the schema next.
async fn ask(mysql: &mut Mysql, exists: bool) -> Result<Answers> {
    let lock = session::text(&lock::name(&mysql.endpoint.database));
    let [history, ledger] = record::queries_if_there();
    let mut statements: Vec<String> = vec![
        SERVER.to_owned(),
        TABLES.to_owned(),
        format!("SELECT IS_USED_LOCK({lock})"),
        record::SEEN.to_owned(),
    ];
    for text in [GRANTS, &history, &ledger] {
        statements.extend(session::prepared(text));
    }
    statements.push(record::READ_FORM.to_owned());
    statements.push("SELECT @@max_allowed_packet".to_owned());
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let mut sets = if exists {
        let (sets, reading) = catalog::read_beside(mysql, &statements).await?;
        mysql.foreseen = Some(reading);
        sets
    } else {
        mysql.packet(&statements).await?
    };
    let mut set = |index: usize| std::mem::take(&mut sets[index]);
    // Of each five that `prepared` makes, the third has the rows.
    Ok(Answers {
        server: set(0),
        tables: set(1),
        lock: set(2),
        seen: set(3),
        grants: set(4 + 2),
        history: set(9 + 2),
        ledger: set(14 + 2),
        form: set(19),
        limit: set(20),
    })
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
            let session = connect::mysql(&mysql.endpoint, &options).await?;
            mysql.endpoint = session.reached().clone();
            mysql.conn = Some(session);
            mysql.selected = false;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Reads the server's own facts.
fn server(mysql: &Mysql, rows: &[Row], survey: &mut Survey) -> Result<()> {
    type Facts = (String, String, bool, bool, bool, bool);
    let facts: Option<Facts> = rows
        .first()
        .and_then(|row| mysql_async::from_row_opt(row.clone()).ok());
    let Some((version, _user, super_read_only, read_only, innodb, login)) = facts else {
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
    if login {
        survey
            .obstacles
            .push(read_only_by_default(&mysql.endpoint.user));
    }
    Ok(())
}

/// The server takes writes, and every new session of this login begins as one that does not.
pub fn read_only_by_default(user: &str) -> Failure {
    Failure::failed(format!(
        "transaction_read_only is on for new sessions of user `{user}`: this login writes nothing"
    ))
    .on(Target::Mysql)
    .remedy(
        "migrate as another user, or as an administrator: SET GLOBAL transaction_read_only = OFF; \
         it may also stand in init_connect or in the parameter group",
    )
}

fn privileges(mysql: &Mysql, printed: &[String], survey: &mut Survey) {
    let (database, user) = (&mysql.endpoint.database, &mysql.endpoint.user);
    let missing = grants::missing(&grants::on_database(printed, database), &grants::NEEDED);
    if missing.is_empty() {
        survey
            .cautions
            .extend(trial::caution(printed, database, user));
        return;
    }
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
