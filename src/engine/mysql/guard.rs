//! May a data statement change a table that no transaction covers? Asked by the server itself in
//! front of the transaction that the statement would share with its journal row: on MyISAM and the
//! like the data stays where the row is rolled back, and a resumed run would change it twice.
//!
//! Conservative: everything that the statement names is looked at, and a view, a trigger or a stored
//! function is known to reach every such table of its own database and of those that such texts name.
//!
//! Sources: MySQL 8.0 Reference Manual, 28.3.13 (ENGINES: TRANSACTIONS), 28.3.38 (TABLES).

use super::{
    Mysql,
    names::Names,
    session::{self, PacketError},
};
use crate::sql::Statement;
use anyhow::Result;
use mysql_async::{Conn, Row};
use std::collections::BTreeSet;

/// Is the table's engine, of which other words told that it is not InnoDB, without transactions?
pub(super) const NOT_TRANSACTIONAL: &str = "ENGINE <> 'InnoDB' AND ENGINE NOT IN \
     (SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES')";

/// Errors that come before a statement changes anything: syntax, what it names, what it may do, and
/// what the binary log refuses. Source: MySQL 8.0 Error Reference.
const BEFORE_ANY_ROW: [u16; 9] = [1044, 1054, 1064, 1109, 1136, 1142, 1143, 1146, 1785];

/// A wait for a lock that was too long: of the whole table, unless the engine locks rows.
const LOCK_WAIT: u16 = 1205;

/// A statement that fails with 1242 when one of the others may change what no transaction covers. None
/// where they name nothing. It has no rows: an error behind the first of them could not be told from
/// one of the next statement.
pub fn guard(statements: &[Statement]) -> Option<String> {
    let mut names = Names::default();
    for statement in statements {
        names.add(Names::of(statement));
    }
    if names.all.is_empty() && names.called.is_empty() {
        return None;
    }
    let directly = names.tables(&format!(
        "TABLE_TYPE = 'VIEW' OR ENGINE <> 'InnoDB' AND {}",
        among("TABLE_NAME", &names.written)
    ));
    let indirectly = names.triggers_and_functions();
    Some(format!(
        "SET @sgmp_db = IF((EXISTS ({directly}){indirectly}) AND EXISTS ({}), (SELECT 1 UNION ALL SELECT 2), 0)",
        everywhere()
    ))
}

/// Any table without transactions that is not the server's own.
fn everywhere() -> String {
    format!(
        "SELECT 1 FROM information_schema.TABLES AS other WHERE TABLE_SCHEMA NOT IN \
         ('mysql', 'sys', 'performance_schema', 'information_schema') AND {NOT_TRANSACTIONAL}"
    )
}

/// The same more closely, in a turn of its own: on a server with other people's databases the guard
/// stops a statement for tables that nothing of it can reach.
pub async fn confirmed(conn: &mut Conn, statement: &Statement) -> Result<bool, Box<PacketError>> {
    let names = Names::of(statement);
    let written = among("TABLE_NAME", &names.written);
    let query = format!(
        "SELECT EXISTS ({}) OR (EXISTS ({}){}) AND EXISTS ({} AND ({}))",
        names.tables(&format!("{written} AND {NOT_TRANSACTIONAL}")),
        names.tables("TABLE_TYPE = 'VIEW'"),
        names.triggers_and_functions(),
        everywhere(),
        names.reachable(),
    );
    let sets = session::packet(conn, &[&query]).await?;
    let answer = sets[0].first().and_then(|row| row.get_opt::<i64, _>(0));
    Ok(!matches!(answer, Some(Ok(0))))
}

fn among(column: &str, names: &BTreeSet<String>) -> String {
    let list: Vec<String> = names.iter().map(|name| literal(name)).collect();
    match list.as_slice() {
        [] => "FALSE".to_owned(),
        list => format!("{column} IN ({})", list.join(", ")),
    }
}

/// In the catalog's own character set: in another one a list is not searched but gone through.
fn literal(name: &str) -> String {
    session::text(name).replacen("_utf8mb4", "_utf8mb3", 1)
}

impl Names {
    /// A query about the tables and views that are named.
    fn tables(&self, which: &str) -> String {
        format!(
            "SELECT 1 FROM information_schema.TABLES WHERE {} AND {} AND ({which})",
            self.schema("TABLE_SCHEMA"),
            among("TABLE_NAME", &self.all)
        )
    }

    fn schema(&self, column: &str) -> String {
        match self.schemas.is_empty() {
            true => format!("{column} = DATABASE()"),
            false => format!(
                "({column} = DATABASE() OR {})",
                among(column, &self.schemas)
            ),
        }
    }

    /// Is `other` in a database of the statement's, or in one that a trigger, a routine or a view of those
    /// names? What the login may not read may name any.
    fn reachable(&self) -> String {
        let texts = [
            ("TRIGGERS", "EVENT_OBJECT_SCHEMA", "ACTION_STATEMENT"),
            ("ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_DEFINITION"),
            ("VIEWS", "TABLE_SCHEMA", "NULLIF(VIEW_DEFINITION, '')"),
        ];
        let mut text = self.schema("other.TABLE_SCHEMA");
        for (view, schema, body) in texts {
            text.push_str(&format!(
                " OR EXISTS (SELECT 1 FROM information_schema.{view} AS body WHERE {} \
                 AND COALESCE(INSTR({body}, other.TABLE_SCHEMA), 1) > 0)",
                self.schema(&format!("body.{schema}"))
            ));
        }
        text
    }

    /// `OR EXISTS …` for what runs along with the statement.
    fn triggers_and_functions(&self) -> String {
        let mut text = String::new();
        if !self.written.is_empty() {
            text = format!(
                " OR EXISTS (SELECT 1 FROM information_schema.TRIGGERS WHERE {} AND {})",
                self.schema("EVENT_OBJECT_SCHEMA"),
                among("EVENT_OBJECT_TABLE", &self.written)
            );
        }
        if !self.called.is_empty() {
            text.push_str(&format!(
                " OR EXISTS (SELECT 1 FROM information_schema.ROUTINES WHERE {} AND {} AND ROUTINE_TYPE = 'FUNCTION')",
                self.schema("ROUTINE_SCHEMA"),
                among("ROUTINE_NAME", &self.called)
            ));
        }
        text
    }
}

/// In words, why nobody can say how far a statement came that the guard let through on its own.
pub async fn reason(mysql: &mut Mysql, statement: &Statement) -> Result<String> {
    let names = Names::of(statement);
    let query = format!(
        "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE {} AND {} AND {NOT_TRANSACTIONAL} ORDER BY TABLE_NAME",
        names.schema("TABLE_SCHEMA"),
        among("TABLE_NAME", &names.written)
    );
    let sets = mysql.packet(&[&query]).await?;
    let tables: Vec<String> = sets[0]
        .iter()
        .filter_map(|row: &Row| mysql_async::from_row_opt::<(String, String)>(row.clone()).ok())
        .map(|(table, engine)| format!("{table} ({engine})"))
        .collect();
    let fact = match tables.as_slice() {
        [] => {
            "a table that it may reach through a view, a trigger or a function is not transactional"
                .to_owned()
        }
        [table] => format!("its table {table} is not transactional"),
        tables => format!("its tables {} are not transactional", tables.join(", ")),
    };
    Ok(format!(
        "{fact}, so a part of it may be in the database, which has to be undone by hand before --reverted"
    ))
}

/// Did the failed statement, which ran outside of a transaction, change nothing for certain? The
/// error tells where it comes before any row is touched, unless something else ran along.
pub async fn untouched(conn: &mut Conn, statement: &Statement, code: Option<u16>) -> bool {
    let names = Names::of(statement);
    let rows_are_locked = "TABLE_TYPE = 'VIEW' OR ENGINE = 'InnoDB'";
    let which = match code {
        Some(code) if BEFORE_ANY_ROW.contains(&code) => "TABLE_TYPE = 'VIEW'",
        Some(LOCK_WAIT) => rows_are_locked,
        _ => return false,
    };
    let query = format!(
        "SELECT EXISTS ({}){}",
        names.tables(which),
        names.triggers_and_functions()
    );
    match session::packet(conn, &[&query]).await {
        Ok(sets) => {
            let along = sets[0].first().and_then(|row| row.get_opt::<i64, _>(0));
            matches!(along, Some(Ok(0)))
        }
        Err(_) => false,
    }
}
