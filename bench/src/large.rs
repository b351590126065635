//! The starts of a large deployment, with its settings in files.

use std::path::PathBuf;

use mint::Key;
use tests::{Settings, many_agents, many_issuers};

use crate::Ratio;
use crate::measure::{init, median, millis, settings};

const AGENTS: usize = 200;
const ISSUERS: usize = 30;

/// From the start of the process to its first poll, of one function.
#[derive(Clone, Copy, Debug)]
pub struct LargeStart {
    /// Milliseconds, with 200 agents and 30 issuers from files
    pub large: f64,
    /// In starts with two agents and one issuer from variables
    pub ratio: Ratio,
}

/// Starts the authorizer and the proxy so many times with each of both settings, in turn.
pub async fn large_starts(rounds: usize) -> [LargeStart; 2] {
    let key = Key::rsa("one");
    let files = files(&key);
    let with = |settings: Settings, (name, path): &(&str, PathBuf)| {
        settings.with(name, &format!("file:{}", path.display()))
    };
    let large = files.iter().fold(Settings::none(), with);
    let small = settings(&key);
    let (mut times, mut ratios) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for _ in 0..rounds {
        for (place, name) in ["authorizer", "proxy"].into_iter().enumerate() {
            let least = init(name, small.clone()).await;
            let most = init(name, large.clone()).await;
            times[place].push(millis(most));
            ratios[place].push(most.div_duration_f64(least));
        }
    }
    for (_, path) in &files {
        std::fs::remove_file(path).unwrap();
    }
    let mut ratios = ratios.into_iter().map(median);
    times.map(|times| LargeStart {
        large: median(times),
        ratio: ratios.next().unwrap(),
    })
}

/// Writes both documents; their variables and paths.
fn files(key: &Key) -> [(&'static str, PathBuf); 2] {
    // Every issuer has its keys in place: a network would be measured instead.
    let mut issuers = many_issuers(key, &[String::new()], ISSUERS);
    for issuer in issuers.as_array_mut().unwrap() {
        issuer.as_object_mut().unwrap().remove("jwksUri");
        issuer["jwks"] = mint::key_document(&[key]);
    }
    let documents = [
        ("AGENTS", many_agents(AGENTS)),
        ("TRUSTED_ISSUERS", issuers),
    ];
    documents.map(|(name, document)| {
        let text = serde_json::to_string_pretty(&document).unwrap();
        let file = format!("gatehouse-bench-{}-{name}.json", std::process::id());
        let path = std::env::temp_dir().join(file);
        std::fs::write(&path, text).unwrap();
        (name, path)
    })
}
