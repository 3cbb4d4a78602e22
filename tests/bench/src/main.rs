//! Cofferdam's speed: every number is a ratio to something bare in the same run, so that the
//! machine's load cancels out. It measures the binary beside it; `bare` and `echo` are its own
//! other halves, run as processes of their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a bench that cannot go on has nothing better to do"
)]
#![allow(clippy::disallowed_methods, reason = "it starts servers and dials them: that is its work")]

mod audit;
mod bare;
mod breakdown;
mod client;
mod files;
mod guests;
mod handlers;
mod load;
mod measures;
mod names;
mod native;
mod probes;

use std::process::ExitCode;

/// One line of the result.
pub struct Row {
    pub what: &'static str,
    pub ours: String,
    pub bare: String,
    pub ratio: f64,
    pub most: f64,
    pub unit: &'static str,
}

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("bare") => return bare::serve(),
        Some("echo") => return native::serve(),
        Some("--where") => {
            breakdown::print();
            return ExitCode::SUCCESS;
        }
        Some("floor") => {
            measures::floor();
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let only = std::env::args().nth(1);
    let mut missed = 0;
    println!("| what | Cofferdam | bare | | target |\n|---|---|---|---|---|");
    for (name, measure) in measures::ALL {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        for row in measure() {
            let holds = if row.unit == "≥" { row.ratio >= row.most } else { row.ratio <= row.most };
            missed += u32::from(!holds);
            let unit = if row.unit == "≥" || row.unit == "≤" { "×" } else { row.unit };
            let sign = if row.unit == "≥" { "≥" } else { "≤" };
            let verdict = if holds { "" } else { " **missed**" };
            println!(
                "| {} | {} | {} | {:.2} {unit} | {sign} {} {unit}{verdict} |",
                row.what, row.ours, row.bare, row.ratio, row.most
            );
        }
    }
    ExitCode::from(u8::from(missed > 0))
}
