//! One look at a PostgreSQL database: one turn after the login, nothing written.

use super::{Timescale, catalog, lock, pooler, record, session};
use crate::connect::PgClient as Client;
use crate::{
    config::Endpoint,
    connect,
    engine::{ForeignObject, StatementLimit, Survey},
    outcome::{Exit, Failure, ServerReport},
    target::Target,
};
use anyhow::Result;
use futures_util::{future::join, try_join};
use tokio_postgres::{SimpleQueryRow, error::SqlState};

/// The extension's own settings exist only once its loader is preloaded or its library loaded. `current_setting` would
/// also tell of one that only a configuration file or a login (ours pins one) has named; `pg_settings` lists none of
/// those. Source: PostgreSQL documentation, 20.16 "Customized Options".
const SERVER: &str = "SELECT pg_catalog.current_setting('server_version'), \
     pg_catalog.pg_is_in_recovery(), \
     current_user, \
     (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user), \
     (SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user), \
     pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), \
     (SELECT pg_catalog.has_schema_privilege(oid, 'CREATE') FROM pg_catalog.pg_namespace WHERE nspname = 'public'), \
     (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'timescaledb'), \
     (SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name = 'timescaledb'), \
     CASE WHEN pg_catalog.pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') THEN pg_catalog.current_setting('shared_preload_libraries') END, \
     pg_catalog.current_setting('timescaledb.license', true), \
     pg_catalog.current_setting('timescaledb.restoring', true), \
     pg_catalog.pg_backend_pid(), \
     pg_catalog.current_setting('session_replication_role'), \
     (SELECT pg_catalog.max(name) FROM pg_catalog.pg_settings WHERE name LIKE 'timescaledb.%'), \
     (SELECT v.trusted OR NOT v.superuser FROM pg_catalog.pg_available_extension_versions v \
     JOIN pg_catalog.pg_available_extensions x ON x.name = v.name AND x.default_version = v.version \
     WHERE v.name = 'timescaledb')";

/// Where the login was told to write nothing by default, or NULL. Source of the words: PostgreSQL
/// documentation, 53.24 pg_settings (`source`), which does not list them, and `GucSource_Names`.
pub const READ_ONLY_SOURCE: &str = "CASE WHEN pg_catalog.current_setting('default_transaction_read_only') = 'on' \
     THEN (SELECT source FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only') END";

/// Tables and views that no extension owns. Chunks and materialisation tables live in schemas of
/// TimescaleDB's, which are resolved first so that no chunk is looked at twice.
const RELATIONS: &str = "SELECT n.nspname, c.relname, c.relkind \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') \
     AND n.nspname !~ '^(pg_|_?timescaledb_)' \
     AND n.nspname <> 'information_schema' \
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
     AND d.objid = c.oid AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e') \
     ORDER BY n.nspname, c.relname";

/// Source: `PQ_LARGE_MESSAGE_LIMIT` in src/include/libpq/libpq.h (`MaxAllocSize - 1`, 1 GB less two), of
/// which a message's length takes four bytes and the end of its text one.
const MESSAGE_LIMIT: StatementLimit = StatementLimit {
    name: "PostgreSQL's limit for one message, which no setting changes",
    bytes: 0x3fff_fffe - 5,
    remedy: "split the statement",
};

const BEGIN: &str = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Looks at server, schema, privileges and record.
pub async fn survey(timescale: &mut Timescale) -> Result<Survey> {
    let exists = open(timescale).await?;
    let database = timescale.endpoint.database.clone();
    let client = timescale.client().await?;
    // The schema's first turn goes with ours: whoever asks for the survey asks for the schema next.
    let (answers, begun) = if exists {
        let (answers, begun) = join(ask(client), catalog::begin(client)).await;
        (answers?, Some(begun?))
    } else {
        (ask(client).await?, None)
    };
    let facts = Facts::read(&answers.server)?;
    if !client.is_pooled() && !facts.is_of(client) {
        client.share();
        if let Some(begun) = begun {
            catalog::leave(client, begun).await?;
        }
        return Box::pin(survey(timescale)).await;
    }
    let mut survey = Survey {
        database_exists: exists,
        server: facts.report(exists),
        read_only: facts.read_only(),
        busy: answers
            .holder
            .first()
            .map(|row| format!("backend {}", session::column(row, 0))),
        obstacles: facts.obstacles(exists, &database),
        without_extension: facts.without_extension(exists, &database),
        statement_limit: Some(MESSAGE_LIMIT),
        ..Survey::default()
    };
    match begun {
        // A schema that somebody is changing would have to be waited for.
        Some(begun) if survey.busy.is_some() => catalog::leave(client, begun).await?,
        Some(begun) => {
            let reading = catalog::finish(client, begun).await;
            timescale.foreseen = Some(reading);
        }
        None => {}
    }
    let source = answers.read_only.first();
    if let Some(source) = source.and_then(|row| session::optional(row, 0)) {
        let failure = read_only_by_default(timescale, source);
        survey.obstacles.insert(0, failure);
    }
    survey.obstacles.extend(pooler::refusal(timescale).await?);
    if exists {
        survey.foreign = answers.relations.iter().filter_map(foreign).collect();
        record::is_visible(&answers.hidden, facts.text(2).unwrap_or_default())?;
        timescale.first_form = record::is_first_form(&answers.form)?;
        survey.record = record::understand(&answers.history, &answers.ledger)?;
    }
    Ok(survey)
}

/// The rows of each question.
struct Answers {
    server: Vec<SimpleQueryRow>,
    read_only: Vec<SimpleQueryRow>,
    relations: Vec<SimpleQueryRow>,
    holder: Vec<SimpleQueryRow>,
    hidden: Vec<SimpleQueryRow>,
    history: Vec<SimpleQueryRow>,
    ledger: Vec<SimpleQueryRow>,
    form: Vec<SimpleQueryRow>,
}

/// Everything sent together, so that all is one turn, and seen in one view.
async fn ask(client: &Client) -> Result<Answers> {
    let (holder, open) = (lock::holder(), record::open_if_there());
    let read_only = format!("SELECT {READ_ONLY_SOURCE}");
    let (_, server, read_only, relations, holder, hidden, form, _, history, ledger, _) = try_join!(
        session::rows(client, BEGIN),
        session::rows(client, SERVER),
        session::rows(client, &read_only),
        session::rows(client, RELATIONS),
        session::rows(client, &holder),
        session::rows(client, record::HIDDEN),
        session::rows(client, record::READ_FORM),
        session::rows(client, &open),
        session::rows(client, record::FETCH_HISTORY),
        session::rows(client, record::FETCH_LEDGER),
        session::rows(client, "COMMIT"),
    )
    .map_err(|error| unanswered(&error))?;
    Ok(Answers {
        server,
        read_only,
        relations,
        holder,
        hidden,
        history,
        ledger,
        form,
    })
}

/// What a login may not ask, nobody may conclude anything of (exit 8).
fn unanswered(error: &tokio_postgres::Error) -> Failure {
    let words = session::words(error);
    if error.code() != Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        return pooler::explained(error);
    }
    Failure::new(Exit::Unknown, words)
        .on(Target::Timescale)
        .remedy("as an administrator: GRANT SELECT on the catalog that is named to this login; docs/least-role.md has the whole role")
}

/// What answers there now.
pub async fn server(timescale: &mut Timescale) -> Result<ServerReport> {
    let exists = timescale.selected;
    let client = timescale.client().await?;
    let rows = session::rows(client, SERVER)
        .await
        .map_err(|error| Failure::failed(session::words(&error)).on(Target::Timescale))?;
    Ok(Facts::read(&rows)?.report(exists))
}

/// Connects; false where the database is absent, and then the session is on `postgres`, the
/// maintenance database that every cluster has.
async fn open(timescale: &mut Timescale) -> Result<bool> {
    if timescale.session.is_some() {
        return Ok(timescale.selected);
    }
    match timescale.client().await {
        Ok(_) => Ok(true),
        Err(error) if connect::is_absent_database(&error) => {
            let mut endpoint = timescale.endpoint.clone();
            endpoint.database = "postgres".to_owned();
            let session = connect::timescale(&endpoint, &timescale.options).await?;
            timescale.endpoint = Endpoint {
                database: timescale.endpoint.database.clone(),
                ..session.reached().clone()
            };
            timescale.session = Some(session);
            timescale.selected = false;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn foreign(row: &SimpleQueryRow) -> Option<ForeignObject> {
    let (schema, name) = (session::column(row, 0), session::column(row, 1));
    if schema == "public" && record::TABLES.contains(&name) {
        return None;
    }
    let kind = match session::column(row, 2) {
        "v" => "view",
        "m" => "materialized view",
        "f" => "foreign table",
        _ => "table",
    };
    let name = if schema == "public" {
        name.to_owned()
    } else {
        format!("{schema}.{name}")
    };
    Some(ForeignObject { kind, name })
}

/// The one row of `SERVER`.
struct Facts<'a>(&'a SimpleQueryRow);

impl<'a> Facts<'a> {
    fn read(rows: &'a [SimpleQueryRow]) -> Result<Facts<'a>> {
        rows.first().map(Facts).ok_or_else(|| {
            Failure::failed("the server's answer about itself is not PostgreSQL's")
                .on(Target::Timescale)
                .into()
        })
    }

    fn text(&self, index: usize) -> Option<&'a str> {
        session::optional(self.0, index)
    }

    fn yes(&self, index: usize) -> bool {
        matches!(self.text(index), Some("t" | "on"))
    }

    fn report(&self, exists: bool) -> ServerReport {
        let extension = if exists { self.text(7) } else { None };
        ServerReport {
            version: self.text(0).unwrap_or_default().to_owned(),
            extension: extension.map(str::to_owned),
            licence: self.text(10).map(str::to_owned),
        }
    }

    fn read_only(&self) -> Option<String> {
        self.yes(1)
            .then(|| "it is a standby (pg_is_in_recovery)".to_owned())
    }

    /// Does that session answer which the login was told?
    fn is_of(&self, client: &Client) -> bool {
        let process = self.text(12).and_then(|process| process.parse().ok());
        process.is_some_and(|process| client.is_own(process))
    }

    /// Everything that would stop a migration: told at once, not one at a time.
    fn obstacles(&self, exists: bool, database: &str) -> Vec<Failure> {
        let user = self.text(2).unwrap_or_default();
        let mut obstacles = Vec::new();
        let mut obstacle = |message: String, remedy: String| {
            obstacles.push(
                Failure::failed(message)
                    .on(Target::Timescale)
                    .remedy(remedy),
            );
        };
        if !exists && !self.yes(4) {
            obstacle(
                format!("role `{user}` may not create the database `{database}`"),
                format!(
                    "as an administrator: CREATE DATABASE \"{database}\" OWNER \"{user}\" ENCODING 'UTF8';"
                ),
            );
        }
        if exists && !self.yes(5) {
            obstacle(
                format!("role `{user}` lacks CREATE on database `{database}`"),
                format!(
                    "as an administrator: GRANT CREATE ON DATABASE \"{database}\" TO \"{user}\";"
                ),
            );
        }
        if exists && !self.yes(6) {
            obstacle(
                format!("role `{user}` lacks CREATE on schema public of `{database}`"),
                format!(
                    "as an administrator, in \"{database}\": GRANT CREATE ON SCHEMA public TO \"{user}\";"
                ),
            );
        }
        if self.text(13).is_some_and(|role| role != "origin") {
            obstacle(
                format!(
                    "session_replication_role is set for role `{user}`, which may not set it back: triggers and foreign keys would not work"
                ),
                format!(
                    "as an administrator: ALTER ROLE \"{user}\" RESET session_replication_role; or where it is set: ALTER DATABASE \"{database}\" RESET session_replication_role;"
                ),
            );
        }
        if self.yes(11) {
            obstacle(
                "timescaledb.restoring is on: a restore is under way or was not ended".to_owned(),
                format!("in \"{database}\": SELECT timescaledb_post_restore();"),
            );
        }
        obstacles
    }

    /// What stands in the way of migrations that need the extension.
    fn without_extension(&self, exists: bool, database: &str) -> Vec<Failure> {
        let user = self.text(2).unwrap_or_default();
        let mut obstacles = Vec::new();
        let mut obstacle = |message: String, remedy: String| {
            obstacles.push(
                Failure::failed(message)
                    .on(Target::Timescale)
                    .remedy(remedy),
            );
        };
        let installed = exists && self.text(7).is_some();
        if !installed && self.text(8).is_none() {
            obstacle(
                "the extension timescaledb is not available on this server".to_owned(),
                "install TimescaleDB's package for this PostgreSQL version on the server"
                    .to_owned(),
            );
        } else if !installed && self.is_preloaded() == Some(false) {
            obstacle(
                "the extension timescaledb is not preloaded".to_owned(),
                "on the server: ALTER SYSTEM SET shared_preload_libraries = 'timescaledb'; then restart PostgreSQL".to_owned(),
            );
        } else if !installed && (self.is_preloaded().is_none() || !self.may_create_extension()) {
            let why = match self.may_create_extension() {
                true => "may not see whether it is preloaded (shared_preload_libraries)",
                false => "may not create it",
            };
            obstacle(
                format!(
                    "the extension timescaledb is not in `{database}`, and role `{user}` {why}"
                ),
                format!("as an administrator, in \"{database}\": CREATE EXTENSION timescaledb;"),
            );
        }
        obstacles
    }

    /// None where this login cannot tell. The list itself is hidden from ordinary roles; the settings
    /// that the extension's loader defines when it is preloaded are not.
    fn is_preloaded(&self) -> Option<bool> {
        if self.text(14).is_some() {
            return Some(true);
        }
        self.text(9).map(|list| list.contains("timescaledb"))
    }

    /// A trusted extension is created by whoever may create in the database, another by a superuser.
    fn may_create_extension(&self) -> bool {
        self.yes(3) || self.yes(15)
    }
}

/// The server takes writes, and this login is set to write nothing.
pub fn read_only_by_default(timescale: &Timescale, source: &str) -> Failure {
    let user = session::identifier(&timescale.endpoint.user);
    let database = session::identifier(&timescale.endpoint.database);
    let (whose, reset) = match source {
        "user" => ("the role", format!("ALTER ROLE {user} RESET")),
        "database" => ("the database", format!("ALTER DATABASE {database} RESET")),
        "database user" => (
            "the role in this database",
            format!("ALTER ROLE {user} IN DATABASE {database} RESET"),
        ),
        "global" => ("all roles", "ALTER ROLE ALL RESET".to_owned()),
        _ => ("the server", "ALTER SYSTEM SET".to_owned()),
    };
    let value = if reset.ends_with("SET") && !reset.ends_with("RESET") {
        " = off; SELECT pg_reload_conf()"
    } else {
        ""
    };
    Failure::failed(format!(
        "default_transaction_read_only is on for {whose}: this login writes nothing"
    ))
    .on(Target::Timescale)
    .remedy(format!(
        "migrate as another role, or as an administrator: {reset} default_transaction_read_only{value};"
    ))
}

/// Asks for one truth value.
pub async fn holds(timescale: &mut Timescale, query: &str) -> Result<bool> {
    let client = timescale.client().await?;
    let rows = session::rows(client, query)
        .await
        .map_err(|error| Failure::failed(session::words(&error)).on(Target::Timescale))?;
    match rows.as_slice() {
        [row] if row.len() == 1 => Ok(matches!(session::column(row, 0), "t" | "1")),
        _ => Err(
            Failure::usage("the `require` query does not return one truth value")
                .on(Target::Timescale)
                .into(),
        ),
    }
}
