//! Tests of the terminal tool as the shell sees it: the built program, its two outputs and its exit code.

mod check;
mod explain;
mod pages;
mod program;
mod usage;
mod why;
