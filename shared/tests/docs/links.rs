//! Links of the documents: files, headings, commands and rooms; and their lists of contents.

use std::collections::BTreeSet;
use std::fs;

use crate::markdown::code;
use crate::{read, root};

/// The pages: those at the root, and all in `docs`.
fn papers() -> Vec<String> {
    let at_root = ["CHANGELOG.md", "CONTRIBUTING.md", "README.md"].map(str::to_owned);
    let names = fs::read_dir(root().join("docs")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = names.filter(|name| name.ends_with(".md"));
    let pages = pages.map(|name| format!("docs/{name}"));
    at_root.into_iter().chain(pages).collect()
}

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
    let text = fs::read_to_string(&path).unwrap_or_default();
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
    for paper in papers() {
        let text = read(&paper);
        let targets = text.split("](").skip(1);
        let targets = targets.filter_map(|rest| rest.split(')').next());
        for link in targets.chain(definitions(&text).map(|(_, target)| target)) {
            assert_eq!(wrong(&paper, link), None);
            links += 1;
        }
    }
    assert!(links > 100, "{links} links found");
}

/// The names and targets of a page's reference links: `[name]: target`.
fn definitions(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter_map(|line| line.strip_prefix('[')?.split_once("]: "))
}

#[test]
fn every_reference_is_defined_and_used() {
    for paper in papers() {
        let text = read(&paper);
        let outside = text.split("```").step_by(2).collect::<String>();
        // What is in code is no link, and may look like one.
        let outside = outside.split('`').step_by(2).collect::<String>();
        let used = outside.split("][").skip(1);
        let used: BTreeSet<&str> = used.filter_map(|rest| rest.split(']').next()).collect();
        let defined: BTreeSet<&str> = definitions(&outside).map(|(name, _)| name).collect();
        assert_eq!(used, defined, "{paper}");
    }
}

/// The anchors that a page's list of contents names; none where it has no list.
fn contents(text: &str) -> Option<Vec<&str>> {
    let (_, list) = text.split_once("\n**Contents**\n")?;
    let lines = list.lines().skip(1);
    let lines = lines.take_while(|line| line.starts_with("- ") || line.starts_with("  "));
    let links = lines.flat_map(|line| line.split("](#").skip(1));
    Some(links.filter_map(|rest| rest.split(')').next()).collect())
}

#[test]
fn every_list_of_contents_is_whole() {
    let mut lists = 0;
    for paper in papers() {
        let text = read(&paper);
        let Some(listed) = contents(&text) else {
            continue;
        };
        let outside = text.split("```").step_by(2).collect::<String>();
        let headings = outside.lines().filter(|line| line.starts_with("## "));
        let headings: Vec<String> = headings.map(anchor).collect();
        let of_first_rank = |link: &&&str| headings.iter().any(|heading| heading == **link);
        let listed: Vec<&&str> = listed.iter().filter(of_first_rank).collect();
        assert_eq!(listed, headings.iter().collect::<Vec<_>>(), "{paper}");
        lists += 1;
    }
    assert!(lists > 8, "{lists} lists found");
    let page = "# A\n\n**Contents**\n\n- [B](#b): [C](#c),\n  [D](#d)\n\n[E](#e)\n";
    assert_eq!(contents(page), Some(vec!["b", "c", "d"]));
    assert_eq!(contents("# A\n"), None);
}

#[test]
fn every_command_is_in_the_makefile() {
    let makefile = read("Makefile");
    let mut commands = 0;
    for paper in papers() {
        let text = read(&paper);
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
