//! One attribute of an object, the states it can have, and what a step from one to another is called.

use sgmp_db::schema::{Change as Direction, Class, ObjectDifference, Scope};

/// One attribute and its states.
pub struct Attribute {
    pub kind: &'static str,
    pub what: &'static str,
    /// Makes the objects, in the first state. `{t}` is a name of this attribute's own.
    pub setup: &'static str,
    /// Leads from any state to state `{v}`; empty where the state is a statement itself.
    pub turn: &'static str,
    /// A state that begins with `~` is the attribute's absence.
    pub states: &'static [&'static str],
    /// Each `object [path]`. Where presence is not told by `~`: `-` before what is missing after
    /// the step from the first state to the second, `+` before what is unexpected.
    pub expect: &'static [&'static str],
}

impl Attribute {
    /// The text with the names of this attribute's own.
    pub fn fill(&self, text: &str, own: &str) -> String {
        text.replace("{t}", own)
    }

    /// The statements that lead to a state.
    pub fn statements(&self, state: usize, own: &str) -> String {
        let state = self.states[state].trim_start_matches('~');
        let text = if self.turn.is_empty() {
            state.to_owned()
        } else {
            self.turn.replace("{v}", state)
        };
        self.fill(&text, own)
    }

    /// Pairs of states to step between: every pair of up to four, else each with its neighbour.
    pub fn pairs(&self) -> Vec<(usize, usize)> {
        let count = self.states.len();
        if count > 4 {
            return (0..count).map(|from| (from, (from + 1) % count)).collect();
        }
        (0..count)
            .flat_map(|from| (from + 1..count).map(move |to| (from, to)))
            .collect()
    }

    /// What a step is called, each line as `told` writes it, in order.
    pub fn expected(&self, from: usize, to: usize, own: &str) -> Vec<String> {
        let absent = |state: usize| self.states[state].starts_with('~');
        let presence = match (absent(from), absent(to)) {
            (false, true) => "missing",
            (true, false) => "unexpected",
            _ => "changed",
        };
        let mut lines: Vec<String> = self
            .expect
            .iter()
            .map(|line| {
                let (word, rest) = match (line.strip_prefix('-'), line.strip_prefix('+')) {
                    (Some(rest), _) => (if from < to { "missing" } else { "unexpected" }, rest),
                    (_, Some(rest)) => (if from < to { "unexpected" } else { "missing" }, rest),
                    _ => (presence, line.strip_prefix('=').unwrap_or(line)),
                };
                let word = if line.starts_with('=') {
                    "changed"
                } else {
                    word
                };
                format!("{word} {}", self.fill(rest, own))
            })
            .collect();
        lines.sort();
        lines
    }
}

/// Differences as lines: one per path, or one for an object as a whole.
pub fn told(differences: &[ObjectDifference]) -> Vec<String> {
    let word = |direction: Direction| match direction {
        Direction::Missing => "missing",
        Direction::Unexpected => "unexpected",
        Direction::Changed => "changed",
    };
    let mut lines = Vec::new();
    for one in differences {
        if one.paths.is_empty() {
            lines.push(format!("{} {}", word(one.change()), one.key));
        }
        for path in &one.paths {
            lines.push(format!("{} {} {}", word(path.change), one.key, path.path));
        }
    }
    lines.sort();
    lines
}

/// Everything that can be compared.
pub fn everything() -> Scope {
    Scope {
        include: [Class::Comments, Class::Definers, Class::Grants].into(),
        same_major: true,
    }
}
