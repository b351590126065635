//! The table of promised and measured numbers.

/// One promise.
pub struct Row {
    pub what: String,
    /// The promise itself, as text; none where the figure only explains another
    pub limit: Option<String>,
    pub measured: String,
    pub is_met: bool,
}

impl Row {
    /// A figure that may be at most so much.
    pub fn at_most(what: &str, limit: f64, measured: f64, unit: &str) -> Self {
        Self {
            what: what.to_owned(),
            limit: Some(format!("{limit} {unit}")),
            measured: format!("{measured:.2} {unit}"),
            is_met: measured <= limit,
        }
    }

    /// A figure that nothing was promised of.
    pub fn shown(what: &str, measured: f64, unit: &str) -> Self {
        Self {
            what: what.to_owned(),
            limit: None,
            measured: format!("{measured:.2} {unit}"),
            is_met: true,
        }
    }
}

/// The rows as text, in columns.
pub fn table(rows: &[Row]) -> String {
    let line = |cells: [&str; 4]| {
        let [what, limit, measured, met] = cells;
        format!("{what:<62} {limit:>10} {measured:>12}  {met}\n")
    };
    let header = line(["what", "at most", "measured", "met?"]);
    let body = rows.iter().map(|row| {
        let met = match (&row.limit, row.is_met) {
            (None, _) => "",
            (Some(_), true) => "yes",
            (Some(_), false) => "NO",
        };
        let limit = row.limit.as_deref().unwrap_or_default();
        line([&row.what, limit, &row.measured, met])
    });
    std::iter::once(header).chain(body).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_met_up_to_its_limit() {
        assert!(Row::at_most("x", 1.25, 1.25, "x").is_met);
        let missed = Row::at_most("x", 1.25, 1.26, "x");
        assert!(!missed.is_met);
        let text = table(&[missed, Row::shown("y", 3.0, "ms")]);
        let ends = text.lines().map(|line| line.split_whitespace().last());
        assert!(ends.eq([Some("met?"), Some("NO"), Some("ms")]));
    }
}
