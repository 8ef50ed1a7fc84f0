//! Reading `policies.yaml`: everything that is wrong in it, with file and line, before a server is asked.

use super::{
    Policies, Section, TableName, Unmanaged, Wishes,
    overlay::{Overlay, member, no_such_environment},
    values::Values,
};
use crate::{
    outcome::Failure,
    yaml::{Document, Yaml, nearest},
};

const TOP: [&str; 4] = [
    "unmanaged",
    "hypertables",
    "continuous_aggregates",
    "environments",
];
const HYPERTABLE: [&str; 3] = ["chunk_interval", "retention", "compression"];
const AGGREGATE: [&str; 3] = ["refresh", "retention", "compression"];

impl Policies {
    /// Reads the text, with the values of `environment` over the common ones.
    ///
    /// # Errors
    /// Everything that is wrong, in every environment, with file and line (exit 2).
    pub fn parse(
        text: &str,
        file: &str,
        environment: Option<&str>,
    ) -> Result<Policies, Vec<Failure>> {
        let document = Document::parse(text, file).map_err(|failure| vec![failure])?;
        let (common, mut wrong) = read(&Overlay::common(&document), file);
        if let Some(yaml) = member(&document.root, "environments")
            && yaml.entries().is_none()
        {
            let words = format!("environments must hold names, not {}", yaml.kind());
            wrong.push(document.wrong(&["environments"], words));
        }
        let mut chosen = environment.is_none().then_some(common);
        for (name, overlay) in Overlay::environments(&document) {
            let (policies, of_environment) = read(&overlay, file);
            wrong.extend(of_environment);
            if environment == Some(name) {
                chosen = Some(policies);
            }
        }
        if let (Some(wanted), None) = (environment, &chosen) {
            wrong.push(no_such_environment(&document, wanted));
        }
        // What is wrong in the common values shows again in every environment.
        let mut told: Vec<Failure> = Vec::new();
        for failure in wrong {
            let same = |one: &Failure| one.message == failure.message && one.line == failure.line;
            if !told.iter().any(same) {
                told.push(failure);
            }
        }
        match chosen {
            Some(policies) if told.is_empty() => Ok(policies),
            _ => Err(told),
        }
    }
}

fn read(overlay: &Overlay<'_>, file: &str) -> (Policies, Vec<Failure>) {
    let mut reader = Reader {
        overlay,
        wrong: Vec::new(),
        policies: Policies {
            file: file.to_owned(),
            ..Policies::default()
        },
    };
    reader.top();
    (reader.policies, reader.wrong)
}

/// One pass over the tree.
pub struct Reader<'o, 'd> {
    pub overlay: &'o Overlay<'d>,
    pub wrong: Vec<Failure>,
    policies: Policies,
}

impl<'o> Reader<'o, '_> {
    fn top(&mut self) {
        let overlay = self.overlay;
        for (key, value) in self.map(&overlay.root, &[]) {
            let at = [key.as_str()];
            match key.as_str() {
                "unmanaged" => self.unmanaged(value, &at),
                "hypertables" => self.section(value, &at, Section::Hypertables),
                "continuous_aggregates" => self.section(value, &at, Section::Aggregates),
                _ => self.unknown(&at, &TOP),
            }
        }
    }

    fn unmanaged(&mut self, value: &Yaml, at: &[&str]) {
        self.policies.unmanaged = match value.scalar().as_deref() {
            Some("report") => Unmanaged::Report,
            Some("fail") => Unmanaged::Fail,
            Some("remove") => Unmanaged::Remove,
            _ => return self.say(at, "unmanaged must be report, fail or remove"),
        };
    }

    fn section(&mut self, yaml: &'o Yaml, path: &[&str], section: Section) {
        for (name, value) in self.map(yaml, path) {
            let at = [path, &[name.as_str()]].concat();
            let table = TableName::parse(name);
            let wishes = self.table(value, &at, section);
            if self.policies.tables.insert(table, wishes).is_some() {
                self.say(&at, &format!("{name} is there twice"));
            }
        }
    }

    fn table(&mut self, yaml: &'o Yaml, path: &[&str], section: Section) -> Wishes {
        let mut wishes = Wishes::new(section);
        wishes.line = self.overlay.line(path);
        let known = match section {
            Section::Hypertables => &HYPERTABLE,
            Section::Aggregates => &AGGREGATE,
        };
        for (key, value) in self.map(yaml, path) {
            let at = [path, &[key.as_str()]].concat();
            let Some(known) = known.iter().find(|known| *known == key) else {
                self.unknown(&at, known);
                continue;
            };
            if let Some(line) = self.overlay.line(&at) {
                wishes.lines.insert(known, line);
            }
            match *known {
                "chunk_interval" => wishes.chunk_interval = self.span(value, &at),
                "retention" => wishes.retention = self.retention(value, &at),
                "compression" => wishes.compression = self.compression(value, &at),
                _ => wishes.refresh = self.refresh(value, &at),
            }
        }
        wishes
    }

    /// The entries of a map; anything else is told.
    pub fn map<'y>(&mut self, yaml: &'y Yaml, path: &[&str]) -> &'y [(String, Yaml)] {
        yaml.entries().unwrap_or_else(|| {
            let name = path.last().copied().unwrap_or("the file");
            self.say(
                path,
                &format!("{name} must hold keys and values, not {}", yaml.kind()),
            );
            &[]
        })
    }

    /// Tells of a key that is not known, with the one that may be meant.
    pub fn unknown(&mut self, path: &[&str], known: &[&str]) {
        let key = path.last().copied().unwrap_or_default();
        let failure = self
            .overlay
            .wrong(path, format!("there is no key {key} here"));
        self.wrong.push(match nearest(key, known.iter().copied()) {
            Some(near) => failure.remedy(format!("perhaps {near} is meant")),
            None => failure.remedy(format!("the keys here are {}", known.join(", "))),
        });
    }

    /// Tells what is wrong at that path.
    pub fn say(&mut self, path: &[&str], message: &str) {
        self.wrong.push(self.overlay.wrong(path, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Compression, Retention, Span};

    const TEXT: &str = "unmanaged: fail\nhypertables:\n  house_data:\n    chunk_interval: 7 days\n    retention: { drop_after: 1 month }\n    \
        compression: { after: 7 days, segment_by: [house_id, device_name], order_by: [timestamp desc] }\n  other.events:\n    retention: none\n\
        continuous_aggregates:\n  hourly:\n    refresh: [{ start_offset: none, end_offset: 1 hour, every: 1 hour }]\n\
        environments:\n  staging:\n    hypertables:\n      house_data:\n        retention: { drop_created_before: 7 days }\n        compression: { after: 3 days }\n";

    #[test]
    fn an_environment_overrides_single_values() {
        let policies = |environment| Policies::parse(TEXT, "p.yaml", environment).unwrap();
        let of = |policies: &Policies| policies.tables[&TableName::parse("house_data")].clone();
        let (common, staging) = (policies(None), policies(Some("staging")));
        let words = |policies| of(policies).retention.unwrap().to_string();
        assert_eq!(words(&common), "1 month");
        assert_eq!(words(&staging), "7 days after its creation");
        let Some(Compression::On(columnstore)) = of(&staging).compression else {
            panic!("{staging:?}");
        };
        assert_eq!(columnstore.after, Span::parse("3 days").unwrap());
        assert_eq!(columnstore.segment_by.unwrap().len(), 2);
        assert_eq!(
            of(&staging).chunk_interval,
            Span::parse("168 hours").and(Span::parse("7 days"))
        );
        assert_eq!(staging.unmanaged, Unmanaged::Fail);
        // The line of the value in force.
        assert_eq!(of(&common).line_of("retention"), Some(5));
        assert_eq!(of(&staging).line_of("retention"), Some(16));
        let events = &common.tables[&TableName::parse("other.events")];
        assert_eq!(events.retention, Some(Retention::None));
        let failure = &Policies::parse(TEXT, "p.yaml", Some("stagin")).unwrap_err()[0];
        assert!(
            failure.message.contains("stagin") && failure.line == Some(12),
            "{failure:?}"
        );
        assert!(failure.remedy.as_deref().unwrap().contains("--env staging"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let lines = |text: &str| {
            let wrong = Policies::parse(text, "p.yaml", None).unwrap_err();
            wrong.iter().map(|failure| failure.line).collect::<Vec<_>>()
        };
        let table = |value: &str| lines(&format!("hypertables:\n  a:\n    {value}\n"));
        let aggregate =
            |value: &str| lines(&format!("continuous_aggregates:\n  a:\n    {value}\n"));
        assert_eq!(lines("hypertable:\n  a: {}\n"), [Some(1)]);
        assert_eq!(
            lines("unmanaged: maybe\nhypertables: [a]\n"),
            [Some(1), Some(2)]
        );
        assert_eq!(lines("hypertables:\n  a: {}\n  a: {}\n"), [Some(3)]);
        for wrong in [
            "retension: none",
            "retention: { drop_after: soon }",
            "retention: { drop_after: 0 days }",
            "retention: { drop_after: 1 day, drop_created_before: 1 day }",
            "retention: {}",
            "chunk_interval: never",
            "compression: {}",
            "compression: { after: 7 days, segmentby: [a] }",
            "compression: { after: 7 days, order_by: [a down] }",
            "compression: { after: 7 days, segment_by: [a, a] }",
            "refresh: []",
        ] {
            assert_eq!(table(wrong), [Some(3)], "{wrong}");
        }
        for wrong in [
            "chunk_interval: 1 day",
            "refresh: often",
            "refresh: [{ start_offset: 1 day, end_offset: 1 hour }]",
            "refresh: [{ start_offset: 1 hour, end_offset: 1 day, every: 1 hour }]",
            "refresh: [{ start_offset: none, end_offset: 1 day, every: 1 hour }, { start_offset: 2 days, end_offset: 1 hour, every: 1 hour }]",
        ] {
            assert_eq!(aggregate(wrong), [Some(3)], "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_in_an_environment_that_is_not_asked_for_is_told_too() {
        let text = "hypertables: {}\nenvironments:\n  staging:\n    hypertables: { a: { retention: { drop_after: soon } } }\n";
        let wrong = Policies::parse(text, "p.yaml", None).unwrap_err();
        assert_eq!((wrong.len(), wrong[0].line), (1, Some(4)));
    }
}
