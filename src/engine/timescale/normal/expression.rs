//! What does a printed expression become when the server reads its own print?
//!
//! The tree of the first CREATE is printed in a way that is read back as another tree; from the
//! second time on print and tree are stable. A dump that is restored is such a second time. Both
//! changes are the parser's (PostgreSQL sources, `makeAndExpr` of gram.y and `transformTypeCast` of
//! parse_expr.c):
//!
//! - `((a AND b) AND c)` is read as `(a AND b AND c)`; `OR` is the same.
//! - `(ARRAY[x, y])::text[]` is read as `ARRAY[(x)::text, (y)::text]`.
//!
//! Nothing but that is changed. Every operator stands in parentheses of its own in what the server
//! prints without its pretty flag, so that no precedence is at stake: a list is touched only where
//! `AND` or `OR` alone joins it. A text that does not come out even stays as it is.

use crate::sql::{
    Dialect,
    printed::{Node, flat, parse, render},
};

/// The print that is stable, of an expression or a statement as the server prints it.
pub fn expression(text: &str) -> String {
    if !text.contains("((") && !text.contains("ARRAY[") {
        return text.to_owned();
    }
    match parse(Dialect::Postgres, text) {
        Some(nodes) => render(&normal(nodes)),
        None => text.to_owned(),
    }
}

/// From the inside out.
fn normal(nodes: Vec<Node<'_>>) -> Vec<Node<'_>> {
    let inner = nodes.into_iter().map(|node| node.with_inside(normal));
    flat(pushed(inner.collect()))
}

/// `(ARRAY[…])::type[]` with the cast at the elements.
fn pushed(nodes: Vec<Node<'_>>) -> Vec<Node<'_>> {
    let mut out = Vec::new();
    let mut rest = nodes.as_slice();
    while let Some((first, after)) = rest.split_first() {
        match array_cast(rest) {
            Some((array, taken)) => {
                out.extend(array);
                rest = &rest[taken..];
            }
            None => {
                out.push(first.clone());
                rest = after;
            }
        }
    }
    out
}

/// Such a cast at the beginning, with the number of nodes that it takes.
fn array_cast<'a>(nodes: &[Node<'a>]) -> Option<(Vec<Node<'a>>, usize)> {
    let [Node::Group(outer), colon, colons, rest @ ..] = nodes else {
        return None;
    };
    let is_cast = colon.is_symbol(":") && colons.is_symbol(":");
    let [array, Node::Group(elements)] = outer.inside.as_slice() else {
        return None;
    };
    let is_array = outer.open == '(' && array.is_word("ARRAY") && elements.open == '[';
    if !is_cast || !is_array || elements.inside.is_empty() {
        return None;
    }
    let named = type_name(rest)?;
    let Some(Node::Group(brackets)) = rest.get(named) else {
        return None;
    };
    if brackets.open != '[' || !brackets.inside.is_empty() {
        return None;
    }
    let type_name = &rest[..named];
    let mut elements = elements.clone();
    elements.inside = cast_elements(&elements.inside, type_name);
    let array = array.clone().after(outer.blank);
    Some((vec![array, Node::Group(elements)], 3 + named + 1))
}

/// How many nodes name a type: `character varying(5)`, `app."T"`, `timestamp(2) without time zone`.
fn type_name(nodes: &[Node<'_>]) -> Option<usize> {
    let is_part = |node: &Node<'_>| match node {
        Node::Leaf(_) => node.is_name() || node.is_symbol("."),
        Node::Group(group) => {
            group.open == '(' && !group.inside.is_empty() && group.inside.iter().all(is_modifier)
        }
    };
    let count = nodes.iter().take_while(|node| is_part(node)).count();
    (count > 0).then_some(count)
}

fn is_modifier(node: &Node<'_>) -> bool {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    matches!(node, Node::Leaf(leaf) if leaf.text == "," || is_number(leaf.text))
}

fn cast_elements<'a>(inside: &[Node<'a>], type_name: &[Node<'a>]) -> Vec<Node<'a>> {
    let mut out: Vec<Node<'a>> = Vec::new();
    let mut commas = inside.iter().filter(|node| node.is_symbol(","));
    for element in inside.split(|node| node.is_symbol(",")) {
        out.extend(cast(element, type_name));
        out.extend(commas.next().cloned());
    }
    out
}

/// One element with the cast. An array within is gone into, as the server does.
fn cast<'a>(element: &[Node<'a>], type_name: &[Node<'a>]) -> Vec<Node<'a>> {
    if let [array, Node::Group(within)] = element
        && array.is_word("ARRAY")
        && within.open == '['
        && !within.inside.is_empty()
    {
        let mut within = within.clone();
        within.inside = cast_elements(&within.inside, type_name);
        return vec![array.clone(), Node::Group(within)];
    }
    let mut typed = vec![Node::symbol(":"), Node::symbol(":")];
    typed.extend_from_slice(type_name);
    if let Some(constant) = constant(element, type_name) {
        return constant.iter().cloned().chain(typed).collect();
    }
    let Some(first) = element.first() else {
        return Vec::new();
    };
    // The line before a CASE is the CASE's own.
    let (outer, own) = match first.blank() {
        blank if blank.contains('\n') => ("", blank),
        blank => (blank, ""),
    };
    let mut inside = element.to_vec();
    inside[0] = inside[0].clone().after(own);
    std::iter::once(Node::parenthesis(outer, inside))
        .chain(typed)
        .collect()
}

/// `'a'::character varying` that is cast to a length of its own type is printed with one cast only.
fn constant<'n, 'a>(element: &'n [Node<'a>], type_name: &[Node<'a>]) -> Option<&'n [Node<'a>]> {
    let words = |nodes: &[Node<'_>]| {
        let plain = nodes.iter().filter(|node| matches!(node, Node::Leaf(_)));
        let joined: Vec<String> = plain.map(Node::text).collect();
        match joined.join(" ").as_str() {
            // Of CHAR without a length the server prints another name.
            "bpchar" => "character".to_owned(),
            name => name.to_owned(),
        }
    };
    let has_length = type_name.iter().any(|node| matches!(node, Node::Group(_)));
    let (first, rest) = element.split_first()?;
    match rest {
        [colon, colons, own @ ..] if colon.is_symbol(":") && colons.is_symbol(":") => {
            let same = type_name_is_whole(own) && words(own) == words(type_name);
            (has_length && first.is_string() && same).then_some(&element[..1])
        }
        // `1.5` is a numeric without its type's name: three leaves, as the lexer cuts it.
        [_, _] | [] => {
            let number = element.iter().map(Node::text).collect::<String>();
            let is_numeric = number.contains('.') && number.parse::<f64>().is_ok();
            (has_length && is_numeric && words(type_name) == "numeric").then_some(element)
        }
        _ => None,
    }
}

fn type_name_is_whole(nodes: &[Node<'_>]) -> bool {
    type_name(nodes) == Some(nodes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn becomes(from: &str, to: &str) {
        assert_eq!(expression(from), to);
        assert_eq!(expression(to), to, "not stable");
    }

    #[test]
    fn an_and_within_an_and_is_one_list() {
        becomes(
            "(((h >= 1) AND (h <= 24)) AND (h <> 5))",
            "((h >= 1) AND (h <= 24) AND (h <> 5))",
        );
        becomes(
            "((((i = 1) AND (b = 2)) OR ((i = 3) AND (b = 4))) OR (c AND (d AND e)))",
            "(((i = 1) AND (b = 2)) OR ((i = 3) AND (b = 4)) OR (c AND d AND e))",
        );
        becomes(
            "(NOT (((a = 1) OR (b = 2)) OR c))",
            "(NOT ((a = 1) OR (b = 2) OR c))",
        );
    }

    #[test]
    fn a_cast_of_an_array_is_a_cast_of_its_elements() {
        becomes(
            "((s)::text = ANY ((ARRAY['a'::character varying, s2, (x)::character varying])::text[]))",
            "((s)::text = ANY (ARRAY[('a'::character varying)::text, (s2)::text, ((x)::character varying)::text]))",
        );
        becomes(
            "((ARRAY[ARRAY[1, 2], ARRAY[3, f(4, 5)]])::app.\"T, x\"[] = ba)",
            "(ARRAY[ARRAY[(1)::app.\"T, x\", (2)::app.\"T, x\"], ARRAY[(3)::app.\"T, x\", (f(4, 5))::app.\"T, x\"]] = ba)",
        );
        becomes(
            "(ARRAY['a'::bpchar, NULL::bpchar])::character(3)[]",
            "ARRAY['a'::character(3), (NULL::bpchar)::character(3)]",
        );
        becomes(
            "(na <@ (ARRAY[1.5, (2)::numeric])::numeric(5,2)[])",
            "(na <@ ARRAY[1.5::numeric(5,2), ((2)::numeric)::numeric(5,2)])",
        );
        becomes(
            "((ARRAY['x'::timestamp without time zone])::timestamp(2) without time zone[])[1]",
            "(ARRAY['x'::timestamp(2) without time zone])[1]",
        );
        becomes(
            "(ARRAY[\nCASE\n    WHEN b THEN s\nEND, s])::text[]",
            "ARRAY[(\nCASE\n    WHEN b THEN s\nEND)::text, (s)::text]",
        );
    }

    #[test]
    fn what_means_something_else_stays_what_it_is() {
        for stable in [
            "((a OR b) AND c)",
            "(a OR (b AND c))",
            "((NOT (a AND b)) AND c)",
            "f((a AND b), c)",
            "((a AND b) = (c AND d))",
            "((a AND b) IS TRUE)",
            "ARRAY[]::text[]",
            "(ARRAY[a, b])::tad",
            "(ARRAY[a, b])::text",
            "((ARRAY[a, b])::tad AND (c)::text[])",
            "(ARRAY( SELECT a FROM t))::text[]",
            "(x)::text[]",
            "sum(a) OVER (ORDER BY (a) ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
            "(a = '((b AND c) AND d)'::text)",
            "(a = \"((b AND c) AND d)\")",
            "(a = E'it\\'s ((b AND c) AND d)')",
            "((a AND b) AND c",
            "((a AND b) AND c]",
        ] {
            assert_eq!(expression(stable), stable);
        }
    }
}
