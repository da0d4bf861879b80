//! A file with its code laid bare: comments, strings and characters are blanked, line by line and place by place.

use std::iter;

/// One file of the house, as written and as code alone.
pub(crate) struct Source {
    /// Its path from the root, with forward slashes.
    pub(crate) path: String,
    /// As written.
    pub(crate) text: String,
    /// The same lines without comments, strings and characters.
    pub(crate) code: String,
    tested: Vec<bool>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = bare(text);
        let mut tested = test_lines(&code);
        if path.ends_with("/tests.rs") || path.contains("/tests/") {
            tested.fill(true);
        }
        Self { path: path.to_owned(), text: text.to_owned(), code, tested }
    }

    /// The first part of a Rust file's path below `src`: `plan` for `src/plan/mod.rs`. The roots of the crate have none.
    pub(crate) fn room(&self) -> Option<&str> {
        let first = self.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        let room = first.split('/').next()?;
        (!matches!(room, "lib" | "main")).then_some(room)
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The lines of code, counted from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        iter::zip(1.., self.code.lines())
    }

    /// The lines of code that are shipped: outside `#[cfg(test)]`.
    pub(crate) fn shipped(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter(|(line, _)| !self.is_tested(*line))
    }

    /// Whether a line stands below `#[cfg(test)]`.
    pub(crate) fn is_tested(&self, line: usize) -> bool {
        self.tested.get(line - 1).copied().unwrap_or(false)
    }

    /// A finding at one line.
    pub(crate) fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// The line of a byte, counted from 1.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count() + 1
}

/// Whether a character can stand inside an identifier.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The identifier that `text` begins with; nothing if it begins otherwise.
pub(crate) fn word(text: &str) -> &str {
    let end = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
    &text[..end]
}

/// Where `needle` stands in `code` as a whole word: `print!` is not found in `eprint!`, nor `Mode` in `Model`.
pub(crate) fn places(code: &str, needle: &str) -> Vec<usize> {
    let begins = needle.chars().next().is_some_and(is_word);
    let ends = needle.chars().next_back().is_some_and(is_word);
    code.match_indices(needle)
        .map(|(at, _)| at)
        .filter(|at| !begins || !code[..*at].chars().next_back().is_some_and(is_word))
        .filter(|at| !ends || !code[at + needle.len()..].chars().next().is_some_and(is_word))
        .collect()
}

/// Whether `code` says `needle` as a whole word.
pub(crate) fn says(code: &str, needle: &str) -> bool {
    !places(code, needle).is_empty()
}

/// Where the item that begins at `from` ends: behind its first `;` outside brackets, or behind the brace that closes
/// its first one.
pub(crate) fn item_end(code: &str, from: usize) -> usize {
    let mut round = 0_usize;
    let mut curly = 0_usize;
    for (at, c) in code[from..].char_indices() {
        match c {
            '(' | '[' => round += 1,
            ')' | ']' => round = round.saturating_sub(1),
            '{' => curly += 1,
            '}' => {
                curly = curly.saturating_sub(1);
                if curly == 0 && round == 0 {
                    return from + at + 1;
                }
            }
            ';' if curly == 0 && round == 0 => return from + at + 1,
            _ => {}
        }
    }
    code.len()
}

/// For each line, whether it belongs to an item behind `#[cfg(test)]`.
fn test_lines(code: &str) -> Vec<bool> {
    const GATE: &str = "#[cfg(test)]";
    let mut tested = vec![false; code.lines().count()];
    for (at, _) in code.match_indices(GATE) {
        let end = item_end(code, at + GATE.len());
        let last = line_of(code, end.saturating_sub(1));
        tested[line_of(code, at) - 1..last.min(code.lines().count())].fill(true);
    }
    tested
}

/// Blanks comments, strings and characters, and keeps the lines.
fn bare(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = opaque_end(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// Where the comment, string or character ends that begins at `at`; `at` itself if none does.
fn opaque_end(chars: &[char], at: usize) -> usize {
    match (chars[at], chars.get(at + 1)) {
        ('/', Some('/')) => (at..chars.len()).find(|i| chars[*i] == '\n').unwrap_or(chars.len()),
        ('/', Some('*')) => block_end(chars, at),
        ('"', _) => quoted_end(chars, at, '"'),
        ('\'', Some('\\')) => quoted_end(chars, at, '\''),
        // A quote, one character, a quote. Anything else that begins with a quote is a lifetime.
        ('\'', Some(_)) if chars.get(at + 2) == Some(&'\'') => at + 3,
        ('r', _) if begins_literal(chars, at) => raw_end(chars, at),
        _ => at,
    }
}

fn block_end(chars: &[char], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut i = at;
    while i + 1 < chars.len() {
        match (chars[i], chars[i + 1]) {
            ('/', '*') => {
                depth += 1;
                i += 2;
            }
            ('*', '/') => {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    return i;
                }
            }
            _ => i += 1,
        }
    }
    chars.len()
}

fn quoted_end(chars: &[char], at: usize, quote: char) -> usize {
    let mut i = at + 1;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 2,
            c if c == quote => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

/// Whether an `r` may open a raw string: it begins a word, or follows the `b` or `c` that does.
fn begins_literal(chars: &[char], at: usize) -> bool {
    let free = |i: usize| i == 0 || !is_word(chars[i - 1]);
    free(at) || (matches!(chars[at - 1], 'b' | 'c') && free(at - 1))
}

fn raw_end(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    let open = at + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return at; // a raw identifier
    }
    let closes =
        |i: usize| chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    (open + 1..chars.len()).find(|i| closes(*i)).map_or(chars.len(), |i| i + 1 + hashes)
}

#[test]
fn code_is_laid_bare() {
    let check = |text: &str, code: &str| assert_eq!(Source::new("src/x.rs", text).code, code);
    check("a // b\nc", "a     \nc");
    check("a /* b /* c */ d */ e", "a                   e");
    check(r#"f("\"{", 'x')"#, "f(     ,    )");
    check(r##"f(r#"a"b"#, br"\")"##, "f(        , b    )");
    check(r"'\'' '{' 'a: loop {} &'a str", "         'a: loop {} &'a str");
    check("r#type", "r#type");
}

#[test]
fn tests_are_told_from_what_is_shipped() {
    let text = "fn a() {}\n#[cfg(test)]\nuse b;\nfn c() {}\n#[cfg(test)]\nmod tests {\n    fn d() {}\n}\nfn e() {}\n";
    let source = Source::new("src/x.rs", text);
    let shipped: Vec<usize> = source.shipped().map(|(line, _)| line).collect();
    assert_eq!(shipped, [1, 4, 9]);
}
