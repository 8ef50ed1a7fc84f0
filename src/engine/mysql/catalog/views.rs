//! What is a view? Its columns and what it reads are compared always, its text only between
//! servers of one major version, because each version prints it in its own way.

use super::{
    answer,
    kind::{Ask, Asks, Draft, Kind, attach},
};
use crate::{
    engine::mysql::normal,
    schema::Class,
    sql::{Dialect, Token, TokenKind, tokens},
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The kind of these objects.
pub const KIND: &str = "view";

const QUERY: &str = "SELECT v.TABLE_NAME, \
     v.VIEW_DEFINITION, \
     v.CHECK_OPTION, \
     v.SECURITY_TYPE, \
     v.DEFINER \
     FROM information_schema.VIEWS AS v \
     WHERE v.TABLE_SCHEMA = DATABASE() \
     ORDER BY v.TABLE_NAME";

const USED_TABLES: &str = "SELECT u.VIEW_NAME, \
     NULLIF(u.TABLE_SCHEMA, DATABASE()) AS OTHER_DATABASE, \
     u.TABLE_NAME AS USED \
     FROM information_schema.VIEW_TABLE_USAGE AS u \
     WHERE u.VIEW_SCHEMA = DATABASE() \
     ORDER BY u.VIEW_NAME, u.TABLE_SCHEMA, u.TABLE_NAME";

const USED_ROUTINES: &str = "SELECT u.TABLE_NAME AS VIEW_NAME, \
     NULLIF(u.SPECIFIC_SCHEMA, DATABASE()) AS OTHER_DATABASE, \
     u.SPECIFIC_NAME AS USED \
     FROM information_schema.VIEW_ROUTINE_USAGE AS u \
     WHERE u.TABLE_SCHEMA = DATABASE() \
     ORDER BY u.TABLE_NAME, u.SPECIFIC_SCHEMA, u.SPECIFIC_NAME";

pub const VIEWS: Kind = Kind {
    names: &[KIND],
    needs: &["SELECT", "SHOW VIEW"],
    queries: &[QUERY, USED_TABLES, USED_ROUTINES],
    asks: Some(Asks {
        // Without these two the server refuses, and the views are told as unseen.
        of: |rows, facts| match ["SELECT", "SHOW VIEW"]
            .iter()
            .all(|one| facts.sight.holds(one))
        {
            true => Ask::about(KIND, &rows[0], ["TABLE_NAME", "TABLE_NAME"], |_| true),
            false => Vec::new(),
        },
        named: "TABLE_NAME",
    }),
    read,
};

/// VIEW_DEFINITION is asked for so that a view which is changed while SHOW CREATE is asked shows.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Row {
    table_name: String,
    check_option: String,
    security_type: String,
    definer: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Usage {
    view_name: String,
    other_database: Option<String>,
    used: String,
}

/// A view as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub columns: Vec<String>,
    /// Tables, views and functions, `database.name` where it is another database.
    pub depends_on: BTreeSet<String>,
    /// Where it is not UNDEFINED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// `INVOKER`, where it is not the definer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_option: Option<String>,
}

/// Every view that SHOW CREATE told of. An invalid one is told like any other: nothing here
/// resolves its columns.
fn read(rows: Vec<Vec<mysql_async::Row>>, draft: &mut Draft) -> Result<()> {
    let [rows, tables, routines] = answer::of(rows)?;
    let mut depends_on: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in answer::decode::<Usage>([tables, routines].concat())? {
        let database = row.other_database.map(|database| format!("{database}."));
        let name = database.unwrap_or_default() + &row.used;
        depends_on.entry(row.view_name).or_default().insert(name);
    }
    for row in answer::decode::<Row>(rows)? {
        let Some(statement) = draft.shown.view(&row.table_name) else {
            continue;
        };
        let definition = definition(statement);
        let view = View {
            columns: definition.columns,
            depends_on: depends_on.remove(&row.table_name).unwrap_or_default(),
            algorithm: definition.algorithm.filter(|word| word != "UNDEFINED"),
            security: Some(row.security_type).filter(|security| security != "DEFINER"),
            check_option: Some(row.check_option).filter(|option| option != "NONE"),
        };
        let text = normal::unqualified(&definition.text, &draft.facts.database.name);
        let object = draft.add(KIND, row.table_name, &view)?;
        object.per_major = Some(json!({ "text": text }));
        attach(object, Class::Definers, Some(row.definer));
    }
    Ok(())
}

/// What the statement tells that information_schema does not, or mangles.
#[derive(Debug, PartialEq, Eq)]
struct Definition {
    algorithm: Option<String>,
    columns: Vec<String>,
    /// The query, without WITH CHECK OPTION.
    text: String,
}

fn definition(statement: &str) -> Definition {
    let tokens = tokens(Dialect::Mysql, statement);
    let place = |word: &str| tokens.iter().position(|token| token.is(word));
    let algorithm = place("ALGORITHM")
        .and_then(|at| tokens.get(at + 2))
        .map(|token| token.text.to_ascii_uppercase());
    // `VIEW name [(columns)] AS query`; the name may be qualified.
    let view = place("VIEW").unwrap_or_default();
    let query = tokens[view..]
        .iter()
        .position(|token| token.is("AS"))
        .map_or(tokens.len(), |offset| view + offset + 1);
    let listed: Vec<String> = tokens[view..query.min(tokens.len())]
        .iter()
        .skip_while(|token| !token.is_symbol("("))
        .filter(|token| matches!(token.kind, TokenKind::Quoted))
        .map(|token| token.name(Dialect::Mysql))
        .collect();
    let text = tokens.get(query).map_or("", |token| &statement[token.at..]);
    let columns = if listed.is_empty() {
        selected(&tokens[query.min(tokens.len())..])
    } else {
        listed
    };
    Definition {
        algorithm,
        columns,
        text: without_check_option(text).to_owned(),
    }
}

/// Names of the columns of the outermost SELECT: the server prints each with its alias.
fn selected(tokens: &[Token<'_>]) -> Vec<String> {
    // A query may stand in parentheses as a whole.
    let outermost = tokens
        .iter()
        .take_while(|token| token.is_symbol("("))
        .count();
    let mut names = Vec::new();
    let (mut depth, mut inside, mut last) = (0_usize, false, None);
    for token in tokens {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
        }
        if !inside {
            inside = depth == outermost && token.is("select");
            continue;
        }
        if depth > outermost {
            continue;
        }
        let ends = depth < outermost
            || token.is_any(&[
                "from",
                "union",
                "except",
                "intersect",
                "limit",
                "where",
                "order",
            ]);
        if ends || token.is_symbol(",") {
            names.extend(last.take());
        }
        if ends {
            return names;
        }
        if token.kind == TokenKind::Quoted {
            last = Some(token.name(Dialect::Mysql));
        }
    }
    names.extend(last);
    names
}

fn without_check_option(text: &str) -> &str {
    for ending in [" WITH CASCADED CHECK OPTION", " WITH LOCAL CHECK OPTION"] {
        if let Some(query) = text.strip_suffix(ending) {
            return query;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_view_come_from_its_text_so_that_an_invalid_view_has_some() {
        let read = definition(
            "CREATE ALGORITHM=MERGE DEFINER=`root`@`%` SQL SECURITY DEFINER VIEW `v` AS select \
             `t`.`a` AS `a`,concat(`t`.`b`,', from ') AS `b c`,(select max(`u`.`x`) from `u`) AS `m` \
             from `t` WITH CASCADED CHECK OPTION",
        );
        assert_eq!(read.algorithm.as_deref(), Some("MERGE"));
        assert_eq!(read.columns, ["a", "b c", "m"]);
        assert!(read.text.starts_with("select") && read.text.ends_with("`t`"));
    }

    #[test]
    fn a_column_list_of_a_view_names_its_columns() {
        let read =
            definition("CREATE ALGORITHM=UNDEFINED VIEW `v` (`x`,`y`) AS select 1 AS `1`,2 AS `2`");
        assert_eq!(read.columns, ["x", "y"]);
        assert_eq!(read.text, "select 1 AS `1`,2 AS `2`");
    }

    #[test]
    fn a_common_table_expression_is_not_the_outermost_select() {
        let tokens = |text| super::tokens(Dialect::Mysql, text);
        let with = "with `c` as (select 1 AS `one`) select `c`.`one` AS `x` from `c`";
        assert_eq!(selected(&tokens(with)), ["x"]);
        let union = "select 1 AS `a` union select 2 AS `b`";
        assert_eq!(selected(&tokens(union)), ["a"]);
        let wrapped = "(select (1 + 1) AS `a`) union (select 2 AS `b`) limit 1";
        assert_eq!(selected(&tokens(wrapped)), ["a"]);
    }
}
