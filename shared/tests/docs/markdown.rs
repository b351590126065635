//! A minimal Markdown reader: sections, tables, code.

/// The text below a heading, up to the next one of its rank or above.
pub(crate) fn section<'d>(document: &'d str, heading: &str) -> &'d str {
    let start = format!("{heading}\n");
    let (_, below) = document.split_once(&start).unwrap_or_default();
    let rank = heading.bytes().take_while(|byte| *byte == b'#').count();
    let ends = (1..=rank).filter_map(|rank| below.find(&format!("\n{} ", "#".repeat(rank))));
    let (section, _) = below.split_at(ends.min().unwrap_or(below.len()));
    assert!(!section.is_empty(), "no section `{heading}`");
    section
}

/// The cells of each row of every table, without the rows of headings and rules.
pub(crate) fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut rows = Vec::new();
    for (line, next) in lines.iter().zip(lines.iter().skip(1).chain(&[""])) {
        if line.starts_with('|') && !line.starts_with("|-") && !next.starts_with("|-") {
            let cells = line.trim_matches('|').split('|').map(str::trim);
            rows.push(cells.collect());
        }
    }
    rows
}

/// The texts between backticks.
pub(crate) fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The contents of the fenced blocks of a language.
pub(crate) fn blocks<'d>(text: &'d str, language: &str) -> Vec<&'d str> {
    let opening = format!("```{language}\n");
    let blocks = text.split(opening.as_str()).skip(1);
    blocks
        .filter_map(|block| block.split("\n```").next())
        .collect()
}

#[test]
fn what_is_asked_for_is_found() {
    let document = "# A\n\n## B\n\n| x | y |\n|---|---|\n| `1` | 2 `3` |\n\n### C\n\n```json\n{}\n```\n\n## D\n\n| 4 |\n";
    let text = section(document, "## B");
    assert_eq!(rows(text), [["`1`", "2 `3`"]]);
    assert_eq!(code("`1`, 2 `3`"), ["1", "3"]);
    assert_eq!(blocks(text, "json"), ["{}"]);
    assert!(!section(document, "### C").contains('|'));
    assert!(section(document, "# A").contains("| 4 |"));
}
