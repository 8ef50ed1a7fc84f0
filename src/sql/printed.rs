//! An expression that a server printed, as what stands in parentheses and brackets, and what stands beside them.
//! Blanks and line breaks are kept, so that what is not changed comes out as it was.

use super::{Dialect, Lexer, Modes, TokenKind};

/// A part of a printed text.
#[derive(Debug, Clone)]
pub enum Node<'a> {
    Leaf(Leaf<'a>),
    Group(Group<'a>),
}

/// One token.
#[derive(Debug, Clone)]
pub struct Leaf<'a> {
    /// The blank before it.
    blank: &'a str,
    pub text: &'a str,
    kind: TokenKind,
}

/// Parentheses or brackets with what is in them.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// The blank before it.
    pub blank: &'a str,
    /// `(` or `[`.
    pub open: char,
    pub inside: Vec<Node<'a>>,
    /// The blank before its end.
    end: &'a str,
}

impl<'a> Node<'a> {
    /// A sign of our own, without a blank before it.
    pub fn symbol(text: &'a str) -> Node<'a> {
        Node::Leaf(Leaf {
            blank: "",
            text,
            kind: TokenKind::Symbol,
        })
    }

    /// Parentheses of our own.
    pub fn parenthesis(blank: &'a str, inside: Vec<Node<'a>>) -> Node<'a> {
        Node::Group(Group {
            blank,
            open: '(',
            inside,
            end: "",
        })
    }

    /// The same with that blank before it.
    pub fn after(mut self, blank: &'a str) -> Node<'a> {
        match &mut self {
            Node::Leaf(leaf) => leaf.blank = blank,
            Node::Group(group) => group.blank = blank,
        }
        self
    }

    /// The same with what stands in it changed.
    pub fn with_inside(self, change: impl Fn(Vec<Node<'a>>) -> Vec<Node<'a>>) -> Node<'a> {
        match self {
            Node::Group(mut group) => {
                group.inside = change(group.inside);
                Node::Group(group)
            }
            leaf => leaf,
        }
    }

    /// The blank before it.
    pub fn blank(&self) -> &'a str {
        match self {
            Node::Leaf(leaf) => leaf.blank,
            Node::Group(group) => group.blank,
        }
    }

    /// Is it that word, without quotes?
    pub fn is_word(&self, word: &str) -> bool {
        let is =
            |leaf: &Leaf<'_>| leaf.kind == TokenKind::Word && leaf.text.eq_ignore_ascii_case(word);
        matches!(self, Node::Leaf(leaf) if is(leaf))
    }

    /// Is it that sign?
    pub fn is_symbol(&self, sign: &str) -> bool {
        matches!(self, Node::Leaf(leaf) if leaf.kind == TokenKind::Symbol && leaf.text == sign)
    }

    /// Is it a word or a quoted identifier?
    pub fn is_name(&self) -> bool {
        matches!(self, Node::Leaf(leaf) if matches!(leaf.kind, TokenKind::Word | TokenKind::Quoted))
    }

    /// Is it a string?
    pub fn is_string(&self) -> bool {
        matches!(self, Node::Leaf(leaf) if leaf.kind == TokenKind::String)
    }

    /// As written, without the blank before it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        write(&self.clone().after(""), &mut out);
        out
    }
}

/// The parts of a text; none where parentheses, brackets or quotes do not come out even.
pub fn parse(dialect: Dialect, text: &str) -> Option<Vec<Node<'_>>> {
    let lexer = Lexer {
        dialect,
        text,
        modes: Modes::of(dialect),
        delimiter: "",
    };
    let mut open: Vec<Group<'_>> = Vec::new();
    let mut nodes = Vec::new();
    let (mut at, mut blank) = (0, "");
    while at < text.len() {
        let (kind, end) = lexer.token(at).ok()?;
        let token = &text[at..end];
        at = end;
        match (kind, token) {
            (TokenKind::Blank, _) => {
                blank = token;
                continue;
            }
            (TokenKind::Symbol, "(" | "[") => open.push(Group {
                blank,
                open: token.chars().next()?,
                inside: std::mem::take(&mut nodes),
                end: "",
            }),
            (TokenKind::Symbol, ")" | "]") => {
                let mut group = open.pop()?;
                if (group.open == '(') != (token == ")") {
                    return None;
                }
                // What stood before it was kept in its place until its end.
                let before = std::mem::replace(&mut group.inside, nodes);
                nodes = before;
                group.end = blank;
                nodes.push(Node::Group(group));
            }
            _ => nodes.push(Node::Leaf(Leaf {
                blank,
                text: token,
                kind,
            })),
        }
        blank = "";
    }
    // A blank at the very end belongs to nobody.
    (open.is_empty() && blank.is_empty()).then_some(nodes)
}

/// The text again.
pub fn render(nodes: &[Node<'_>]) -> String {
    let mut out = String::new();
    nodes.iter().for_each(|node| write(node, &mut out));
    out
}

fn write(node: &Node<'_>, out: &mut String) {
    out.push_str(node.blank());
    match node {
        Node::Leaf(leaf) => out.push_str(leaf.text),
        Node::Group(group) => {
            out.push(group.open);
            group.inside.iter().for_each(|node| write(node, out));
            out.push_str(group.end);
            out.push(if group.open == '(' { ')' } else { ']' });
        }
    }
}

/// Lists that `AND` alone, or `OR` alone, joins take in the operands that are lists of the same kind:
/// `((a AND b) AND c)` is `(a AND b AND c)`. Nodes of one level; those below are left alone.
pub fn flat(nodes: Vec<Node<'_>>) -> Vec<Node<'_>> {
    let Some(word) = ["AND", "OR"].into_iter().find(|word| joins(word, &nodes)) else {
        return nodes;
    };
    let mut flat = Vec::new();
    let mut joints = nodes.iter().filter(|node| node.is_word(word));
    for operand in nodes.split(|node| node.is_word(word)) {
        match operand {
            [Node::Group(group)] if group.open == '(' && joins(word, &group.inside) => {
                let mut inside = group.inside.iter().cloned();
                flat.extend(inside.next().map(|first| first.after(group.blank)));
                flat.extend(inside);
            }
            _ => flat.extend_from_slice(operand),
        }
        flat.extend(joints.next().cloned());
    }
    flat
}

/// Does that word alone join a list? `x BETWEEN a AND b`, and the frame of a window, have an `AND`
/// that joins nothing.
fn joins(word: &str, nodes: &[Node<'_>]) -> bool {
    let has = |word: &str| nodes.iter().any(|node| node.is_word(word));
    let others = ["AND", "OR", "XOR", "BETWEEN"];
    has(word) && !others.iter().any(|other| *other != word && has(other))
}

/// The same at every level of a text; one that does not come out even stays as it is.
pub fn flattened(dialect: Dialect, text: &str) -> String {
    fn every(nodes: Vec<Node<'_>>) -> Vec<Node<'_>> {
        let inner = nodes.into_iter().map(|node| node.with_inside(every));
        flat(inner.collect())
    }
    if !text.contains("((") {
        return text.to_owned();
    }
    match parse(dialect, text) {
        Some(nodes) => render(&every(nodes)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_out_as_it_went_in() {
        for text in [
            " SELECT a,\n    (b [1] || ' )'::text) AS \"c(\"\n   FROM ( VALUES ( 1 ) ) x",
            "E'\\')' || U&'\\0041'",
            "(a -- )\n)",
        ] {
            assert_eq!(render(&parse(Dialect::Postgres, text).unwrap()), text);
        }
        assert!(parse(Dialect::Postgres, "(a").is_none());
        assert!(parse(Dialect::Postgres, "a)").is_none());
        assert!(parse(Dialect::Postgres, "'a").is_none());
    }
    #[test]
    fn only_lists_of_one_kind_are_one_list() {
        let mysql = |text: &str| flattened(Dialect::Mysql, text);
        assert_eq!(
            mysql("(((`i` = 1) and (`b` = 2)) and (`n` = 1))"),
            "((`i` = 1) and (`b` = 2) and (`n` = 1))"
        );
        for stable in [
            "((`i` between 1 and 2) and (`b` = 2))",
            "((`a` and `b`) or `c`)",
            "((`a` and `b`) xor `c`)",
            "(`i` between ((1 and 2)) and ((3 and 4)))",
            "((`a and b` and 'x and (y and z)'))",
        ] {
            assert_eq!(mysql(stable), stable);
        }
    }
}
