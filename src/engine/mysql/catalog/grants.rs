//! Who may do what? Compared only on request, and what this login itself may see of the schema.
//!
//! Source: MySQL 8.0 Reference Manual, 15.7.7.9, 15.7.7.13 (SHOW CREATE PROCEDURE, VIEW) and 28.3.24,
//! 28.3.45, 28.3.48: a login that lacks TRIGGER, EVENT, SHOW VIEW or SHOW_ROUTINE gets fewer rows,
//! or rows without text, and no error.

use super::{
    cells::Cells, checks, databases::Database, events, foreign_keys, indexes, routines, tables,
    triggers, views,
};
use crate::{
    engine::mysql::{grants, session},
    schema::{Class, Schema, Unseen},
};
use anyhow::Result;
use mysql_async::Row;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// With the active roles' own privileges.
pub const PRINTED: &str = "SHOW GRANTS";

/// A grant's database name is a pattern.
pub const ON_DATABASE: &str = "SELECT p.GRANTEE, \
     p.PRIVILEGE_TYPE, \
     p.IS_GRANTABLE \
     FROM information_schema.SCHEMA_PRIVILEGES AS p \
     WHERE DATABASE() LIKE p.TABLE_SCHEMA \
     ORDER BY p.GRANTEE, p.PRIVILEGE_TYPE";

pub const ON_OBJECTS: &str = "SELECT p.TABLE_NAME, \
     p.GRANTEE, \
     p.PRIVILEGE_TYPE, \
     p.IS_GRANTABLE, \
     NULL \
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

/// Privileges by account.
type ByAccount = BTreeMap<String, BTreeSet<String>>;

/// Puts what is granted into the objects it is granted on.
pub fn attach(on_database: Vec<Row>, on_objects: Vec<Row>, schema: &mut Schema) -> Result<()> {
    let mut database = ByAccount::new();
    for row in on_database {
        let mut cells = Cells::new(row);
        let account = cells.text()?;
        add(&mut database, account, cells.text()?, cells.yes()?);
    }
    let mut objects: BTreeMap<String, ByAccount> = BTreeMap::new();
    for row in on_objects {
        let mut cells = Cells::new(row);
        let (object, account) = (cells.text()?, cells.text()?);
        let (privilege, grantable) = (cells.text()?, cells.yes()?);
        let privilege = match cells.maybe()? {
            Some(column) => format!("{privilege} ({column})"),
            None => privilege,
        };
        add(
            objects.entry(object).or_default(),
            account,
            privilege,
            grantable,
        );
    }
    for object in schema.objects.values_mut() {
        let found = match object.key.kind.as_str() {
            super::databases::KIND => Some(&database),
            tables::KIND | views::KIND => objects.get(&object.key.name),
            _ => None,
        };
        if let Some(found) = found.filter(|found| !found.is_empty()) {
            let value: Value = serde_json::to_value(found)?;
            object.optional.insert(Class::Grants, value);
        }
    }
    Ok(())
}

fn add(list: &mut ByAccount, account: String, privilege: String, grantable: bool) {
    let privilege = if grantable {
        format!("{privilege} WITH GRANT OPTION")
    } else {
        privilege
    };
    list.entry(account).or_default().insert(privilege);
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
    pub fn new(printed: &[Row], database: &Database) -> Result<Sight> {
        let mut lines = Vec::with_capacity(printed.len());
        for row in printed {
            lines.push(Cells::new(row.clone()).text()?);
        }
        Ok(Sight::of(&lines, &database.name))
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

    /// Everything that is hidden; `hidden_body`: does a routine stand there without its body?
    pub fn unseen(&self, hidden_body: bool) -> Vec<Unseen> {
        let mut unseen = Vec::new();
        let needed: [(&str, &[&str]); 4] = [
            (
                "SELECT",
                &[
                    tables::KIND,
                    indexes::KIND,
                    foreign_keys::KIND,
                    checks::KIND,
                    views::KIND,
                ],
            ),
            ("SHOW VIEW", &[views::KIND]),
            ("TRIGGER", &[triggers::KIND]),
            ("EVENT", &[events::KIND]),
        ];
        for (grant, kinds) in needed {
            if !self.holds(grant) {
                unseen.push(self.lacking(grant, &format!("{}.*", self.database), kinds));
            }
        }
        if !self.sees_routines(hidden_body) {
            let kinds = [routines::PROCEDURE, routines::FUNCTION];
            unseen.push(self.lacking("SHOW_ROUTINE", "*.*", &kinds));
        }
        unseen
    }

    /// Any privilege on routines shows that they exist; their text is shown to their definer, and
    /// to who holds SHOW_ROUTINE or SELECT everywhere.
    fn sees_routines(&self, hidden_body: bool) -> bool {
        let everywhere = |privilege| grants::missing(&self.everywhere, &[privilege]).is_empty();
        let lists = ["EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE"]
            .iter()
            .any(|privilege| self.holds(privilege));
        everywhere("SHOW_ROUTINE") || everywhere("SELECT") || (lists && !hidden_body)
    }

    fn lacking(&self, grant: &str, scope: &str, kinds: &[&str]) -> Unseen {
        Unseen {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            grant: grant.to_owned(),
            remedy: format!("GRANT {grant} ON {scope} TO {}", self.account),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(lines: &[&str], hidden_body: bool) -> Vec<String> {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let unseen = Sight::of(&lines, "sgmp").unseen(hidden_body);
        unseen.into_iter().map(|one| one.remedy).collect()
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
