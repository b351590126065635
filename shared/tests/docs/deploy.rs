//! `docs/deploy.md` and `docs/operations.md` against the templates, the Makefile and the lines of the log.

use std::collections::BTreeSet;

use crate::markdown::{blocks, code, rows, section};
use crate::read;

const DEPLOY: &str = "docs/deploy.md";
const OPERATIONS: &str = "docs/operations.md";
const TEMPLATE: &str = "template.yaml";
const NESTED: [&str; 5] = [
    "stacks/archive.yaml",
    "stacks/console.yaml",
    "stacks/locks.yaml",
    "stacks/monitoring.yaml",
    "stacks/users.yaml",
];

/// Words of the papers that look like names of the template and are other things' names.
const OTHERS: [&str; 6] = [
    "AccessDeniedException",
    "LambdaVersion",
    "NoCurrentKey",
    "NotStored",
    "ResponseTransferMode",
    "WWW-Authenticate",
];

/// The names directly below a section of a template.
fn names(template: &str, section: &str) -> BTreeSet<String> {
    let (_, below) = template.split_once(&format!("\n{section}:\n")).unwrap();
    let is_inside = |line: &&str| line.is_empty() || line.starts_with([' ', '#']);
    let lines = below.lines().take_while(is_inside);
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    names.filter(is_name).map(str::to_owned).collect()
}

/// The names in the first column of the tables below a heading.
fn documented(paper: &str, heading: &str) -> BTreeSet<String> {
    let rows = rows(section(paper, heading));
    let names = rows.iter().flat_map(|row| code(row[0]));
    names.map(str::to_owned).collect()
}

/// Whether a text is two words or more, each with a capital, as the templates' names are and little else is.
fn is_compound(text: &str) -> bool {
    let capitals = text.bytes().filter(u8::is_ascii_uppercase).count();
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain
        && capitals > 1
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// The names that a paper uses as if the templates had them: compounds in code, and what commands give a value to.
fn used(paper: &str) -> BTreeSet<String> {
    let outside = paper.split("```").step_by(2).collect::<String>();
    let quoted = code(&outside).into_iter();
    let quoted = quoted.filter_map(|text| text.split(['=', ' ']).next());
    let commands = blocks(paper, "sh").join("\n");
    let words = commands.split_whitespace();
    let given = words.filter_map(|word| Some(word.split_once('=')?.0));
    let names = quoted.chain(given).filter(|name| is_compound(name));
    names.map(str::to_owned).collect()
}

/// Everything that has a name in the templates.
fn known() -> BTreeSet<String> {
    let template = read(TEMPLATE);
    let mut known = BTreeSet::new();
    for section in ["Parameters", "Outputs", "Resources"] {
        known.extend(names(&template, section));
    }
    for nested in NESTED {
        known.extend(names(&read(nested), "Resources"));
    }
    known.extend(OTHERS.map(str::to_owned));
    known
}

#[test]
fn every_parameter_and_output_is_explained_and_no_other() {
    let (paper, template) = (read(DEPLOY), read(TEMPLATE));
    for section in ["Parameters", "Outputs"] {
        let (documented, names) = (
            documented(&paper, &format!("## {section}")),
            names(&template, section),
        );
        assert_eq!(documented, names, "{section}");
        assert!(names.len() > 10, "{names:?}");
    }
}

#[test]
fn every_name_in_the_papers_is_one_of_the_templates() {
    let known = known();
    for paper in [DEPLOY, OPERATIONS] {
        let used = used(&read(paper));
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{paper}: {unknown:?}");
        assert!(used.len() > 10, "{paper}: {used:?}");
    }
}

/// The words of a command, as the shell hands them on.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some('"') | None, '\\') => word.extend(letters.next()),
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, _) if letter.is_whitespace() => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// What a paper gives to parameters, as SAM gets it: in commands, and in the text.
fn overrides(paper: &str) -> Vec<(String, String)> {
    let commands = blocks(paper, "sh").join("\n").replace("\\\n", " ");
    let given = commands.lines().filter_map(|command| {
        let (_, given) = command.split_once("--parameter-overrides ")?;
        Some(words(given))
    });
    let outside = paper.split("```").step_by(2).collect::<String>();
    let quoted = code(&outside).into_iter().map(str::to_owned);
    let pairs = given.flatten().chain(quoted).filter_map(|word| {
        let (name, value) = word.split_once('=')?;
        is_compound(name).then(|| (name.to_owned(), value.to_owned()))
    });
    pairs.collect()
}

/// Whether SAM, which takes a value apart once more, leaves it whole: it refuses an empty one, and ends one at the first
/// space or quote, unless all of it is in quotes.
fn is_whole(value: &str) -> bool {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let is_special = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'');
    match inside('"')
        .map(|text| (text, '"'))
        .or(inside('\'').map(|text| (text, '\'')))
    {
        Some((text, quote)) => !text.contains(quote),
        None => !value.is_empty() && !value.contains(is_special),
    }
}

#[test]
fn every_value_reaches_the_stack_whole() {
    let given: Vec<_> = [DEPLOY, OPERATIONS]
        .iter()
        .flat_map(|paper| overrides(&read(paper)))
        .collect();
    let cut: Vec<_> = given.iter().filter(|(_, value)| !is_whole(value)).collect();
    assert!(cut.is_empty(), "{cut:?}");
    assert!(given.len() > 8, "{given:?}");
}

#[test]
fn the_lock_fits_the_door() {
    let (paper, template) = (read(DEPLOY), read(TEMPLATE));
    let lock = blocks(section(&paper, "## Lock the runtime"), "json");
    let lock: serde_json::Value = serde_json::from_str(lock[0]).unwrap();
    let actions = |statement: usize| {
        let actions = lock["Statement"][statement]["Action"].as_array().unwrap();
        let actions = actions.iter().map(|action| action.as_str().unwrap());
        actions.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (_, invoke) = template.split_once("- PolicyName: invoke\n").unwrap();
    let (invoke, _) = invoke.split_once("- PolicyName: ").unwrap();
    let asked = invoke.lines().filter_map(|line| {
        let line = line.trim().strip_prefix("- bedrock-agentcore:")?;
        Some(format!("bedrock-agentcore:{line}"))
    });
    let asked: BTreeSet<String> = asked.collect();
    assert!(asked.len() > 3, "{asked:?}");
    assert_eq!((actions(0), actions(1)), (asked.clone(), asked));
}

#[test]
fn every_alarm_has_something_to_do() {
    let template = read("stacks/monitoring.yaml");
    let mut alarms = BTreeSet::new();
    for name in names(&template, "Resources") {
        let (_, resource) = template.split_once(&format!("\n  {name}:\n")).unwrap();
        let kind = resource.lines().next().unwrap_or_default();
        if kind.ends_with("::Alarm") || kind.ends_with("Events::Rule") {
            alarms.insert(name);
        }
    }
    assert_eq!(documented(&read(OPERATIONS), "## Alarms"), alarms);
}

/// Words of a query that are the language's own.
const LANGUAGE: [&str; 16] = [
    "and",
    "as",
    "asc",
    "by",
    "count",
    "desc",
    "fields",
    "filter",
    "ispresent",
    "p50",
    "p99",
    "pct",
    "refusals",
    "requests",
    "sort",
    "stats",
];

/// The fields that a query asks for.
fn asked_fields(query: &str) -> BTreeSet<String> {
    let unquoted = query.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = unquoted.split(|letter| !is_part(letter));
    let is_field = |word: &&str| {
        word.starts_with(|first: char| first.is_ascii_lowercase()) && !LANGUAGE.contains(word)
    };
    words
        .filter(is_field)
        .map(str::to_owned)
        .collect::<BTreeSet<_>>()
}

#[test]
fn every_query_asks_for_fields_that_lines_have() {
    let paper = read(OPERATIONS);
    let queries = blocks(&paper, "insights");
    assert!(queries.len() > 2, "{queries:?}");
    let template = read(TEMPLATE);
    let (_, access_log) = template.split_once("AccessLogSetting:\n").unwrap();
    let (access_log, _) = access_log.split_once("MethodSettings:\n").unwrap();
    let sources = [
        access_log,
        &read("shared/src/log/line.rs"),
        &read("docs/audit.schema.json"),
    ]
    .concat();
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words: BTreeSet<&str> = sources.split(|letter| !is_part(letter)).collect();
    for field in queries.iter().flat_map(|query| asked_fields(query)) {
        assert!(words.contains(field.as_str()), "no line has `{field}`");
    }
}

#[test]
fn the_template_says_the_workspaces_version() {
    let template = read(TEMPLATE);
    let (_, output) = template.split_once("\nOutputs:\n  Version:\n").unwrap();
    let value = output
        .lines()
        .find_map(|line| line.trim().strip_prefix("Value: "));
    assert_eq!(value, Some(env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_is_wrong_is_noticed() {
    let template = "\nParameters:\n  A:\n    Type: B\n  # x\n  CdEf:\n    X:\n\nOutputs:\n  G:\n";
    let expected = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    assert_eq!(names(template, "Parameters"), expected(&["A", "CdEf"]));
    let paper =
        "`NoSuch` `Plain` `AsIs=1`\n```sh\nsam --overrides MadeUp=2 TOKEN=3\n`IsCode`\n```\n";
    assert_eq!(used(paper), expected(&["AsIs", "MadeUp", "NoSuch"]));
    let known = known();
    assert!(!used(paper).iter().any(|name| known.contains(name)));
    let paper = "`PlainValue=1` `NoValue=`\n```sh\nsam --parameter-overrides A=1 'TwoWords=a b' \\\n  \
        'AgentsJson={\"a\"}' \"WellSaid='{\\\"a\\\"}'\" 'AlsoWell=\"\"' UnEven=\\\"a 'HalfSaid='\n```\n";
    let cut = overrides(paper).into_iter();
    let cut = cut.filter(|(_, value)| !is_whole(value));
    let cut: BTreeSet<String> = cut.map(|(name, _)| name).collect();
    let wrong = ["AgentsJson", "HalfSaid", "NoValue", "TwoWords", "UnEven"];
    assert_eq!(cut, expected(&wrong));
    let query = "filter nonsense = \"quoted\"\n| stats count(*) as refusals by reason";
    assert_eq!(asked_fields(query), expected(&["nonsense", "reason"]));
}
