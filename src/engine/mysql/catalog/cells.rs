//! How is a row of the catalog read? Column by column, in the order of its query.

use anyhow::{Context, Result, bail};
use mysql_async::{Row, Value};

/// What is left of a row.
pub struct Cells {
    values: std::vec::IntoIter<Value>,
}

impl Cells {
    /// From the first column on.
    pub fn new(row: Row) -> Cells {
        Cells {
            values: row.unwrap().into_iter(),
        }
    }

    /// The next column, which may be NULL.
    pub fn maybe(&mut self) -> Result<Option<String>> {
        match self
            .values
            .next()
            .context("a row of the catalog is too short")?
        {
            Value::NULL => Ok(None),
            Value::Bytes(bytes) => Ok(Some(
                String::from_utf8(bytes).context("a text of the catalog is not UTF-8")?,
            )),
            other => bail!("a value of the catalog is not text: {other:?}"),
        }
    }

    /// The next column, which is never NULL in this query.
    pub fn text(&mut self) -> Result<String> {
        self.maybe()?
            .context("a value of the catalog is NULL that never is")
    }

    /// The next column, empty where NULL.
    pub fn or_empty(&mut self) -> Result<String> {
        Ok(self.maybe()?.unwrap_or_default())
    }

    /// A column that says YES or NO.
    pub fn yes(&mut self) -> Result<bool> {
        Ok(self.text()? == "YES")
    }

    /// A whole number, where there is one.
    pub fn number(&mut self) -> Result<Option<u64>> {
        self.maybe()?
            .map(|text| {
                text.parse()
                    .with_context(|| format!("{text} is not a whole number"))
            })
            .transpose()
    }
}
