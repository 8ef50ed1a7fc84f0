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
/// SQL that lists what whoever makes an object in a schema grants on it by default.
macro_rules! default_grants {
    ($schema:literal) => {
        concat!(
            "(SELECT pg_catalog.json_agg(pg_catalog.json_build_object('of', pg_catalog.pg_get_userbyid(a.defaclrole), ",
            "'on', a.defaclobjtype, 'to', CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(g.grantee) END, ",
            "'privilege', g.privilege_type, 'grantable', g.is_grantable)) ",
            "FROM pg_catalog.pg_default_acl a, pg_catalog.aclexplode(a.defaclacl) AS g WHERE a.defaclnamespace = ", $schema, ")"
        )
    };
}
pub(super) use {default_grants, grants};

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

/// One privilege of one role on what another role will make.
#[derive(Debug, Deserialize)]
pub struct DefaultGrant {
    of: String,
    on: String,
    #[serde(flatten)]
    grant: Grant,
}

/// Default privileges, in the class of grants: what is made by whom, and then as `roles`.
pub fn attach_defaults(object: &mut Object, grants: Option<Vec<DefaultGrant>>) {
    let mut by_maker: BTreeMap<String, Vec<Grant>> = BTreeMap::new();
    for one in grants.unwrap_or_default() {
        let what = match one.on.as_str() {
            "r" => "tables",
            "S" => "sequences",
            "f" => "functions",
            "T" => "types",
            "n" => "schemas",
            _ => "large objects",
        };
        let maker = format!("{what} of {}", one.of);
        by_maker.entry(maker).or_default().push(one.grant);
    }
    if !by_maker.is_empty() {
        let defaults = by_maker.into_iter();
        let defaults: Map<String, Value> = defaults
            .map(|(maker, grants)| (maker, by_role(grants).into()))
            .collect();
        add(object, Class::Grants, "defaults", defaults.into());
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
