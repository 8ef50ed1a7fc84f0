//! Who owns an object, who may use it, what is said about it? Compared only on request.

use crate::schema::{Class, Object};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// SQL that lists what an ACL grants to others than the owner. No ACL is the default one, which is
/// not empty for functions and types.
macro_rules! grants {
    ($kind:literal, $acl:literal, $owner:literal) => {
        concat!(
            "(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('to', CASE WHEN g.grantee = 0 THEN 'PUBLIC' ",
            "ELSE pg_catalog.pg_get_userbyid(g.grantee) END, 'privilege', g.privilege_type, 'grantable', g.is_grantable)) ",
            "FROM pg_catalog.aclexplode(COALESCE(", $acl, ", pg_catalog.acldefault('", $kind, "', ", $owner, "))) AS g ",
            "WHERE g.grantee <> ", $owner, ")"
        )
    };
}
pub(super) use grants;

/// One privilege of one role.
#[derive(Debug, Clone, Deserialize)]
pub struct Grant {
    to: String,
    privilege: String,
    grantable: bool,
}

/// The parts of a row that are compared only on request.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Access {
    owner: Option<String>,
    grants: Option<Vec<Grant>>,
    comment: Option<String>,
}

impl Access {
    /// Puts the classes onto an object.
    pub fn attach(self, object: &mut Object) {
        if let Some(owner) = self.owner {
            object.optional.insert(Class::Owners, owner.into());
        }
        let grants = by_role(self.grants.unwrap_or_default());
        if !grants.is_empty() {
            add(object, Class::Grants, "roles", grants.into());
        }
        if let Some(comment) = self.comment {
            add(object, Class::Comments, "text", comment.into());
        }
    }
}

/// Puts a part into a class: grants have `roles` and `columns`, comments `text` and `columns`.
pub fn add(object: &mut Object, class: Class, part: &str, value: Value) {
    let parts = object
        .optional
        .entry(class)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(parts) = parts {
        parts.insert(part.to_owned(), value);
    }
}

/// Role to its privileges; one that may be passed on has a `*`, as in an ACL.
pub fn by_role(grants: Vec<Grant>) -> Map<String, Value> {
    let mut roles: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for grant in grants {
        let mark = if grant.grantable { "*" } else { "" };
        roles
            .entry(grant.to)
            .or_default()
            .push(format!("{}{mark}", grant.privilege));
    }
    roles
        .into_iter()
        .map(|(role, mut privileges)| {
            privileges.sort();
            privileges.dedup();
            (role, privileges.into())
        })
        .collect()
}
