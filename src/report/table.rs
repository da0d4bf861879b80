//! Tables without lines: columns line up, numbers to the right, and the last column takes what is left.

use crate::report::words;

/// Between two columns.
const GAP: &str = "  ";

/// A column: its heading, its side, and how wide it may grow.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What stands above it.
    pub head: &'static str,
    /// Numbers stand to the right.
    pub right: bool,
    /// What is wider is cut.
    pub most: usize,
}

/// A column of words.
#[must_use]
pub const fn left(head: &'static str, most: usize) -> Column {
    Column { head, right: false, most }
}

/// A column of numbers.
#[must_use]
pub const fn right(head: &'static str, most: usize) -> Column {
    Column { head, right: true, most }
}

/// Where less than this is left for the last column, it is left out: a few letters of a title help nobody.
const LAST: usize = 12;

/// The lines of a table, its heading first; none is wider than `columns`.
#[must_use]
pub fn table(shape: &[Column], rows: &[Vec<String>], columns: usize) -> Vec<String> {
    let mut widths: Vec<usize> = shape
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = rows.iter().map(|row| row.get(at).map_or(0, |cell| words::width(cell)));
            cells.max().unwrap_or(0).max(words::width(column.head)).min(column.most)
        })
        .collect();
    let before = widths.iter().rev().skip(1).map(|width| width + GAP.len()).sum::<usize>();
    if widths.last().is_some_and(|last| before + LAST.min(*last) > columns) {
        widths.pop();
    }
    let line = |cells: &[String]| {
        let parts: Vec<String> = std::iter::zip(shape, &widths)
            .zip(cells)
            .map(|((column, width), cell)| {
                let cell = words::cut(cell, *width);
                let space = " ".repeat(width.saturating_sub(words::width(&cell)));
                if column.right { format!("{space}{cell}") } else { format!("{cell}{space}") }
            })
            .collect();
        words::cut(parts.join(GAP).trim_end(), columns)
    };
    let heads: Vec<String> = shape.iter().map(|column| column.head.to_owned()).collect();
    std::iter::once(line(&heads)).chain(rows.iter().map(|row| line(row))).collect()
}

#[cfg(test)]
mod tests {
    use super::left;
    use super::right;
    use super::table;

    #[test]
    fn korean_lines_up() {
        let rows = vec![vec!["판교".to_owned(), "96,000".to_owned()], vec!["tokyo".to_owned(), "6".to_owned()]];
        assert_eq!(
            table(&[left("site", 8), right("cores", 9)], &rows, 40),
            ["site    cores", "판교   96,000", "tokyo       6"]
        );
    }
}
