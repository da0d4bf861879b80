//! What the code of a finding means, why it matters, and how to mend it: `bonghwa explain BH012`.

use serde_json::Value;
use serde_json::json;

use crate::model::Code;
use crate::report::explain_services::SERVICES;
use crate::report::explain_steps::STEPS;
use crate::report::explain_written::WRITTEN;

/// What the code of a finding means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The number of the code.
    pub code: u16,
    /// What it is called.
    pub title: &'static str,
    /// What it means, and why it matters.
    pub meaning: &'static str,
    /// How to mend it.
    pub mend: &'static str,
    /// As it should be written; empty where there is nothing to show.
    pub example: &'static str,
}

/// The explanation of a code, where there is one.
#[must_use]
pub fn explain_code(code: Code) -> Option<&'static Explanation> {
    [WRITTEN, SERVICES, STEPS].into_iter().flatten().find(|explanation| explanation.code == code.0)
}

/// An explanation as people read it, in lines of at most `columns`.
#[must_use]
pub fn explanation_text(explanation: &Explanation, columns: usize) -> String {
    let mut text = format!("{}: {}\n\n", Code(explanation.code), explanation.title);
    text.push_str(&wrapped(explanation.meaning, columns));
    text.push('\n');
    text.push_str(&wrapped(&format!("To mend it: {}", explanation.mend), columns));
    if !explanation.example.is_empty() {
        text.push_str("\nExample:\n\n");
        for line in explanation.example.lines() {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

/// An explanation for programs.
#[must_use]
pub fn explanation_json(explanation: &Explanation) -> Value {
    json!({
        "code": Code(explanation.code).to_string(),
        "title": explanation.title,
        "meaning": explanation.meaning,
        "mend": explanation.mend,
        "example": explanation.example,
    })
}

fn wrapped(text: &str, columns: usize) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let wide = unicode_width::UnicodeWidthStr::width(word);
        if width > 0 && width + 1 + wide > columns {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += wide;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::explain_code;
    use super::explanation_text;
    use crate::model::Code;

    #[test]
    fn an_explanation_fits_its_columns() {
        let text = explanation_text(explain_code(Code(36)).unwrap(), 60);
        expect![[r#"
            BH036: What can it carry?

            A replica that may take over must say what its hosts can
            carry: cores of a site can't be lent to hosts that don't
            have them. In 2022 the standby capacity of KakaoTalk could
            not carry what the burnt site did.

            To mend it: Add max-load. It is required unless the replica
            is active.

            Example:

                max-load = { cores = 8000 }
        "#]]
        .assert_eq(&text);
    }
}
