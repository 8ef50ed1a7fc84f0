//! Neighbouring data statements in one transaction with their journal row: all are in or none.
//!
//! Where one of them fails the server has perhaps rolled everything back, and perhaps not, so all of
//! it is known back, those in front of the statement go again, and then it by itself: the outcome is
//! as if each had gone alone. Whoever is killed in between leaves what the journal row says.

use super::{
    Mysql, guard,
    journal::Position,
    packet::{Packet, Part},
    run::{Broken, Run},
    session,
};
use std::{ops::Range, time::Instant};

impl<'a> Run<'a> {
    /// Sends the group, or takes it back and decides how its statements go instead.
    pub async fn group(&mut self, mysql: &mut Mysql, range: Range<usize>) -> Result<(), Broken> {
        let mut packet = Packet::at(range.start);
        self.preamble(&mut packet);
        self.data(&mut packet, range.clone());
        self.probe_behind(&mut packet, range.end);
        let (entry, begun) = (self.entry, Instant::now());
        match self.send(mysql, &packet).await {
            Ok(answer) => {
                self.answered(mysql, &answer, range.end);
                self.planner.took(range.len(), begun.elapsed());
                self.done = range.end;
                Ok(())
            }
            Err(broken) => {
                // The row went with its transaction.
                self.entry = entry;
                self.take_back(mysql, range, broken).await
            }
        }
    }

    /// Data statements: the journal row and the data commit together or not at all.
    pub fn data(&self, packet: &mut Packet<'a>, range: Range<usize>) {
        let statements = self.work.statements;
        let is_guarded =
            |index: usize| matches!(self.guarded, Some((guarded, _)) if guarded == index);
        if !is_guarded(range.start)
            && let Some(guard) = guard::guard(&statements[range.clone()])
        {
            packet.add(Part::Guard, guard);
        }
        packet.add(Part::Journal, "START TRANSACTION");
        let position = Position {
            done: range.end,
            in_flight: None,
        };
        self.journal(packet, &position);
        for index in range.clone() {
            packet.at = index;
            packet.add(Part::Statement, statements[index].on_server(self.version));
        }
        if range.end == statements.len() {
            self.record(packet, Part::Statement);
            self.open_next(packet, Part::Statement);
        }
        packet.add(Part::Statement, "COMMIT");
    }

    async fn take_back(
        &mut self,
        mysql: &mut Mysql,
        range: Range<usize>,
        mut broken: Broken,
    ) -> Result<(), Broken> {
        if session::is_lost(&broken.failed.error) && broken.part == Part::Statement {
            broken.group = Some(range);
            return Err(broken);
        }
        let is_cancelled = self.work.stop.now();
        let goes_on = matches!(broken.part, Part::Statement) || broken.is_guards();
        if is_cancelled || !goes_on {
            return Err(broken);
        }
        let mut packet = Packet::at(range.start);
        packet.add(Part::Journal, "ROLLBACK");
        self.send(mysql, &packet).await?;
        if broken.is_guards() {
            self.planner.singly_until(range.end);
            return Ok(());
        }
        self.planner.without(broken.index);
        // 1205 lock wait timeout, 1213 deadlock: whoever is in the way would have to be waited for again.
        if matches!(session::code(&broken.failed.error), Some(1205 | 1213)) {
            self.postponed = Some(broken);
        }
        Ok(())
    }
}
