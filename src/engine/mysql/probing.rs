//! What does a statement find? Asked at the end of the packet before it, and only where it is not known.

use super::{
    Mysql,
    effect::{Effect, effect},
    evidence,
    packet::{Answer, Packet, Part},
    preamble::PINNED,
    run::{Broken, Run},
};
use crate::sql::Commits;

impl Run<'_> {
    /// Asks what comes next: the statement with that index, or the script that follows.
    pub fn probe_behind<'t>(&self, packet: &mut Packet<'t>, next: usize)
    where
        Self: 't,
    {
        if next == self.work.statements.len() {
            self.probe_next(packet);
        } else {
            self.probe(packet, next);
        }
    }

    /// Keeps the answer to that.
    pub fn answered(&mut self, mysql: &mut Mysql, answer: &Answer, next: usize) {
        if next == self.work.statements.len() {
            self.ended(mysql, answer);
        } else {
            self.keep(answer, next);
        }
    }

    /// What a statement finds: as asked before, else asked now in a turn of its own.
    pub async fn evidence(
        &mut self,
        mysql: &mut Mysql,
        index: usize,
    ) -> Result<Option<String>, Broken> {
        if let Some((_, found)) = self.probed.take().filter(|(probed, _)| *probed == index) {
            return Ok(found);
        }
        let mut packet = Packet::at(index);
        packet.add(Part::Journal, PINNED.as_str());
        if !self.probe(&mut packet, index) {
            return Ok(None);
        }
        let answer = self.send(mysql, &packet).await?;
        self.keep(&answer, index);
        Ok(self.probed.take().and_then(|(_, found)| found))
    }

    /// What the statement finds, where that need not be asked.
    pub fn known(&self, index: usize) -> Option<String> {
        match effect(&self.work.statements[index]) {
            Effect::Seen(seen) => self.known.absent(&seen).map(|known| known.to_text()),
            Effect::Repeatable | Effect::Hidden(_) => None,
        }
    }

    /// Asks what the statement finds; false where nothing needs to be asked.
    fn probe(&self, packet: &mut Packet<'_>, index: usize) -> bool {
        let statement = &self.work.statements[index];
        let commits = statement.facts.commits;
        if !matches!(commits, Commits::ImplicitCommit | Commits::Control)
            || self.known(index).is_some()
        {
            return false;
        }
        let probes = evidence::probes(&effect(statement));
        let any = !probes.is_empty();
        for probe in probes {
            packet.add(Part::Probe, probe);
        }
        any
    }

    fn keep(&mut self, answer: &Answer, index: usize) {
        let found = match effect(&self.work.statements[index]) {
            Effect::Seen(seen) => evidence::read(&seen, &answer.probes),
            Effect::Repeatable | Effect::Hidden(_) => None,
        };
        self.probed = Some((index, found.map(|found| found.to_text())));
    }
}
