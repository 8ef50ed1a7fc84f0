//! What is a procedure or a function?

use super::{
    answer,
    databases::Database,
    grants,
    kind::{Ask, Asks, Draft, Kind, attach},
    show_create::is_mangled,
};
use crate::{
    engine::mysql::{normal, session},
    schema::Class,
};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kinds of these objects.
pub const PROCEDURE: &str = "procedure";
pub const FUNCTION: &str = "function";

const QUERY: &str = "SELECT r.ROUTINE_TYPE, \
     r.ROUTINE_NAME, \
     r.ROUTINE_DEFINITION, \
     r.IS_DETERMINISTIC, \
     r.SQL_DATA_ACCESS, \
     r.SECURITY_TYPE, \
     r.SQL_MODE, \
     r.ROUTINE_COMMENT, \
     r.DEFINER \
     FROM information_schema.ROUTINES AS r \
     WHERE r.ROUTINE_SCHEMA = DATABASE() \
     ORDER BY r.ROUTINE_TYPE, r.ROUTINE_NAME";

/// Position 0 is what a function returns.
const PARAMETERS: &str = "SELECT p.ROUTINE_TYPE, \
     p.SPECIFIC_NAME, \
     p.ORDINAL_POSITION, \
     p.PARAMETER_MODE, \
     p.PARAMETER_NAME, \
     p.DTD_IDENTIFIER, \
     p.COLLATION_NAME \
     FROM information_schema.PARAMETERS AS p \
     WHERE p.SPECIFIC_SCHEMA = DATABASE() \
     ORDER BY p.ROUTINE_TYPE, p.SPECIFIC_NAME, p.ORDINAL_POSITION";

pub const ROUTINES: Kind = Kind {
    names: &[PROCEDURE, FUNCTION],
    needs: &[grants::SHOW_ROUTINE],
    queries: &[QUERY, PARAMETERS],
    asks: Some(Asks {
        of: |rows, _| {
            let said = ["ROUTINE_NAME", "ROUTINE_DEFINITION"];
            let of = |kind: &'static str| {
                let is = |row: &&mysql_async::Row| {
                    answer::text(row, "ROUTINE_TYPE")
                        .is_some_and(|own| own.eq_ignore_ascii_case(kind))
                };
                let own: Vec<mysql_async::Row> = rows[0].iter().filter(is).cloned().collect();
                Ask::about(kind, &own, said, is_mangled)
            };
            [of(PROCEDURE), of(FUNCTION)].concat()
        },
        named: "ROUTINE_NAME",
    }),
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Row {
    routine_type: String,
    routine_name: String,
    /// NULL where this login may not see it.
    routine_definition: Option<String>,
    is_deterministic: bool,
    sql_data_access: String,
    security_type: String,
    sql_mode: Option<String>,
    routine_comment: Option<String>,
    definer: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Parameter {
    routine_type: String,
    specific_name: String,
    ordinal_position: u64,
    parameter_mode: Option<String>,
    parameter_name: Option<String>,
    dtd_identifier: String,
    collation_name: Option<String>,
}

/// A routine as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routine {
    /// Each as SQL: `` OUT `x` varchar(10) ``.
    pub parameters: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
    pub deterministic: bool,
    /// `CONTAINS SQL`, `NO SQL`, `READS SQL DATA` or `MODIFIES SQL DATA`.
    pub data_access: String,
    /// `INVOKER`, where it is not the definer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<String>,
    /// As it was sent, with its comments and line ends.
    pub body: String,
    /// Only modes that change what this body means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sql_mode: Vec<String>,
}

impl Routine {
    /// Parameters and result, each with its collation, where that is inherited from the database.
    pub fn resolved(&self, inherited: &str) -> Vec<String> {
        let domains = self.parameters.iter().chain(&self.returns);
        domains
            .map(
                |domain| match holds_text(domain) && !domain.contains(" COLLATE ") {
                    true => format!("{domain}{}", collated(inherited)),
                    false => domain.clone(),
                },
            )
            .collect()
    }
}

/// Does a parameter hold text?
fn holds_text(domain: &str) -> bool {
    let words = ["char", "text", "enum", "set("];
    words.iter().any(|word| domain.contains(word))
}

fn collated(collation: &str) -> String {
    let set = collation.split('_').next().unwrap_or_default();
    format!(" CHARSET {set} COLLATE {collation}")
}

/// Every routine whose body this login may see.
fn read(rows: Vec<Vec<mysql_async::Row>>, draft: &mut Draft) -> Result<()> {
    let [rows, parameters] = answer::of(rows)?;
    let mut signatures = signatures(answer::decode(parameters)?, &draft.facts.database);
    for row in answer::decode::<Row>(rows)? {
        let Some(told) = row.routine_definition else {
            draft.hidden_body = true;
            continue;
        };
        let (kind, name) = (row.routine_type.to_ascii_lowercase(), row.routine_name);
        let body = draft.shown.routine_body(&kind, &name).unwrap_or(&told);
        let signature = signatures
            .remove(&(kind.clone(), name.clone()))
            .unwrap_or_default();
        let routine = Routine {
            parameters: signature.parameters,
            returns: signature.returns,
            deterministic: row.is_deterministic,
            data_access: row.sql_data_access,
            security: Some(row.security_type).filter(|security| security != "DEFINER"),
            body: normal::as_sent(body),
            sql_mode: normal::matters(&row.sql_mode.unwrap_or_default(), body),
        };
        let object = draft.add(&kind, name, &routine)?;
        attach(object, Class::Comments, row.routine_comment);
        attach(object, Class::Definers, Some(row.definer));
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Signature {
    parameters: Vec<String>,
    returns: Option<String>,
}

/// By kind and name.
fn signatures(
    parameters: Vec<Parameter>,
    database: &Database,
) -> BTreeMap<(String, String), Signature> {
    let mut signatures: BTreeMap<(String, String), Signature> = BTreeMap::new();
    for row in parameters {
        let kind = row.routine_type.to_ascii_lowercase();
        let mut domain = normal::column_type(&row.dtd_identifier);
        if let Some(collation) = database.deviating(row.collation_name) {
            domain.push_str(&collated(&collation));
        }
        let of_procedure = kind == PROCEDURE;
        let signature = signatures.entry((kind, row.specific_name)).or_default();
        if row.ordinal_position == 0 {
            signature.returns = Some(domain);
            continue;
        }
        let name = session::identifier(&row.parameter_name.unwrap_or_default());
        signature.parameters.push(match row.parameter_mode {
            Some(mode) if of_procedure => format!("{mode} {name} {domain}"),
            _ => format!("{name} {domain}"),
        });
    }
    signatures
}
