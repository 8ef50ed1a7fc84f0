//! Which extensions are installed, and where? Their versions are the server's affair, not the schema's.

use super::{
    access::Access,
    answer,
    kind::{Draft, Kind, object},
    name,
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use tokio_postgres::SimpleQueryRow;

/// `extension`, by its name.
pub const EXTENSION: &str = "extension";

const QUERY: &str = "SELECT x.extname AS name, \
     n.nspname AS schema, \
     pg_catalog.pg_get_userbyid(x.extowner) AS owner \
     FROM pg_catalog.pg_extension x \
     JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace \
     ORDER BY x.extname";

pub const KIND: Kind = Kind {
    names: &[EXTENSION],
    timescaledb: false,
    needs: &[],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    name: String,
    schema: String,
    #[serde(flatten)]
    access: Access,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Extension {
    pub schema: String,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let extension = Extension { schema: row.schema };
        let mut object = object(EXTENSION, name::part(&row.name), &extension)?;
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}
