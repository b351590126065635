//! `gatehouse completions` and `gatehouse man`: what is made of the definitions of the command line.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::report::Report;

const NAME: &str = "gatehouse";

/// The script for a shell.
pub(crate) fn completions(shell: Shell) -> Report {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut script);
    Report::verbatim(String::from_utf8_lossy(&script).into_owned())
}

/// The manual page: of the command, then of each verb.
pub(crate) fn manual() -> Result<Report, Failure> {
    let mut page = Vec::new();
    let mut command = Arguments::command();
    command.build();
    let rendered = render(&command, &mut page);
    rendered.map_err(|error| {
        Failure::usage(
            format!("cannot write the manual page: {error}"),
            "read `gatehouse --help`",
        )
    })?;
    Ok(Report::verbatim(
        String::from_utf8_lossy(&page).into_owned(),
    ))
}

fn render(command: &clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let manual = clap_mangen::Man::new(command.clone());
    manual.render_title(page)?;
    manual.render_name_section(page)?;
    manual.render_synopsis_section(page)?;
    manual.render_description_section(page)?;
    manual.render_options_section(page)?;
    for verb in command.get_subcommands() {
        let heading = format!(".SH {}\n", verb.get_name().to_uppercase());
        page.extend(heading.as_bytes());
        let manual = clap_mangen::Man::new(verb.clone());
        manual.render_synopsis_section(page)?;
        manual.render_description_section(page)?;
        manual.render_options_section(page)?;
        manual.render_extra_section(page)?;
    }
    Ok(())
}
