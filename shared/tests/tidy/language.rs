//! The language of comments: headings that are noun phrases, and actors that have a name.

use std::fs;

use crate::{root, sources};

/// Words that a module's first line may not begin with: it says what the module is, and asks no riddle.
const QUESTIONS: [&str; 9] = [
    "How", "That", "What", "When", "Where", "Whether", "Which", "Who", "Why",
];

/// Words in the place of an actor's name.
const NAMELESS: [&str; 3] = ["nobody", "somebody", "whoever"];

/// The text of a comment line, or nothing.
fn comment(line: &str) -> Option<&str> {
    let text = line.trim_start().strip_prefix("//")?;
    Some(text.trim_start_matches(['/', '!']).trim())
}

/// The first line of a module's documentation, if it is no noun phrase.
fn riddle(source: &str) -> Option<&str> {
    let heading = source.lines().find_map(|line| line.strip_prefix("//! "))?;
    let word = heading.split(' ').next()?;
    let word = word.trim_end_matches("'s");
    let is_question = QUESTIONS.contains(&word) || word == "Whose" || heading.ends_with('?');
    is_question.then_some(heading)
}

/// The comments that name no actor.
fn nameless(source: &str) -> Vec<&str> {
    let comments = source.lines().filter_map(comment);
    let is_nameless = |text: &&str| {
        let mut words = text.split(|letter: char| !letter.is_ascii_alphabetic());
        words.any(|word| NAMELESS.contains(&word.to_ascii_lowercase().as_str()))
    };
    comments.filter(is_nameless).collect()
}

#[test]
fn every_module_says_what_it_is() {
    let mut wrong = Vec::new();
    for path in sources(root()) {
        let source = fs::read_to_string(&path).unwrap();
        if let Some(heading) = riddle(&source) {
            wrong.push(format!("{}: {heading}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "headings are noun phrases: {wrong:#?}");
}

#[test]
fn every_comment_names_its_actor() {
    let mut wrong = Vec::new();
    for path in sources(root()) {
        let source = fs::read_to_string(&path).unwrap();
        let found = nameless(&source).into_iter();
        wrong.extend(found.map(|text| format!("{}: {text}", path.display())));
    }
    assert!(wrong.is_empty(), "say who does it: {wrong:#?}");
}

#[test]
fn riddles_and_nameless_actors_are_noticed() {
    for (source, is_riddle) in [
        ("//! What is read.\n", true),
        ("#![a]\n//! Whose it is.\n", true),
        ("//! May it pass?\n", true),
        ("//! Rate limiter.\n//! What it counts.\n", false),
        ("//! Whole answers.\n", false),
        ("fn what() {}\n", false),
    ] {
        assert_eq!(riddle(source).is_some(), is_riddle, "{source}");
    }
    let source = "fn nobody() {}\n  /// Whoever asks.\n// Callers who ask.\nlet x; // nobody\n";
    assert_eq!(nameless(source), ["Whoever asks."]);
}
