//! The terminal: results on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Read, Write};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Form, Report};

/// Where a command reads and writes.
pub struct Terminal {
    input: Box<dyn Read>,
    output: Box<dyn Write>,
    errors: Box<dyn Write>,
    is_output_shown: bool,
    is_input_typed: bool,
}

impl Terminal {
    /// The three streams of this process.
    pub fn of_process() -> Self {
        Self {
            input: Box::new(io::stdin()),
            output: Box::new(io::stdout()),
            errors: Box::new(io::stderr()),
            is_output_shown: io::stdout().is_terminal(),
            is_input_typed: io::stdin().is_terminal(),
        }
    }

    /// Other streams; a result is text if it is shown to a person.
    pub fn new(
        input: Box<dyn Read>,
        output: Box<dyn Write>,
        errors: Box<dyn Write>,
        is_output_shown: bool,
    ) -> Self {
        Self {
            input,
            output,
            errors,
            is_output_shown,
            is_input_typed: false,
        }
    }

    /// JSON if it is asked for, or if a program reads the result.
    pub fn form(&self, is_json_asked: bool) -> Form {
        if is_json_asked || !self.is_output_shown {
            Form::Json
        } else {
            Form::Text
        }
    }

    /// Whether a person reads the result on a terminal.
    pub const fn is_output_shown(&self) -> bool {
        self.is_output_shown
    }

    /// Whether a person would have to type what is read.
    pub const fn is_input_typed(&self) -> bool {
        self.is_input_typed
    }

    /// Standard input.
    pub fn input(&mut self) -> &mut dyn Read {
        &mut self.input
    }

    /// Writes a result.
    pub fn report(&mut self, report: &Report, form: Form) -> Exit {
        match form {
            // Nothing but its text is there.
            Form::Json if report.json.is_null() => self.print(&report.text, report.exit),
            Form::Json => self.print(&format!("{}\n", report.json), report.exit),
            Form::Text => self.print(&report.text, report.exit),
        }
    }

    /// Writes what went wrong.
    pub fn fail(&mut self, failure: &Failure, is_json_asked: bool) -> Exit {
        if is_json_asked {
            self.say(&format!("{}\n", failure.json()));
        } else {
            self.say(&failure.text());
        }
        failure.exit()
    }

    /// Writes text to standard output, and gives the exit code back. A reader that has seen enough, such as `head`, is
    /// no error.
    pub fn print(&mut self, text: &str, exit: Exit) -> Exit {
        let written = self.output.write_all(text.as_bytes());
        match written.and_then(|()| self.output.flush()) {
            Ok(()) => exit,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit,
            Err(error) => {
                self.say(&format!("gatehouse: cannot write the result: {error}\n"));
                Exit::Output
            }
        }
    }

    /// Writes a piece of a result that is still to come, at once.
    ///
    /// # Errors
    /// The output is gone, or takes no more.
    pub fn piece(&mut self, text: &str) -> io::Result<()> {
        self.output.write_all(text.as_bytes())?;
        self.output.flush()
    }

    /// Writes text to standard error. Nothing can be done if that is gone.
    pub fn say(&mut self, text: &str) {
        let _errors_gone = self.errors.write_all(text.as_bytes());
    }
}
