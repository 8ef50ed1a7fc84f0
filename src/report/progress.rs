//! What happens while it runs: bars on a terminal, one line per migration elsewhere; always on stderr.

use super::{Screen, Shown};
use crate::{migrate::Event, target::Target};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{cell::RefCell, collections::BTreeMap, io::IsTerminal, time::Duration};

/// Shows events.
pub struct Progress {
    bars: Option<MultiProgress>,
    open: RefCell<BTreeMap<Target, ProgressBar>>,
}

impl Progress {
    /// For stderr: bars where it is a terminal.
    pub fn new() -> Progress {
        let terminal = std::io::stderr().is_terminal();
        let bars = terminal.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Progress {
            bars,
            open: RefCell::default(),
        }
    }

    /// Shows one event.
    pub fn show(&self, event: &Event<'_>) {
        if let Some(bars) = &self.bars {
            self.draw(bars, event);
        }
        if let Some(line) = line(event, self.bars.is_some()) {
            match &self.bars {
                // A terminal that is gone takes no progress; the result goes to stdout all the same.
                Some(bars) => drop(bars.println(Shown::line(line).as_str())),
                None => drop(Screen::new(&mut std::io::stderr()).put(&Shown::line(line))),
            }
        }
    }

    fn draw(&self, bars: &MultiProgress, event: &Event<'_>) {
        let mut open = self.open.borrow_mut();
        match event {
            Event::Started {
                target,
                file,
                from,
                statements,
            } => {
                let bar =
                    bars.add(ProgressBar::new(*statements as u64).with_position(*from as u64));
                if let Ok(style) = ProgressStyle::with_template(
                    "{prefix:<10} {bar:24} {pos}/{len} {elapsed} {msg}",
                ) {
                    bar.set_style(style);
                }
                bar.set_prefix(target.name());
                bar.set_message(Shown::line(file).as_str().to_owned());
                bar.enable_steady_tick(Duration::from_millis(200));
                open.insert(*target, bar);
            }
            Event::Statement { target, done, .. } => {
                if let Some(bar) = open.get(target) {
                    bar.set_position(*done as u64);
                }
            }
            Event::Finished { target, .. } | Event::Failed { target, .. } => {
                if let Some(bar) = open.remove(target) {
                    bar.finish_and_clear();
                }
            }
            _ => {}
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Progress::new()
    }
}

fn line(event: &Event<'_>, bars: bool) -> Option<String> {
    Some(match event {
        Event::Unreachable { target, why } => format!("{target}: waiting for the server: {why}"),
        Event::Waiting { target, holder } => {
            format!("{target}: waiting for the lock held by {holder}")
        }
        Event::Retrying {
            target,
            file,
            why,
            seconds,
        } => {
            format!("{target}: {file}: {why}; trying again in {seconds} s")
        }
        Event::Busy {
            target,
            file,
            statement,
            seconds,
            doing,
        } => {
            let what = match (file, statement) {
                (Some(file), Some(number)) => format!("{file}: statement {number}"),
                _ => "the record of the migrations".to_owned(),
            };
            format!("{target}: {what} has been running for {seconds} s; the server says: {doing}")
        }
        Event::Created { target, database } => format!("{target}: database {database} created"),
        Event::Started {
            target, file, from, ..
        } if !bars && *from > 0 => {
            format!("{target}: {file}: going on after statement {from}")
        }
        Event::Finished {
            target,
            file,
            statements,
            milliseconds,
        } => {
            let many = if *statements == 1 { "" } else { "s" };
            format!("{target}: {file}: {statements} statement{many} in {milliseconds} ms")
        }
        Event::Failed { target, file } => format!("{target}: {file}: failed"),
        Event::Started { .. } | Event::Statement { .. } => return None,
    })
}
