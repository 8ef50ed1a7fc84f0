//! Which privileges does a login have on a database? Read from what SHOW GRANTS prints.
//!
//! Source: MySQL 8.0 Reference Manual, 15.7.7.21 SHOW GRANTS and 8.2.12 (partial revokes).

use std::collections::BTreeSet;

/// What `upgrade` needs on the database.
pub const NEEDED: [&str; 9] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
];

/// The privileges on every table of `database` that the printed grants give; `ALL PRIVILEGES` as such.
pub fn on_database(grants: &[String], database: &str) -> BTreeSet<String> {
    let mut held = BTreeSet::new();
    for line in grants {
        let (revoke, rest) = match line.strip_prefix("GRANT ") {
            Some(rest) => (false, rest),
            None => match line.strip_prefix("REVOKE ") {
                Some(rest) => (true, rest),
                None => continue,
            },
        };
        let Some((privileges, scope)) = rest.split_once(" ON ") else {
            continue;
        };
        let scope = scope
            .split(if revoke { " FROM " } else { " TO " })
            .next()
            .unwrap_or_default();
        if !covers(scope.trim(), database) {
            continue;
        }
        for privilege in privileges.split(',').map(str::trim) {
            if revoke {
                held.remove(privilege);
            } else {
                held.insert(privilege.to_owned());
            }
        }
    }
    held
}

/// Those of `needed` that `held` lacks.
pub fn missing(held: &BTreeSet<String>, needed: &[&str]) -> Vec<String> {
    if held.contains("ALL PRIVILEGES") {
        return Vec::new();
    }
    needed
        .iter()
        .filter(|one| !held.contains(**one))
        .map(|one| (*one).to_owned())
        .collect()
}

/// Is every table of `database` in `scope` (`*.*` or `` `pattern`.* ``)? In a grant's database
/// name `_` and `%` are wildcards unless escaped.
fn covers(scope: &str, database: &str) -> bool {
    if scope == "*.*" {
        return true;
    }
    let Some(quoted) = scope.strip_suffix(".*") else {
        return false;
    };
    let pattern = quoted.trim_matches(['`', '"']).replace("``", "`");
    like(
        &pattern.chars().collect::<Vec<_>>(),
        &database.chars().collect::<Vec<_>>(),
    )
}

fn like(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|skip| like(rest, &text[skip..])),
        Some(('_', rest)) => !text.is_empty() && like(rest, &text[1..]),
        Some(('\\', rest)) if !rest.is_empty() => {
            text.first() == rest.first() && like(&rest[1..], &text[1..])
        }
        Some((one, rest)) => text.first() == Some(one) && like(rest, &text[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(grants: &[&str], database: &str) -> BTreeSet<String> {
        on_database(
            &grants
                .iter()
                .map(|line| (*line).to_owned())
                .collect::<Vec<_>>(),
            database,
        )
    }

    #[test]
    fn a_grant_on_another_database_does_not_count() {
        let grants = [
            "GRANT USAGE ON *.* TO `a`@`%`",
            "GRANT SELECT, INSERT ON `other`.* TO `a`@`%`",
        ];
        assert_eq!(missing(&held(&grants, "sgmp"), &["SELECT"]), ["SELECT"]);
        assert!(missing(&held(&grants, "other"), &["SELECT", "INSERT"]).is_empty());
    }

    #[test]
    fn wildcards_of_a_grant_match_and_escaped_ones_do_not() {
        assert!(held(&["GRANT DROP ON `sgmp_%`.* TO `a`@`%`"], "sgmp_stg").contains("DROP"));
        assert!(held(&["GRANT DROP ON `sgmp\\_a`.* TO `a`@`%`"], "sgmp_a").contains("DROP"));
        assert!(held(&["GRANT DROP ON `sgmp\\_a`.* TO `a`@`%`"], "sgmpXa").is_empty());
    }

    #[test]
    fn a_partial_revoke_takes_a_global_privilege_away() {
        let grants = [
            "GRANT SELECT, DROP ON *.* TO `a`@`%`",
            "REVOKE DROP ON `sgmp`.* FROM `a`@`%`",
        ];
        assert_eq!(
            missing(&held(&grants, "sgmp"), &["SELECT", "DROP"]),
            ["DROP"]
        );
    }

    #[test]
    fn all_privileges_are_enough() {
        let grants = ["GRANT ALL PRIVILEGES ON `sgmp`.* TO `a`@`%` WITH GRANT OPTION"];
        assert!(missing(&held(&grants, "sgmp"), &NEEDED).is_empty());
    }
}
