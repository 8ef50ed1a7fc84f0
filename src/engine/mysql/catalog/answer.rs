//! How does a row of the catalog become a typed row? By the names of its columns.
//!
//! Every answer is text: numbers are read from their digits, and truths from the server's `YES`,
//! `NO`, `0` and `1`.

use anyhow::{Context, Result};
use mysql_async::{Row, Value};
use serde::{
    Deserializer,
    de::{
        DeserializeOwned, Error as _, IntoDeserializer, Visitor,
        value::{Error, MapDeserializer},
    },
    forward_to_deserialize_any,
};

/// Rows as what they are; a field that the query does not ask for is an error.
///
/// # Errors
/// A row is not of that form, and says so.
pub fn decode<T: DeserializeOwned>(rows: Vec<Row>) -> Result<Vec<T>> {
    rows.into_iter().map(one).collect()
}

fn one<T: DeserializeOwned>(row: Row) -> Result<T> {
    let columns = row.columns();
    let names = columns.iter().map(|column| column.name_str());
    let cells = names.zip(row.unwrap().into_iter().map(Cell));
    let fields = MapDeserializer::<_, Error>::new(cells);
    T::deserialize(fields).context("the catalog has a row of unknown form")
}

/// The rows of each of a kind's queries.
///
/// # Errors
/// The server answered less than it was asked.
pub fn of<const QUERIES: usize>(rows: Vec<Vec<Row>>) -> Result<[Vec<Row>; QUERIES]> {
    let sets = rows.try_into().ok();
    sets.context("the server answered less than it was asked")
}

/// One column of a row that is not decoded as a whole; none where it is NULL.
pub fn text(row: &Row, column: &str) -> Option<String> {
    row.get_opt::<Option<String>, _>(column)?.ok()?
}

/// One value.
struct Cell(Value);

impl Cell {
    fn text(self) -> Result<String, Error> {
        match self.0 {
            Value::Bytes(bytes) => String::from_utf8(bytes)
                .map_err(|_| Error::custom("a text of the catalog is not UTF-8")),
            other => Err(Error::custom(format!("{other:?} is not text"))),
        }
    }
}

impl IntoDeserializer<'_, Error> for Cell {
    type Deserializer = Cell;

    fn into_deserializer(self) -> Cell {
        self
    }
}

impl<'de> Deserializer<'de> for Cell {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::NULL => visitor.visit_none(),
            _ => visitor.visit_string(self.text()?),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::NULL => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text()?.as_str() {
            "YES" | "1" => visitor.visit_bool(true),
            "NO" | "0" => visitor.visit_bool(false),
            other => Err(Error::custom(format!("{other} is neither YES nor NO"))),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.text()?;
        let number = text.parse();
        visitor.visit_u64(number.map_err(|_| Error::custom(format!("{text} is not a number")))?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.text()?;
        let number = text.parse();
        visitor.visit_i64(number.map_err(|_| Error::custom(format!("{text} is not a number")))?)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
