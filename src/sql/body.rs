//! Where does the body of a stored program of MySQL end, when no DELIMITER says so?
//!
//! BEGIN, END, IF, CASE and REPEAT are also names of columns and functions, so a word counts only where a
//! statement begins. Source: MySQL 8.0 Reference Manual, 15.6 (compound statements).

use super::{lexer::Kind, words::Token};

/// What has been read of a stored program.
#[derive(Debug, Default)]
pub struct Body<'a> {
    place: Place,
    /// Blocks and CASE expressions that are open.
    open: Vec<Block>,
    parentheses: usize,
    last: Option<Token<'a>>,
}

/// Where in the program the next token stands.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before a trigger's body: up to FOR EACH ROW.
    #[default]
    TriggerHead,
    /// Before an event's body: up to DO.
    EventHead,
    /// Before a routine's parameters.
    RoutineName,
    /// Behind a routine's parameters, or behind HANDLER FOR: the first verb is the statement.
    Looking,
    /// A statement begins.
    Start,
    /// The name behind FOLLOWS or PRECEDES; then a statement begins.
    OtherTrigger,
    Inside,
    /// Behind END: IF, LOOP and so on belong to it.
    BehindEnd,
}

/// Something that END ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Begin,
    If,
    Case,
    /// CASE inside an expression.
    CaseValue,
    Loop,
    While,
    Repeat,
    /// REPEAT behind its UNTIL.
    Until,
}

/// Behind these an operand must follow, so that `end` is a column there.
const OPERATORS: [&str; 16] = [
    "THEN", "ELSE", "WHEN", "CASE", "AND", "OR", "XOR", "NOT", "IN", "LIKE", "BETWEEN", "DIV",
    "MOD", "SELECT", "BY", "UNTIL",
];

/// Verbs of statements without a block; what may stand before a body is none of them.
const VERBS: [&str; 22] = [
    "RETURN", "SELECT", "SET", "INSERT", "REPLACE", "UPDATE", "DELETE", "CALL", "WITH", "DO",
    "CREATE", "ALTER", "DROP", "TRUNCATE", "SIGNAL", "RESIGNAL", "EXECUTE", "PREPARE", "LEAVE",
    "ITERATE", "OPEN", "CLOSE",
];

impl<'a> Body<'a> {
    /// Of the kind of program that this word names.
    pub fn of(kind: &Token<'a>) -> Body<'a> {
        let place = if kind.is("TRIGGER") {
            Place::TriggerHead
        } else if kind.is("EVENT") {
            Place::EventHead
        } else {
            Place::RoutineName
        };
        Body {
            place,
            ..Body::default()
        }
    }

    /// Would a semicolon end the program here?
    pub fn is_outside(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes the next meaningful token.
    pub fn feed(&mut self, token: Token<'a>) {
        if token.is_symbol("(") {
            self.parentheses += 1;
        } else if token.is_symbol(")") {
            self.parentheses = self.parentheses.saturating_sub(1);
        }
        self.place = self.next(&token);
        self.last = Some(token);
    }

    fn next(&mut self, token: &Token<'a>) -> Place {
        match self.place {
            Place::TriggerHead if token.is("ROW") && self.follows("EACH") => Place::Start,
            Place::EventHead if token.is("DO") => Place::Start,
            Place::RoutineName if token.is_symbol(")") && self.parentheses == 0 => Place::Looking,
            Place::TriggerHead | Place::EventHead | Place::RoutineName => self.place,
            Place::OtherTrigger => Place::Start,
            Place::Start if self.open.is_empty() && token.is_any(&["FOLLOWS", "PRECEDES"]) => {
                Place::OtherTrigger
            }
            Place::Start => self.first(token),
            Place::Looking => self.looking(token),
            Place::BehindEnd if token.is_any(&["IF", "CASE", "LOOP", "REPEAT", "WHILE"]) => {
                Place::Inside
            }
            Place::BehindEnd | Place::Inside => self.inside(token),
        }
    }

    fn follows(&self, word: &str) -> bool {
        self.last.is_some_and(|last| last.is(word))
    }

    /// The first token of a statement.
    fn first(&mut self, token: &Token<'a>) -> Place {
        if token.is("END") && self.open.pop().is_some() {
            return Place::BehindEnd;
        }
        if token.is("UNTIL") && self.open.last() == Some(&Block::Repeat) {
            self.open.pop();
            self.open.push(Block::Until);
            return Place::Inside;
        }
        let opened = match () {
            () if token.is("BEGIN") => Block::Begin,
            () if token.is("IF") => Block::If,
            () if token.is("CASE") => Block::Case,
            () if token.is("LOOP") => Block::Loop,
            () if token.is("WHILE") => Block::While,
            () if token.is("REPEAT") => Block::Repeat,
            () if token.is_any(&["ELSE", "ELSEIF", "WHEN"]) => return self.inside(token),
            // Still the beginning, so that a label's colon is known as one.
            () if token.is_symbol(";") => return Place::Start,
            () => return Place::Inside,
        };
        self.open.push(opened);
        match opened {
            Block::Begin | Block::Loop | Block::Repeat => Place::Start,
            _ => Place::Inside,
        }
    }

    /// Between a head and the statement that it introduces.
    fn looking(&mut self, token: &Token<'a>) -> Place {
        if self.parentheses > 0 || token.is_symbol(")") {
            return Place::Looking;
        }
        if token.is_any(&["BEGIN", "IF", "CASE", "LOOP", "WHILE", "REPEAT"]) {
            return self.first(token);
        }
        match () {
            () if token.is_symbol(":") => Place::Start,
            () if token.is_symbol(";") => self.inside(token),
            () if token.is("SET") && (self.follows("CHARACTER") || self.follows("RETURNS")) => {
                Place::Looking
            }
            () if token.is_any(&VERBS) => Place::Inside,
            () => Place::Looking,
        }
    }

    fn inside(&mut self, token: &Token<'a>) -> Place {
        if self.last.is_some_and(|last| last.is_symbol(".")) {
            return Place::Inside;
        }
        let top = self.open.last().copied();
        let branches = matches!(top, Some(Block::If | Block::Case));
        match () {
            () if token.is_symbol(";") && !self.open.is_empty() => Place::Start,
            // A label: `name:` where a statement begins. A colon stands nowhere else but in `:=`.
            () if token.is_symbol(":") => Place::Start,
            () if token.is("CASE") => {
                self.open.push(Block::CaseValue);
                Place::Inside
            }
            () if token.is("END") && self.ends_value(top) => {
                self.open.pop();
                if top == Some(Block::Until) {
                    Place::BehindEnd
                } else {
                    Place::Inside
                }
            }
            () if branches && token.is_any(&["THEN", "ELSE"]) => Place::Start,
            () if top == Some(Block::While) && token.is("DO") => Place::Start,
            () if token.is("FOR") && self.follows("HANDLER") => Place::Looking,
            () => Place::Inside,
        }
    }

    /// Does END close a CASE expression or an UNTIL condition here, or is it a column's name?
    fn ends_value(&self, top: Option<Block>) -> bool {
        let operand = self.last.is_some_and(|last| match last.kind {
            Kind::Symbol => last.is_symbol(")") || last.is_symbol("]"),
            Kind::Word => !last.is_any(&OPERATORS),
            _ => true,
        });
        operand && matches!(top, Some(Block::CaseValue | Block::Until))
    }
}
