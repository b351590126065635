//! Tables of text.

use shared::settings;

/// The width of a terminal that does not tell its own.
const WIDTH: usize = 80;
/// Between columns.
const GAP: &str = "  ";

/// The width to keep to: the variable `COLUMNS`, if it is a number.
pub(crate) fn width() -> usize {
    let columns = settings::environment("COLUMNS");
    let columns = columns.and_then(|columns| columns.trim().parse().ok());
    columns.filter(|columns| *columns > 0).unwrap_or(WIDTH)
}

/// The rows in columns; nothing if they are wider than this.
pub(crate) fn grid(rows: &[Vec<String>], width: usize) -> Option<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let length =
        |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> = (0..count)
        .map(|column| {
            rows.iter()
                .map(|row| length(row, column))
                .max()
                .unwrap_or_default()
        })
        .collect();
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            cells.join(GAP).trim_end().to_owned()
        })
        .collect();
    let fits = lines.iter().all(|line| line.chars().count() <= width);
    fits.then(|| lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        let own = |row: &&[&str]| row.iter().map(ToString::to_string).collect();
        rows.iter().map(own).collect()
    }

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = rows(&[
            &["caller", "demo"],
            &["group \u{e9}\u{e9}\u{e9}\u{e9}", "yes"],
            &["a", "-"],
        ]);
        let table = "caller      demo\ngroup \u{e9}\u{e9}\u{e9}\u{e9}  yes\na           -\n";
        assert_eq!(grid(&rows, 16).as_deref(), Some(table));
        assert_eq!(grid(&rows, 15), None);
        assert_eq!(grid(&[], 1).as_deref(), Some("\n"));
    }
}
