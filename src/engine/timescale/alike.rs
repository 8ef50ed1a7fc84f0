//! What is there, with what the expected schema does not know taken over from it, and the other way round.

use super::catalog::{
    continuous_aggregates::CONTINUOUS_AGGREGATE,
    hypertables::{HYPERTABLE, UNKNOWN_TO_SOME},
};
use crate::schema::Schema;
use serde_json::Value;
use std::borrow::Cow;

/// Snapshots once had neither chunk intervals nor settings of the columnstore, and a server whose licence
/// has no columnstore knows none: what one side does not know is no difference.
pub fn alike<'a>(expected: &Schema, actual: &'a Schema) -> Cow<'a, Schema> {
    let mut alike = Cow::Borrowed(actual);
    for (key, wanted) in &expected.objects {
        if ![HYPERTABLE, CONTINUOUS_AGGREGATE].contains(&key.kind.as_str()) {
            continue;
        }
        let Some(found) = actual.objects.get(key) else {
            continue;
        };
        for part in UNKNOWN_TO_SOME {
            let of = |value: &Value| value.get(part).cloned();
            let (wanted, found) = (of(&wanted.value), of(&found.value));
            if wanted.is_some() == found.is_some() {
                continue;
            }
            let object = alike.to_mut().objects.get_mut(key);
            let Some(parts) = object.and_then(|object| object.value.as_object_mut()) else {
                continue;
            };
            match wanted {
                Some(wanted) => drop(parts.insert(part.to_owned(), wanted)),
                None => drop(parts.remove(part)),
            }
        }
    }
    alike
}
