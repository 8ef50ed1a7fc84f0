//! The tokens of a statement under way, as far as anything is asked of them later.
//!
//! A seed file's INSERT has millions of tokens that nobody asks about: its values. Kept, they would need
//! many times the memory of the text.

use super::{
    lexer::Kind,
    modes::Modes,
    words::{Token, inside, is_executable},
};

/// So many tokens are kept whatever they are.
const HEAD: usize = 256;

/// What has been gathered.
#[derive(Debug, Default)]
pub struct Gathered<'a> {
    tokens: Vec<Token<'a>>,
    /// The token before, where it was left out.
    left_out: Option<Token<'a>>,
    /// Lowest version that a `/*!80404 … */` asks for; none where something of the statement asks for none.
    since: Option<u32>,
    is_plain: bool,
}

impl<'a> Gathered<'a> {
    /// Takes the next meaningful token; of a `/*! … */` those inside.
    pub fn take(&mut self, modes: Modes, token: Token<'a>) {
        if is_executable(&token) {
            let (version, tokens) = inside(modes, &token);
            self.note(version);
            tokens.for_each(|token| self.keep(token));
        } else {
            self.note(None);
            self.keep(token);
        }
    }

    fn note(&mut self, version: Option<u32>) {
        self.is_plain |= version.is_none();
        self.since = match (self.since, version) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    fn keep(&mut self, token: Token<'a>) {
        let follows = |sign: &str| {
            let last = self.left_out.as_ref().or(self.tokens.last());
            last.is_some_and(|last| last.is_symbol(sign))
        };
        let is_asked = self.tokens.len() < HEAD
            || !self.is_data()
            || !is_value(&token)
            || follows("@")
            || follows(":");
        if !is_asked {
            self.left_out = Some(token);
            return;
        }
        // `user`@`host` is told from a variable by what is directly before the sign.
        if let Some(before) = self.left_out.take()
            && token.is_symbol("@")
        {
            self.tokens.push(before);
        }
        self.tokens.push(token);
    }

    /// Is it a statement of rows?
    fn is_data(&self) -> bool {
        let verbs = [
            "insert", "replace", "values", "update", "delete", "select", "with", "merge",
        ];
        self.tokens.first().is_some_and(|one| one.is_any(&verbs))
    }

    /// The tokens up to there, and from which version on a server reads any of them; none where always.
    pub fn end(&mut self, end: usize) -> (Vec<Token<'a>>, Option<u32>) {
        let mut gathered = std::mem::take(self);
        while gathered.tokens.last().is_some_and(|last| last.at >= end) {
            gathered.tokens.pop();
        }
        let since = gathered.since.filter(|_| !gathered.is_plain);
        (gathered.tokens, since)
    }
}

/// Is it of a list of values, of which no question is asked? A bracket behind a word may be a call's.
fn is_value(token: &Token<'_>) -> bool {
    match token.kind {
        Kind::String => true,
        Kind::Word => token.text.starts_with(|c: char| c.is_ascii_digit()) || token.is("null"),
        Kind::Symbol => token.is_symbol(",") || token.is_symbol(")") || token.is_symbol("-"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Dialect, SessionUse, split};
    use crate::sql::Commits;

    fn rows(count: usize, last: &str) -> String {
        let rows: String = (0..count).map(|n| format!("({n},'x',NULL),")).collect();
        format!("INSERT INTO t VALUES {rows}{last}")
    }

    #[test]
    fn what_is_asked_of_a_long_statement_is_found_at_its_end_too() {
        let uses = |last: &str| {
            let text = rows(500, last);
            split(Dialect::Mysql, &text)
                .unwrap()
                .remove(0)
                .facts
                .session
        };
        let variable = SessionUse::UserVariable {
            name: "'v'".to_owned(),
            writes: false,
        };
        assert_eq!(uses("(1, @'v', 2)"), [variable]);
        assert_eq!(uses("(1, LAST_INSERT_ID(), 2)"), [SessionUse::LastInsertId]);
        assert_eq!(uses("(1, 'user'@'host', 2)"), []);
        let text = rows(500, "(1, \\g)");
        assert!(split(Dialect::Mysql, &text).unwrap_err().client_command);
        let text = rows(500, "(1, :'name')");
        assert!(split(Dialect::Postgres, &text).unwrap_err().client_command);
    }

    #[test]
    fn what_a_comment_for_a_version_holds_is_read() {
        let one = |text| split(Dialect::Mysql, text).unwrap().remove(0);
        let whole = one("/*!99999 CREATE TABLE n (id int) */;");
        assert_eq!(whole.facts.since, Some(99_999));
        assert_eq!(whole.on_server(90_704), "DO 0");
        assert_eq!(whole.on_server(99_999), whole.text());
        assert_eq!(
            one("/*!50003 CREATE*/ /*!50017 DEFINER=a@b*/ /*!50003 VIEW v AS SELECT 1 */")
                .facts
                .since,
            Some(50_003)
        );
        assert_eq!(
            one("CREATE TABLE a (b int) /*!80016 ENCRYPTION='N' */")
                .facts
                .since,
            None
        );
        assert_eq!(one("/*! SET a = 1 */").facts.since, None);
        assert_eq!(
            one("/*!40101 SET NAMES utf8 */").facts.commits,
            Commits::Session
        );
        assert_eq!(one("/*!800131 SELECT 1 */").facts.since, Some(800_131));
        assert_eq!(one("/*!1234 */").tokens().len(), 1);
        let quoted = "/*!40101 SET sql_mode='NO_BACKSLASH_ESCAPES' */;\nSELECT 'a\\';\nSELECT 2;";
        assert_eq!(split(Dialect::Mysql, quoted).unwrap().len(), 3);
        assert_eq!(
            split(Dialect::Mysql, "SELECT 1; /*!50003 */; /*!80000*/")
                .unwrap()
                .len(),
            1
        );
    }
}
