//! Files that a server, its client and a splitter could read differently.

/// Named ones. The first is the file that once skipped a statement in silence.
pub const POSTGRES: [&str; 12] = [
    "-- first line\rSELECT 1;\nSELECT 2;\n",
    "SELECT 1; -- a\r-- b\rSELECT 2;\rSELECT 3",
    "\u{feff}SELECT 1;\nSELECT 2;",
    "SELECT 1;\n\u{feff}SELECT 2;\n",
    "SELECT\u{a0}1;\nSELECT 2;",
    "SELECT 1 -- \u{2028}; SELECT 2;\n; SELECT 3;",
    "SET standard_conforming_strings = off;\nSELECT 'a\\';', 1;\nSELECT 2;",
    "SELECT 'a\\', 1;\nSELECT E'a\\';', 2;",
    "SELECT $$a;\r;b$$; SELECT $x$ $$;' $x$, 2;",
    "/* a /* b; */ c; */ SELECT 1; SELECT /* ' */ 2 /* \" */;",
    "SELECT 1\u{b}, 2\u{c}; SELECT 3\r\n, 4;\r\n",
    "CREATE FUNCTION pg_temp.f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3;",
];

/// The same for MySQL.
pub const MYSQL: [&str; 12] = [
    "-- first line\rSELECT 1;\nSELECT 2;\n",
    "SELECT 1; # a\rSELECT 2;\nSELECT 3",
    "\u{feff}SELECT 1;\nSELECT 2;",
    "SELECT 1;\n\u{feff}SELECT 2;\n",
    "SELECT\u{a0}1;\nSELECT 2;",
    "SELECT 1 -- \u{2028}; SELECT 2;\n; SELECT 3;",
    "/*!99999 SELECT 1 */;\nSELECT 2;",
    "SELECT 1 /*!99999 , 2 */;\n/*!40000 SELECT 3 */;\n/*! SELECT 4 */;",
    "SET sql_mode = 'NO_BACKSLASH_ESCAPES';\nSELECT 'a\\', 1;\nSELECT 2;",
    "SELECT 'a\\';', 1;\nSELECT \"b\\\";\", `c;` FROM (SELECT 2 AS `c;`) AS d;",
    "DELIMITER $$\nCREATE PROCEDURE p1() BEGIN SELECT 1; SELECT 2; END$$\nDELIMITER ;\nSELECT 3;",
    "SELECT 5--3; SELECT 6 --7\n; SELECT 8 -- 9;\n;",
];

/// What a random file is made of; `@` stands for a number that no other statement of the file
/// has, `?` for a value, `~` for what may stand between two words, `%` for an at sign.
pub struct Odd {
    statements: &'static [&'static str],
    values: &'static [&'static str],
    between: &'static [&'static str],
}

impl Odd {
    /// For MySQL and its client.
    pub fn mysql() -> Odd {
        Odd {
            statements: &[
                "SELECT @~,~?",
                "SELECT @, ?, ?",
                "SELECT ? AS a@",
                "/*!40000 SELECT @ */",
                "/*!99999 SELECT @ */",
                "SELECT /*!80000 @, */ ?",
                "SELECT /*+ MAX_EXECUTION_TIME(1000) */ @",
                "SELECT @ /*! + 1 */",
                "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
                "SET sql_mode = 'ANSI_QUOTES'",
                "SET sql_mode = ''",
                "SELECT @--1",
                "SELECT @ --1",
                "SELECT @ --\t1\n+ 1",
                "SELECT ? INTO %a",
                "CREATE PROCEDURE p@() SELECT ?",
                "no SQL at all @ ?",
            ],
            values: &[
                "'it''s; a'",
                "'back\\'slash;'",
                "\"a;b\"",
                "\"it\\\";s\"",
                "'\\\\'",
                "'a\nb;'",
                "'a\rb;'",
                "''",
                "N'x;'",
                "x'41'",
                "_utf8mb4'ä;'",
                "`id;`",
                "`a``;b`",
                "1e3",
                "'-- ;'",
                "'/* ;'",
                "'# ;'",
                "\"`;\"",
            ],
            between: BETWEEN_MYSQL,
        }
    }

    /// For PostgreSQL and psql.
    pub fn postgres() -> Odd {
        Odd {
            statements: &[
                "SELECT @~,~?",
                "SELECT @, ?, ?",
                "SELECT ? AS a@",
                "SET standard_conforming_strings = off",
                "SET standard_conforming_strings = on",
                "SELECT @ - -1",
                "SELECT (@; 1)",
                "SELECT (@, ?)",
                "CREATE FUNCTION pg_temp.f@() RETURNS int BEGIN ATOMIC SELECT 1; SELECT @; END",
                "CREATE RULE r@ AS ON INSERT TO nothing DO ALSO (SELECT 1; SELECT @)",
                "DO $do$ BEGIN PERFORM @; END; $do$",
                "no SQL at all @ ?",
                "SELECT ARRAY[@]",
            ],
            values: &[
                "'it''s; a'",
                "'back\\slash;'",
                "E'it\\'s;'",
                "e'\\\\'",
                "U&'\\0041;'",
                "\"a;b\"",
                "\"a\"\";b\"",
                "$$a;b$$",
                "$t$ $$;' $t$",
                "$ä$;$ä$",
                "'a\nb;'",
                "'a\rb;'",
                "''",
                "N'x;'",
                "x'41'",
                "b'1'",
                "'a'\n';b'",
                "'-- ;'",
                "'/* ;'",
                "1e3",
            ],
            between: BETWEEN_POSTGRES,
        }
    }
}

const BETWEEN_MYSQL: &[&str] = &[
    " ",
    "\n",
    "\t",
    "\r\n",
    "\r",
    "\u{b}",
    "\u{c}",
    " -- a; 'b\n",
    "-- a\r;b\n",
    "# a; \"b\n",
    "#\r;\n",
    "/* a; ' */",
    "/**/",
    "/* a\n; */",
    "\u{feff}",
    "\u{a0}",
    "\u{2028}",
    "\u{85}",
    "\u{3000}",
    "--\n",
    "-- \u{2028};\n",
];

const BETWEEN_POSTGRES: &[&str] = &[
    " ",
    "\n",
    "\t",
    "\r\n",
    "\r",
    "\u{b}",
    "\u{c}",
    " -- a; 'b\n",
    "-- a\r",
    "--a\n",
    "/* a; ' */",
    "/**/",
    "/* a /* b; */ c; */",
    "/* a\n; */",
    "\u{feff}",
    "\u{a0}",
    "\u{2028}",
    "\u{85}",
    "\u{3000}",
    "--\n",
    "-- \u{2028};\n",
];

/// Numbers that look like chance (the linear congruential generator of Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).expect("a small number")
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// A file of up to six statements.
pub fn random(odd: &Odd, seed: u64) -> String {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut text = String::new();
    for index in 0..=chance.below(6) {
        while chance.below(3) == 0 {
            text.push_str(chance.one(odd.between));
        }
        for sign in chance.one(odd.statements).chars() {
            match sign {
                '@' => text.push_str(&(1000 + index).to_string()),
                '?' => text.push_str(chance.one(odd.values)),
                '~' => text.push_str(chance.one(odd.between)),
                '%' => text.push('@'),
                other => text.push(other),
            }
        }
        if chance.below(4) == 0 {
            text.push_str(chance.one(odd.between));
        }
        text.push_str(chance.one(&[";", ";", ";\n", ";\r\n", " ;;\n"]));
    }
    if chance.below(4) == 0 {
        text.push_str("SELECT 1");
    }
    text
}
