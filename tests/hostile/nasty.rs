//! Texts that try to be more than a text.

/// Numbers in a row that a seed decides (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).expect("31 bits") % sides
    }

    pub fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

/// What ends a line, a comment, a literal, a body or a statement for some reader, what a client, a terminal
/// or a build server obeys, and what shows as something else. `FILE` is the canary's.
const FRAGMENTS: &[&str] = &[
    "\n",
    "\n",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{1b}[31m",
    "\u{1b}]0;t\u{7}",
    "\u{9b}2J",
    "\u{8}",
    "\u{7f}",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{feff}",
    "--",
    "-- ",
    "#",
    "/*",
    "*/",
    "/*!",
    ";",
    "'",
    "''",
    "\"",
    "`",
    "\\",
    "\\'",
    "$$",
    "$a$",
    "$function$",
    "$sgmp",
    "$sgmp$",
    "DROP TABLE canary;",
    "\nDROP TABLE canary;\n-- ",
    "\n\\! touch FILE\n",
    "\\! touch FILE",
    "\nsystem touch FILE\n",
    "\\g",
    "\\c",
    "\ndelimiter //\n",
    "delimiter ;",
    "\n\\i /etc/passwd\n",
    ":DBNAME",
    ":'DBNAME'",
    ":\"DBNAME\"",
    "::error::FORGED",
    "\n::stop-commands::x\n",
    "##[add-mask]a",
    "%0A",
    "$(touch FILE)",
    "`touch FILE`",
    "U&",
    "E'",
    "{",
    "}",
    "[",
    "]",
    ".",
    ",",
    "(",
    ")",
    " ",
    "x",
    "Y",
    "0",
    "é",
    "日",
];

/// A hostile text.
pub fn text(dice: &mut Dice, file: &str) -> String {
    let many = 1 + dice.roll(5);
    (0..many)
        .map(|_| dice.one(FRAGMENTS).replace("FILE", file))
        .collect()
}

/// A hostile name that is like no other, of at most that many bytes.
pub fn name(dice: &mut Dice, file: &str, number: &mut usize) -> String {
    *number += 1;
    let mut name = format!("n{number}{}", text(dice, file));
    while name.len() > 56 {
        name.pop();
    }
    // A server may refuse a blank at the end.
    name.push('z');
    name
}
