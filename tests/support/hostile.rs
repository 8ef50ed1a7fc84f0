//! Settings of a server at values that hurt: given all at once, and one by one only where something
//! goes wrong, to name the culprit.

use super::Sgmp;
use std::{collections::BTreeMap, fmt};

/// A setting at a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    pub name: String,
    pub value: String,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name, self.value)
    }
}

/// A server whose settings can be changed, and the databases on it that everything is tried on.
pub trait World {
    /// Tries every command under these settings. The error is what went differently from usual.
    fn check(&mut self, settings: &[Setting]) -> impl Future<Output = Result<(), String>>;
}

/// What goes wrong, by setting: halves of a batch that fails are tried on their own.
pub async fn culprits(world: &mut impl World, settings: &[Setting]) -> Vec<(Setting, String)> {
    let mut culprits = Vec::new();
    let mut batches = vec![settings.to_vec()];
    while let Some(batch) = batches.pop() {
        if batch.is_empty() {
            continue;
        }
        let Err(why) = world.check(&batch).await else {
            continue;
        };
        println!(
            "{} settings ({} …): {}",
            batch.len(),
            batch[0],
            why.lines().take(12).collect::<Vec<_>>().join(" / ")
        );
        if let [one] = batch.as_slice() {
            culprits.push((one.clone(), why));
            continue;
        }
        let (left, right) = batch.split_at(batch.len() / 2);
        batches.extend([left.to_vec(), right.to_vec()]);
    }
    culprits
}

/// The values in rounds: each setting once in a round, and every value in one.
pub fn rounds(values: &BTreeMap<String, Vec<String>>) -> Vec<Vec<Setting>> {
    let most = values.values().map(Vec::len).max().unwrap_or(0);
    (0..most)
        .map(|round| {
            values
                .iter()
                .filter_map(|(name, values)| {
                    Some(Setting {
                        name: name.clone(),
                        value: values.get(round)?.clone(),
                    })
                })
                .collect()
        })
        .collect()
}

/// Every setting at every value on its own: `SGMP_DB_TEST_SETTINGS=each`.
pub fn is_each() -> bool {
    std::env::var("SGMP_DB_TEST_SETTINGS").is_ok_and(|value| value == "each")
}

/// Runs the rounds; fails with every setting that changed something and is not refused as it should.
pub async fn walk(
    world: &mut impl World,
    values: &BTreeMap<String, Vec<String>>,
    refused: &[(&str, &str)],
) {
    world
        .check(&[])
        .await
        .expect("nothing goes wrong by itself");
    let refused: BTreeMap<&str, &str> = refused.iter().copied().collect();
    let (alone, together): (BTreeMap<_, _>, BTreeMap<_, _>) = values
        .clone()
        .into_iter()
        .partition(|(name, _)| refused.contains_key(name.as_str()) || is_each());
    let singly = alone.iter().flat_map(|(name, values)| {
        values.iter().map(|value| {
            vec![Setting {
                name: name.clone(),
                value: value.clone(),
            }]
        })
    });
    let mut wrong = Vec::new();
    for round in rounds(&together).into_iter().chain(singly) {
        for (setting, why) in culprits(world, &round).await {
            let is_told = refused
                .get(setting.name.as_str())
                .is_some_and(|words| why.contains(words) && why.contains("hint: "));
            if !is_told {
                wrong.push(format!("{setting}\n{why}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// One call that must end so.
pub async fn expect(sgmp: &Sgmp, arguments: &[&str], code: i32) -> Result<(), String> {
    let run = sgmp.run(arguments).await;
    if run.code == Some(code) {
        return Ok(());
    }
    Err(format!(
        "{} ended with {:?}, not {code}:\n{}",
        arguments.join(" "),
        run.code,
        run.all()
    ))
}
