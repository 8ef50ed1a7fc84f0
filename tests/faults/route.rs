//! The way that an undisturbed run takes, packet by packet, and the points of it that are struck.

use crate::{
    breaker::Seen,
    spot::{Moment, Point, Spot, asks},
    wire::Way,
};

/// A spot, and what the run was about there.
#[derive(Debug, Clone)]
pub struct Stop {
    pub spot: Spot,
    pub stage: Stage,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Login, looking, lock, record.
    Before,
    /// The same of a run that resumes, and what it decides.
    Resuming,
    /// The statement with that number, counted over all files, and its first words.
    Statement(usize, String),
    /// The last record, looking again, the end of the session.
    After,
}

impl Stage {
    /// While the statement with that number is under way, from 1.
    pub fn of(number: usize, statement: &str) -> Stage {
        let words: Vec<_> = statement.split_whitespace().take(5).collect();
        Stage::Statement(number, words.join(" "))
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Stage::Before => "before the first statement".to_owned(),
            Stage::Resuming => "one of the first packets when resuming".to_owned(),
            Stage::Statement(number, words) => format!("{number:>2} {words}"),
            Stage::After => "after the last statement".to_owned(),
        }
    }
}

/// Every point at which something differs: before and after each packet of the client's, before
/// each of the server's. After a packet of the server's is before the next one, but for the last.
pub fn route(seen: &[Seen], statements: &[String]) -> Vec<Stop> {
    let mut stops = Vec::new();
    let mut stage = Stage::Before;
    let mut next = 0;
    for (index, packet) in seen.iter().enumerate() {
        if packet.way == Way::ToServer {
            stage = staged(stage, &mut next, &packet.text, statements);
        }
        let last = seen[index + 1..]
            .iter()
            .all(|later| (later.connection, later.way) != (packet.connection, packet.way));
        let mut moments = vec![Moment::Before];
        if packet.way == Way::ToServer || last {
            moments.push(Moment::After);
        }
        for moment in moments {
            let (connection, way, packet) = (packet.connection, packet.way, packet.packet);
            let point = Point {
                connection,
                way,
                packet,
                moment,
            };
            stops.push(Stop {
                spot: Spot::At(point),
                stage: stage.clone(),
            });
        }
    }
    stops
}

/// The stage once the client has asked `text`.
fn staged(stage: Stage, next: &mut usize, text: &str, statements: &[String]) -> Stage {
    let first = *next;
    // Neighbouring data statements share a packet.
    while let Some(statement) = statements.get(*next)
        && asks(text, statement)
    {
        *next += 1;
    }
    match statements.get(*next) {
        _ if *next > first => Stage::of(*next, &statements[*next - 1]),
        // Behind the last statement its own record comes, then everything else.
        None if text.contains("refinery_schema_history") || text == "quit" => Stage::After,
        _ => stage,
    }
}

/// At most `count` of them: three quarters while a statement is under way, the rest around the
/// statements, where most packets are rows that are read. Evenly spaced, first and last included.
pub fn sample(stops: &[Stop], count: usize, offset: usize) -> Vec<Stop> {
    if stops.len() <= count {
        return stops.to_vec();
    }
    let (under_way, around): (Vec<Stop>, Vec<Stop>) = stops
        .iter()
        .cloned()
        .partition(|stop| matches!(stop.stage, Stage::Statement(..)));
    let mut chosen = spaced(&under_way, count * 3 / 4, offset);
    chosen.extend(spaced(&around, count - chosen.len(), offset));
    chosen
}

fn spaced(stops: &[Stop], count: usize, offset: usize) -> Vec<Stop> {
    if stops.len() <= count || count < 2 {
        return stops.iter().take(count).cloned().collect();
    }
    let step = (stops.len() - 1) as f64 / (count - 1) as f64;
    let within = offset % (step as usize).max(1);
    (0..count)
        .map(|index| {
            let inner = index > 0 && index < count - 1;
            let at = (index as f64 * step) as usize + if inner { within } else { 0 };
            stops[at.min(stops.len() - 1)].clone()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(way: Way, packet: usize, text: &str) -> Seen {
        Seen {
            connection: 0,
            way,
            packet,
            text: text.to_owned(),
        }
    }

    #[test]
    fn every_packet_is_struck_and_named_after_the_statement_under_way() {
        let statements = ["CREATE TABLE a (id int)".to_owned()];
        let packets = [
            seen(Way::ToClient, 0, ""),
            seen(Way::ToServer, 0, "login"),
            seen(Way::ToServer, 1, "UPDATE x\n;CREATE TABLE a (id int)"),
            seen(Way::ToClient, 1, ""),
            seen(Way::ToServer, 2, "quit"),
        ];
        let stops = route(&packets, &statements);
        let count = |stage: &Stage| stops.iter().filter(|stop| stop.stage == *stage).count();
        assert_eq!(count(&Stage::Before), 3);
        assert_eq!(
            count(&Stage::Statement(1, "CREATE TABLE a (id int)".to_owned())),
            4
        );
        assert_eq!(count(&Stage::After), 2);
    }

    #[test]
    fn a_sample_keeps_the_first_and_the_last_point() {
        let packets: Vec<_> = (0..50)
            .map(|packet| seen(Way::ToServer, packet, ""))
            .collect();
        let stops = route(&packets, &[]);
        for offset in 0..9 {
            let some = sample(&stops, 7, offset);
            assert_eq!(some.len(), 7);
            assert_eq!(some[0].spot, stops[0].spot);
            assert_eq!(some[6].spot, stops[99].spot);
        }
    }
}
