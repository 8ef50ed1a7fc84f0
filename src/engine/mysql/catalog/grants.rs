//! Who may do what? Compared only on request, and what this login itself may see of the schema.
//!
//! Source: MySQL 8.0 Reference Manual, 15.7.7.9, 15.7.7.13 (SHOW CREATE PROCEDURE, VIEW) and 28.3.24,
//! 28.3.45, 28.3.48: a login that lacks TRIGGER, EVENT, SHOW VIEW or SHOW_ROUTINE gets fewer rows,
//! or rows without text, and no error.

use super::{
    answer, databases,
    kind::{Draft, Kind},
    tables, views,
};
use crate::{
    engine::mysql::{grants, session},
    schema::{Class, Unseen},
};
use anyhow::Result;
use mysql_async::Row;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Shows every routine; a privilege that is only given everywhere.
pub const SHOW_ROUTINE: &str = "SHOW_ROUTINE";

/// With the active roles' own privileges.
pub const PRINTED: &str = "SHOW GRANTS";

/// A grant's database name is a pattern.
const ON_DATABASE: &str = "SELECT NULL AS TABLE_NAME, \
     p.GRANTEE, \
     p.PRIVILEGE_TYPE, \
     p.IS_GRANTABLE, \
     NULL AS COLUMN_NAME \
     FROM information_schema.SCHEMA_PRIVILEGES AS p \
     WHERE DATABASE() LIKE p.TABLE_SCHEMA \
     ORDER BY p.GRANTEE, p.PRIVILEGE_TYPE";

const ON_OBJECTS: &str = "SELECT p.TABLE_NAME, \
     p.GRANTEE, \
     p.PRIVILEGE_TYPE, \
     p.IS_GRANTABLE, \
     NULL AS COLUMN_NAME \
     FROM information_schema.TABLE_PRIVILEGES AS p \
     WHERE p.TABLE_SCHEMA = DATABASE() \
     UNION ALL \
     SELECT c.TABLE_NAME, \
     c.GRANTEE, \
     c.PRIVILEGE_TYPE, \
     c.IS_GRANTABLE, \
     c.COLUMN_NAME \
     FROM information_schema.COLUMN_PRIVILEGES AS c \
     WHERE c.TABLE_SCHEMA = DATABASE() \
     ORDER BY 1, 2, 3, 5";

/// Makes no objects: what is granted is put into the objects that it is granted on.
pub const GRANTS: Kind = Kind {
    names: &[],
    needs: &[],
    queries: &[ON_DATABASE, ON_OBJECTS],
    asks: None,
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Grant {
    table_name: Option<String>,
    grantee: String,
    privilege_type: String,
    is_grantable: bool,
    column_name: Option<String>,
}

/// Privileges by account.
type ByAccount = BTreeMap<String, BTreeSet<String>>;

fn read(rows: Vec<Vec<Row>>, draft: &mut Draft) -> Result<()> {
    let mut granted: BTreeMap<Option<String>, ByAccount> = BTreeMap::new();
    for grant in answer::decode::<Grant>(rows.into_iter().flatten().collect())? {
        let mut privilege = grant.privilege_type;
        if let Some(column) = grant.column_name {
            privilege.push_str(&format!(" ({column})"));
        }
        if grant.is_grantable {
            privilege.push_str(" WITH GRANT OPTION");
        }
        let accounts = granted.entry(grant.table_name).or_default();
        accounts.entry(grant.grantee).or_default().insert(privilege);
    }
    for object in draft.schema.objects.values_mut() {
        let found = match object.key.kind.as_str() {
            databases::KIND => granted.get(&None),
            tables::KIND | views::KIND => granted.get(&Some(object.key.name.clone())),
            _ => None,
        };
        if let Some(found) = found {
            let value = serde_json::to_value(found)?;
            object.optional.insert(Class::Grants, value);
        }
    }
    Ok(())
}

/// What one login may see of a schema.
#[derive(Debug)]
pub struct Sight {
    held: BTreeSet<String>,
    everywhere: BTreeSet<String>,
    account: String,
    database: String,
}

impl Sight {
    /// From what SHOW GRANTS printed.
    pub fn new(printed: &[Row], database: &str) -> Sight {
        let lines: Vec<String> = printed
            .iter()
            .filter_map(|row| row.get_opt::<String, _>(0)?.ok())
            .collect();
        Sight::of(&lines, database)
    }

    fn of(lines: &[String], database: &str) -> Sight {
        let global: Vec<String> = lines
            .iter()
            .filter(|line| line.contains(" ON *.* "))
            .cloned()
            .collect();
        let account = lines
            .iter()
            .find_map(|line| line.rsplit_once(" TO "))
            .map_or("", |(_, account)| account);
        Sight {
            held: grants::on_database(lines, database),
            everywhere: grants::on_database(&global, database),
            account: account.trim_end_matches(" WITH GRANT OPTION").to_owned(),
            database: session::identifier(database),
        }
    }

    /// Is this privilege held on the whole database?
    pub fn holds(&self, privilege: &str) -> bool {
        grants::missing(&self.held, &[privilege]).is_empty()
    }

    /// Does the server show all that this privilege is needed for? `hidden_body`: is there a
    /// routine without its body?
    pub fn shows(&self, privilege: &str, hidden_body: bool) -> bool {
        match privilege {
            SHOW_ROUTINE => self.sees_routines(hidden_body),
            _ => self.holds(privilege),
        }
    }

    /// Any privilege on routines shows that they exist; their text is shown to their definer, and
    /// to who holds SHOW_ROUTINE or SELECT everywhere.
    fn sees_routines(&self, hidden_body: bool) -> bool {
        let everywhere = |privilege| grants::missing(&self.everywhere, &[privilege]).is_empty();
        let lists = ["EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE"]
            .iter()
            .any(|privilege| self.holds(privilege));
        everywhere(SHOW_ROUTINE) || everywhere("SELECT") || (lists && !hidden_body)
    }

    /// These kinds cannot be seen without that privilege.
    pub fn lacking(&self, privilege: &str, kinds: &[&str]) -> Unseen {
        let scope = match privilege {
            SHOW_ROUTINE => "*.*".to_owned(),
            _ => format!("{}.*", self.database),
        };
        Unseen {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            grant: privilege.to_owned(),
            remedy: format!("GRANT {privilege} ON {scope} TO {}", self.account),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(lines: &[&str], hidden_body: bool) -> Vec<String> {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let sight = Sight::of(&lines, "sgmp");
        ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT", SHOW_ROUTINE]
            .into_iter()
            .filter(|privilege| !sight.shows(privilege, hidden_body))
            .map(|privilege| sight.lacking(privilege, &[]).remedy)
            .collect()
    }

    #[test]
    fn the_least_role_sees_everything() {
        let least = [
            "GRANT SHOW_ROUTINE ON *.* TO `s`@`%`",
            "GRANT SELECT, SHOW VIEW, EVENT, TRIGGER ON `sgmp`.* TO `s`@`%`",
        ];
        assert!(missing(&least, false).is_empty());
    }

    #[test]
    fn each_missing_grant_is_named_with_the_statement_that_gives_it() {
        let found = missing(
            &[
                "GRANT USAGE ON *.* TO `s`@`%`",
                "GRANT SELECT ON `sgmp`.* TO `s`@`%`",
            ],
            false,
        );
        assert_eq!(
            found,
            [
                "GRANT SHOW VIEW ON `sgmp`.* TO `s`@`%`",
                "GRANT TRIGGER ON `sgmp`.* TO `s`@`%`",
                "GRANT EVENT ON `sgmp`.* TO `s`@`%`",
                "GRANT SHOW_ROUTINE ON *.* TO `s`@`%`",
            ]
        );
    }

    #[test]
    fn all_on_the_database_lists_routines_but_does_not_show_another_definers_body() {
        let all = ["GRANT ALL PRIVILEGES ON `sgmp`.* TO `s`@`%` WITH GRANT OPTION"];
        assert!(missing(&all, false).is_empty());
        assert_eq!(
            missing(&all, true),
            ["GRANT SHOW_ROUTINE ON *.* TO `s`@`%`"]
        );
    }
}
