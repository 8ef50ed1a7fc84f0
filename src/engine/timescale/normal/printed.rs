//! A printed expression as what stands in parentheses and brackets, and what stands beside them.
//! Blanks and line breaks are kept, so that what is not changed comes out as it was.

use crate::sql::{Dialect, Lexer, Modes, TokenKind};

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

    /// The blank before it.
    pub fn blank(&self) -> &'a str {
        match self {
            Node::Leaf(leaf) => leaf.blank,
            Node::Group(group) => group.blank,
        }
    }

    /// Is it that word, without quotes?
    pub fn is_word(&self, word: &str) -> bool {
        self.is(TokenKind::Word, word)
    }

    /// Is it that sign?
    pub fn is_symbol(&self, sign: &str) -> bool {
        self.is(TokenKind::Symbol, sign)
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

    fn is(&self, kind: TokenKind, text: &str) -> bool {
        matches!(self, Node::Leaf(leaf) if leaf.kind == kind && leaf.text == text)
    }
}

/// The parts of a text; none where parentheses, brackets or quotes do not come out even.
pub fn parse(text: &str) -> Option<Vec<Node<'_>>> {
    let lexer = Lexer {
        dialect: Dialect::Postgres,
        text,
        modes: Modes::of(Dialect::Postgres),
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
            assert_eq!(render(&parse(text).unwrap()), text);
        }
        assert!(parse("(a").is_none());
        assert!(parse("a)").is_none());
        assert!(parse("'a").is_none());
    }
}
