//! Claims: it begins with what the operator has set, and is told when it ends.
use std::cell::RefCell;
use std::collections::BTreeMap;

use cofferdam_sdk::{Failure, Level, Settings, log};
use guests::{Text, text};
use serde::Deserialize;

/// What the operator sets.
#[derive(Debug, Default, Deserialize, Settings)]
#[serde(deny_unknown_fields)]
struct Given {
    /// The word that has to be there
    word: String,
    /// How often it is said
    #[serde(default)]
    times: u8,
    manner: Option<Manner>,
    #[serde(default)]
    places: Vec<Place>,
    #[serde(default)]
    others: BTreeMap<String, bool>,
}

#[derive(Debug, Deserialize, Settings)]
#[serde(rename_all = "lowercase")]
enum Manner {
    Loud,
    Quiet,
}

#[derive(Debug, Deserialize, Settings)]
struct Place {
    host: String,
    #[serde(default)]
    port: Option<u16>,
}

#[derive(Default)]
struct Guest {
    given: RefCell<Given>,
}

#[cofferdam_sdk::plugin(manifest = "settled.toml")]
impl Guest {
    #[init]
    async fn begin(&self, given: Given) -> Result<(), String> {
        log(Level::Warn, &format!("begins with `{}`", given.word));
        match given.word.as_str() {
            "refuse" => return Err("`word` is `refuse`".to_owned()),
            "panic" => panic!("as it was told to"),
            "wait" => cofferdam_sdk::sleep(std::time::Duration::from_secs(3600)).await,
            _ => {}
        }
        self.given.replace(given);
        Ok(())
    }

    #[close]
    async fn end(&self) {
        let word = self.given.borrow().word.clone();
        log(Level::Warn, &format!("ends with `{word}`"));
        if word == "stay" {
            cofferdam_sdk::sleep(std::time::Duration::from_secs(3600)).await;
        }
    }

    /// Tells what was set.
    #[tool]
    async fn tell(&self) -> Result<Text, Failure> {
        let Given { word, times, manner, places, others } = &*self.given.borrow();
        let places: Vec<String> = places.iter().map(|place| format!("{}:{:?}", place.host, place.port)).collect();
        text(format!("{word} {times} {manner:?} {places:?} {others:?}"))
    }

    /// Tells the same word as it is read anywhere.
    #[tool]
    async fn read(&self) -> Result<String, Failure> {
        Ok(cofferdam_sdk::settings::<Given>()?.word)
    }
}
