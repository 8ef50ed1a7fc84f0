//! What is a procedure or a function?

use super::{cells::Cells, databases::Database, shown::Shown};
use crate::{
    engine::mysql::{normal, session},
    schema::{Class, Key, Object},
};
use anyhow::Result;
use mysql_async::Row;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The kinds of these objects.
pub const PROCEDURE: &str = "procedure";
pub const FUNCTION: &str = "function";

pub const QUERY: &str = "SELECT r.ROUTINE_TYPE, \
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
pub const PARAMETERS: &str = "SELECT p.ROUTINE_TYPE, \
     p.SPECIFIC_NAME, \
     p.ORDINAL_POSITION, \
     p.PARAMETER_MODE, \
     p.PARAMETER_NAME, \
     p.DTD_IDENTIFIER, \
     p.COLLATION_NAME \
     FROM information_schema.PARAMETERS AS p \
     WHERE p.SPECIFIC_SCHEMA = DATABASE() \
     ORDER BY p.ROUTINE_TYPE, p.SPECIFIC_NAME, p.ORDINAL_POSITION";

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
    pub body: String,
    /// Only modes that change what this body means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sql_mode: Vec<String>,
}

/// Every routine whose body this login may see.
pub fn read(
    rows: Vec<Row>,
    parameters: Vec<Row>,
    shown: &Shown,
    database: &Database,
) -> Result<Vec<Object>> {
    let mut parameters = signatures(parameters, database)?;
    let mut objects = Vec::new();
    for row in rows {
        let mut cells = Cells::new(row);
        let (kind, name) = (cells.text()?.to_ascii_lowercase(), cells.text()?);
        let Some(told) = cells.maybe()? else {
            continue;
        };
        let body = shown.routine_body(&kind, &name).unwrap_or(&told);
        let key = Key::new(kind, name);
        let signature = parameters
            .remove(&(key.kind.clone(), key.name.clone()))
            .unwrap_or_default();
        let (deterministic, data_access) = (cells.yes()?, cells.text()?);
        let security = cells.text()?;
        let routine = Routine {
            parameters: signature.parameters,
            returns: signature.returns,
            deterministic,
            data_access,
            security: (security != "DEFINER").then_some(security),
            body: normal::body(body),
            sql_mode: normal::matters(&cells.or_empty()?, body),
        };
        let mut object = Object::new(key, serde_json::to_value(routine)?);
        let comment = cells.or_empty()?;
        if !comment.is_empty() {
            object.optional.insert(Class::Comments, json!(comment));
        }
        object
            .optional
            .insert(Class::Definers, json!(cells.text()?));
        objects.push(object);
    }
    Ok(objects)
}

/// Does a routine stand there whose body this login may not see?
pub fn any_hidden(rows: &[Row]) -> Result<bool> {
    for row in rows {
        let mut cells = Cells::new(row.clone());
        let (_kind, _name) = (cells.text()?, cells.text()?);
        if cells.maybe()?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[derive(Debug, Default)]
struct Signature {
    parameters: Vec<String>,
    returns: Option<String>,
}

fn signatures(
    rows: Vec<Row>,
    database: &Database,
) -> Result<BTreeMap<(String, String), Signature>> {
    let mut signatures: BTreeMap<(String, String), Signature> = BTreeMap::new();
    for row in rows {
        let mut cells = Cells::new(row);
        let (kind, name) = (cells.text()?.to_ascii_lowercase(), cells.text()?);
        let position = cells.number()?;
        let (mode, parameter) = (cells.maybe()?, cells.maybe()?);
        let mut domain = normal::column_type(&cells.text()?);
        if let Some(collation) = database.deviating(cells.maybe()?) {
            let set = collation.split('_').next().unwrap_or_default();
            domain.push_str(&format!(" CHARSET {set} COLLATE {collation}"));
        }
        let of_procedure = kind == PROCEDURE;
        let signature = signatures.entry((kind, name)).or_default();
        if position == Some(0) {
            signature.returns = Some(domain);
            continue;
        }
        let name = session::identifier(&parameter.unwrap_or_default());
        signature.parameters.push(match mode {
            Some(mode) if of_procedure => format!("{mode} {name} {domain}"),
            _ => format!("{name} {domain}"),
        });
    }
    Ok(signatures)
}
