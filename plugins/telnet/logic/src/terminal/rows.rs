//! Lines of the screen that the cursor has jumped away from, until it comes back: a prompt stays
//! where it is while a status line is written elsewhere.

use std::collections::BTreeMap;

/// So many characters of such lines are remembered at most; a screen full of
/// them is forgotten beyond.
const MOST: usize = 32 << 10;

/// One line, with all rows that it takes.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) cells: Vec<char>,
    /// Up to where it was given away, answered, and seen by patterns.
    pub(super) shown: usize,
    pub(super) answered: usize,
    pub(super) seen: usize,
    /// Whether it was given away as a line that is over; when it changes it is given away anew.
    pub(super) was_left: bool,
}

/// Lines by the row of the screen where they begin.
#[derive(Debug, Default)]
pub(super) struct Rows {
    lines: BTreeMap<u16, Line>,
    cells: usize,
}

impl Rows {
    pub(super) fn remember(&mut self, row: u16, line: Line) {
        self.forget(row..=row);
        if self.cells + line.cells.len() > MOST {
            self.clear();
        }
        if !line.cells.is_empty() && line.cells.len() <= MOST {
            self.cells += line.cells.len();
            self.lines.insert(row, line);
        }
    }

    /// The line that takes this row of a screen so wide, with the row where it begins.
    pub(super) fn take(&mut self, row: u16, width: usize) -> Option<(u16, Line)> {
        let (&first, line) = self.lines.range(..=row).next_back()?;
        if usize::from(row - first) * width >= line.cells.len() {
            return None;
        }
        let line = self.lines.remove(&first)?;
        self.cells -= line.cells.len();
        Some((first, line))
    }

    /// What begins on these rows is not there any more.
    pub(super) fn forget(&mut self, rows: std::ops::RangeInclusive<u16>) {
        while let Some(&row) = self.lines.range(rows.clone()).next().map(|(row, _)| row) {
            let line = self.lines.remove(&row).unwrap_or_default();
            self.cells -= line.cells.len();
        }
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        assert_eq!(self.cells, self.lines.values().map(|line| line.cells.len()).sum::<usize>());
        self.cells
    }

    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.cells = 0;
    }
}
