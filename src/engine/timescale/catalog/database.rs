//! How does the database encode and sort text? One object, so that a difference here is one finding
//! and not one per column.

use super::{
    access::{self, Access, DefaultGrant, default_grants, grants},
    answer,
    kind::{Draft, Kind, object},
};
use crate::engine::timescale::normal;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use tokio_postgres::SimpleQueryRow;

/// `database`; the one of its kind is `default`, because installs name databases differently.
pub const DATABASE: &str = "database";

/// Provider and locale columns came with 15 and were renamed with 17: an absent one reads as NULL.
const QUERY: &str = concat!(
    "SELECT pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, \
     d.datcollate AS collation, \
     d.datctype AS ctype, \
     pg_catalog.to_jsonb(d)->>'datlocprovider' AS provider, \
     COALESCE(pg_catalog.to_jsonb(d)->>'datlocale', pg_catalog.to_jsonb(d)->>'daticulocale') AS locale, \
     pg_catalog.pg_get_userbyid(d.datdba) AS owner, ",
    grants!("d", "d.datacl", "d.datdba"),
    " AS grants, ",
    default_grants!("0"),
    " AS defaults \
     FROM pg_catalog.pg_database d \
     WHERE d.datname = pg_catalog.current_database()"
);

pub const KIND: Kind = Kind {
    names: &[DATABASE],
    timescaledb: false,
    needs: &["pg_catalog.pg_database", "pg_catalog.pg_default_acl"],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    encoding: String,
    collation: String,
    ctype: String,
    provider: Option<String>,
    locale: Option<String>,
    defaults: Option<Vec<DefaultGrant>>,
    #[serde(flatten)]
    access: Access,
}

/// What every text without a collation of its own follows.
#[derive(Debug, Serialize, Deserialize)]
pub struct Database {
    pub encoding: String,
    pub collation: String,
    pub ctype: String,
    /// `icu` or `builtin`, with its locale; absent for the C library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let provider = match row.provider.as_deref() {
            Some("i") => Some("icu".to_owned()),
            Some("b") => Some("builtin".to_owned()),
            _ => None,
        };
        let database = Database {
            collation: normal::collation_order(&row.collation, &row.encoding),
            ctype: normal::locale_spelling(&row.ctype),
            encoding: row.encoding,
            locale: provider.as_ref().and(row.locale),
            provider,
        };
        let mut object = object(DATABASE, "default".to_owned(), &database)?;
        row.access.attach(&mut object);
        access::attach_defaults(&mut object, row.defaults);
        draft.schema.insert(object);
    }
    Ok(())
}
