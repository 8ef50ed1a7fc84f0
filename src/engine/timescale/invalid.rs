//! Invalid indexes that an interrupted statement left: dropped, unless somebody is building them.

use super::{effect::Effect, session};
use crate::connect::PgClient as Client;
use tokio_postgres::Error;

/// An index of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Quoted as the server quotes it.
    pub name: String,
    /// Without its schema and quotes.
    pub bare: String,
    pub id: u32,
    pub is_valid: bool,
}

/// `IF NOT EXISTS` is content with an invalid index of that name: a statement that then fails, for
/// behind it. None where nothing is to be asked.
pub fn guard(effect: &Effect) -> Option<String> {
    let Effect::IndexMade(made) = effect else {
        return None;
    };
    let name = made.name.as_ref().filter(|_| made.if_absent)?;
    let said = format!("index {name} is there but invalid");
    let hint = format!(
        "drop it and type the command again: DROP INDEX {}",
        session::identifier(name)
    );
    let body = format!(
        "BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         WHERE NOT i.indisvalid AND i.indrelid = pg_catalog.to_regclass({table}) \
         AND c.relname = {bare}) \
         THEN RAISE EXCEPTION USING MESSAGE = {said}, HINT = {hint}; END IF; END",
        table = session::text(&made.table),
        bare = session::text(name),
        said = session::text(&said),
        hint = session::text(&hint),
    );
    Some(format!("DO {}", session::text(&body)))
}

/// Drops it; where another session is building it right now, says which and leaves it alone.
pub async fn drop_index(client: &Client, index: &Index) -> Result<Option<String>, Error> {
    if let Some(backend) = builder(client, index).await? {
        return Ok(Some(format!(
            "index {} is being built by backend {backend} right now; wait until that has ended, and type the command again",
            index.name
        )));
    }
    // Not CONCURRENTLY: that cannot be used on a hypertable, and nobody uses an invalid index.
    session::rows(client, &format!("DROP INDEX IF EXISTS {}", index.name)).await?;
    Ok(None)
}

/// The other session that builds this index. A reader's transaction holds locks on it too, so the
/// statement under way is what tells; where it may not be read, a lock is enough.
async fn builder(client: &Client, index: &Index) -> Result<Option<String>, Error> {
    let id = index.id;
    let query = format!(
        "SELECT p.pid FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = {id} \
         UNION ALL \
         SELECT l.pid FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_catalog.pg_backend_pid() \
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
         AND (l.relation = {id} OR l.mode = 'ShareUpdateExclusiveLock' \
         AND l.relation = (SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = {id})) \
         AND COALESCE(a.state, 'active') = 'active' AND (a.query ILIKE '%index%' OR a.query = '<insufficient privilege>') \
         ORDER BY 1 LIMIT 1"
    );
    let rows = session::rows(client, &query).await?;
    Ok(rows.first().map(|row| session::column(row, 0).to_owned()))
}
