//! Log positions, as hosts tell them: `position=P age=Ns`, by the contract of `docs/svcctl.md`. What can't be read is
//! unknown, and what is unknown never passes a gate.

use crate::model::Millis;
use crate::run::Position;

/// Reads what one host said.
pub(in crate::engine) fn read(host: &str, said: &str) -> Position {
    let mut position = Position { host: host.to_owned(), position: String::new(), age: None };
    for word in said.split_whitespace() {
        if let Some(text) = word.strip_prefix("position=").filter(|text| *text != "-") {
            text.clone_into(&mut position.position);
        } else if let Some(text) = word.strip_prefix("age=") {
            position.age = Millis::parse(text).ok();
        }
    }
    position
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::model::Millis;

    #[test]
    fn what_the_contract_promises_is_read() {
        let told = |said| {
            let position = read("a", said);
            (position.position, position.age)
        };
        assert_eq!(told("position=0/5A01F3C8 age=2s\n"), ("0/5A01F3C8".to_owned(), Some(Millis(2_000))));
        assert_eq!(told("position=17 age=250ms"), ("17".to_owned(), Some(Millis(250))));
        assert_eq!(told("position=0/5A01F3C8 age=-"), ("0/5A01F3C8".to_owned(), None));
        assert_eq!(told("position=17 age=0s"), ("17".to_owned(), Some(Millis(0))));
        assert_eq!(told("position=- age=-"), (String::new(), None));
        assert_eq!(told("unknown"), (String::new(), None));
        assert_eq!(told(""), (String::new(), None));
    }
}
