//! What does pg_get_indexdef say? `CREATE [UNIQUE] INDEX i ON [ONLY] t USING m (…) [INCLUDE (…)] …`.

use super::cursor::Cursor;
use crate::engine::timescale::catalog::indexes::Index;

/// Takes a printed definition apart; none for one of another form. The tablespace is storage, not schema.
pub fn index(definition: &str) -> Option<Index> {
    let mut cursor = Cursor(definition);
    if !cursor.take("CREATE") {
        return None;
    }
    let unique = cursor.take("UNIQUE");
    if !cursor.take("INDEX") {
        return None;
    }
    cursor.word();
    if !cursor.take("ON") {
        return None;
    }
    let only = cursor.take("ONLY");
    cursor.word();
    if !cursor.take("USING") {
        return None;
    }
    let mut index = Index {
        unique,
        only,
        method: cursor.word().to_owned(),
        keys: cursor.list()?,
        include: Vec::new(),
        nulls_not_distinct: false,
        options: Default::default(),
        predicate: None,
        invalid: false,
    };
    if cursor.take("INCLUDE") {
        index.include = cursor.list()?;
    }
    index.nulls_not_distinct = cursor.take("NULLS NOT DISTINCT");
    if cursor.take("WITH") {
        for option in cursor.list()? {
            let (name, value) = option.split_once('=')?;
            index
                .options
                .insert(name.to_owned(), value.trim_matches('\'').to_owned());
        }
    }
    if cursor.take("TABLESPACE") {
        cursor.word();
    }
    if cursor.take("WHERE") {
        index.predicate = Some(cursor.0.to_owned());
        return Some(index);
    }
    cursor.0.is_empty().then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clause_of_a_printed_index_is_told_apart() {
        let printed = "CREATE UNIQUE INDEX \"i (x)\" ON ONLY public.\"t t\" USING btree (lower(a) COLLATE \"C\" text_pattern_ops DESC NULLS LAST, \"b,c\") INCLUDE (d, e) NULLS NOT DISTINCT WITH (fillfactor='70', deduplicate_items=off) TABLESPACE fast WHERE (a <> 'WITH ('::text)";
        let index = index(printed).unwrap();
        assert!(index.unique && index.only && index.nulls_not_distinct);
        assert_eq!(
            index.keys,
            [
                "lower(a) COLLATE \"C\" text_pattern_ops DESC NULLS LAST",
                "\"b,c\""
            ]
        );
        assert_eq!(index.include, ["d", "e"]);
        assert_eq!(index.options["fillfactor"], "70");
        assert_eq!(index.predicate.as_deref(), Some("(a <> 'WITH ('::text)"));
    }

    #[test]
    fn a_plain_index_has_method_and_keys_only() {
        let index = index("CREATE INDEX i ON public.t USING gin (data jsonb_path_ops)").unwrap();
        assert_eq!((index.method.as_str(), index.unique), ("gin", false));
        assert_eq!(index.keys, ["data jsonb_path_ops"]);
    }
}
