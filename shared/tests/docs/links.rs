//! What the documents point to: files, headings, commands and rooms.

use crate::markdown::code;
use crate::{read, root};

const PAPERS: [&str; 13] = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "docs/alternatives.md",
    "docs/architecture.md",
    "docs/deploy.md",
    "docs/errors.md",
    "docs/identity.md",
    "docs/local.md",
    "docs/operations.md",
    "docs/policy.md",
    "docs/settings.md",
    "docs/threats.md",
];

/// The heading's name in an address: lower case, spaces as hyphens, other signs left out.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.collect::<String>().replace(' ', "-")
}

/// What is wrong with a link, if anything; addresses elsewhere are not looked at.
fn wrong(paper: &str, link: &str) -> Option<String> {
    if link.starts_with("https://") {
        return None;
    }
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let folder = root().join(paper);
    let path = folder.parent()?.join(file);
    let path = if file.is_empty() { folder } else { path };
    let is_there = path.exists();
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let has_heading = heading.is_empty()
        || text
            .lines()
            .any(|line| line.starts_with('#') && anchor(line) == heading);
    (!is_there || !has_heading).then(|| format!("{paper} links to `{link}`"))
}

#[test]
fn every_link_leads_somewhere() {
    assert!(wrong("README.md", "docs/nothing.md").is_some());
    assert!(wrong("README.md", "docs/errors.md#nothing").is_some());
    assert_eq!(wrong("docs/errors.md", "settings.md#trusted_issuers"), None);
    let mut links = 0;
    for paper in PAPERS {
        let text = read(paper);
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            assert_eq!(wrong(paper, link), None);
            links += 1;
        }
    }
    assert!(links > 5, "{links} links found");
}

#[test]
fn every_command_is_in_the_makefile() {
    let makefile = read("Makefile");
    let mut commands = 0;
    for paper in PAPERS {
        let text = read(paper);
        let indented = text.lines().filter(|line| line.starts_with("make "));
        let quoted = code(&text)
            .into_iter()
            .filter(|command| command.starts_with("make "));
        for command in indented.chain(quoted) {
            let target = command.split_whitespace().nth(1).unwrap_or_default();
            assert!(
                makefile.contains(&format!("\n{target}:")),
                "{paper}: `{command}`"
            );
            commands += 1;
        }
    }
    assert!(commands > 5, "{commands} commands found");
}

#[test]
fn every_room_is_on_the_map() {
    let manifest = read("Cargo.toml");
    let (_, members) = manifest.split_once("\nmembers = [").unwrap();
    let (members, _) = members.split_once(']').unwrap();
    let map = read("CONTRIBUTING.md");
    for room in members.split('"').skip(1).step_by(2) {
        assert!(map.contains(&format!("\n| `{room}` |")), "{room}");
    }
}
