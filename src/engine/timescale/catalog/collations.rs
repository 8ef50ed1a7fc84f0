//! Which collations were made here? The versions of their libraries are the server's affair.

use super::{
    access::Access,
    answer,
    kind::{Draft, Kind, object},
    name,
    scope::{in_schemas, not_of_extension},
};
use crate::engine::timescale::normal;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use tokio_postgres::SimpleQueryRow;

/// `collation`, by its name.
pub const COLLATION: &str = "collation";

/// The locale of ICU stood in `collcollate` until 14, in `colliculocale` until 16, then in `colllocale`;
/// `collicurules` came with 16: an absent column reads as NULL.
const QUERY: &str = concat!(
    "SELECT n.nspname AS schema, \
     l.collname AS name, \
     l.collprovider AS provider, \
     l.collisdeterministic AS deterministic, \
     l.collcollate AS collate, \
     l.collctype AS ctype, \
     COALESCE(pg_catalog.to_jsonb(l)->>'colllocale', pg_catalog.to_jsonb(l)->>'colliculocale', l.collcollate) AS locale, \
     pg_catalog.to_jsonb(l)->>'collicurules' AS rules, \
     pg_catalog.pg_get_userbyid(l.collowner) AS owner, \
     pg_catalog.obj_description(l.oid, 'pg_collation') AS comment \
     FROM pg_catalog.pg_collation l \
     JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace \
     WHERE ",
    in_schemas!("l.collnamespace"),
    " AND ",
    not_of_extension!("pg_collation", "l.oid"),
    " ORDER BY n.nspname, l.collname"
);

pub const KIND: Kind = Kind {
    names: &[COLLATION],
    timescaledb: false,
    needs: &["pg_catalog.pg_collation"],
    queries: &[QUERY],
    read,
};

#[derive(Deserialize)]
struct Row {
    schema: String,
    name: String,
    provider: String,
    deterministic: bool,
    collate: Option<String>,
    ctype: Option<String>,
    locale: Option<String>,
    rules: Option<String>,
    #[serde(flatten)]
    access: Access,
}

/// An order of texts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Collation {
    /// `libc`, `icu` or `builtin`.
    pub provider: String,
    /// Of ICU and the built-in provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Of the C library, like the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lc_collate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lc_ctype: Option<String>,
    /// Beyond the locale's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
    /// May texts be equal that are not the same bytes?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nondeterministic: bool,
}

fn read(answers: &[Vec<SimpleQueryRow>], draft: &mut Draft) -> Result<()> {
    for row in answer::decode::<Row>(&answers[0])? {
        let (provider, of_libc) = match row.provider.as_str() {
            "i" => ("icu", false),
            "b" => ("builtin", false),
            _ => ("libc", true),
        };
        let spelled = |locale: Option<String>| locale.filter(|_| of_libc);
        let collation = Collation {
            provider: provider.to_owned(),
            locale: row.locale.filter(|_| !of_libc),
            lc_collate: spelled(row.collate).map(|one| normal::locale_spelling(&one)),
            lc_ctype: spelled(row.ctype).map(|one| normal::locale_spelling(&one)),
            rules: row.rules,
            nondeterministic: !row.deterministic,
        };
        let key = name::qualified(&row.schema, &row.name);
        let mut object = object(COLLATION, key, &collation)?;
        row.access.attach(&mut object);
        draft.schema.insert(object);
    }
    Ok(())
}
