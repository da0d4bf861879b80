//! How a fence that is owed is tried again when no run goes on: every next plan does that, so the way is to answer the same
//! loss once more. It finds nothing out: it makes a command of what a plan was about.

use crate::model::ScopeState;
use crate::plan::ScopeOnPaper;
use crate::report::words;

/// What tries fences again that are owed, of a run that was about this: ``ends in `bonghwa evacuate pangyo` ``.
#[must_use]
pub fn tries_again(scopes: &[ScopeOnPaper]) -> Option<String> {
    let of = |state: ScopeState| -> Vec<String> {
        let those = scopes.iter().filter(|scope| scope.state == state.word());
        those.map(|scope| words::quoted(&scope.scope)).collect()
    };
    let (lost, impaired) = (of(ScopeState::Lost), of(ScopeState::Impaired));
    // Whoever leaves a site that works, or goes home, is asked for more than a fence.
    if lost.len() + impaired.len() != scopes.len() || scopes.is_empty() {
        return None;
    }
    let mut command = "bonghwa evacuate".to_owned();
    if !lost.is_empty() {
        command.push_str(&format!(" {}", lost.join(" ")));
    }
    if !impaired.is_empty() {
        command.push_str(&format!(" --impaired {}", impaired.join(" ")));
    }
    Some(command)
}

/// The same as a sentence: what to do, where nobody tries them any more.
#[must_use]
pub fn way(scopes: &[ScopeOnPaper]) -> String {
    match tries_again(scopes) {
        Some(command) => format!("`{command}` tries it again now"),
        None => "the next plan that is run tries it again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::tries_again;
    use super::way;
    use crate::plan::ScopeOnPaper;

    fn scopes(all: &[(&str, &str)]) -> Vec<ScopeOnPaper> {
        let scope = |(scope, state): &(&str, &str)| ScopeOnPaper { scope: (*scope).into(), state: (*state).into() };
        all.iter().map(scope).collect()
    }

    #[test]
    fn the_same_loss_is_answered_once_more() {
        let again = |all: &[(&str, &str)]| tries_again(&scopes(all)).unwrap();
        assert_eq!(again(&[("pangyo", "lost")]), "bonghwa evacuate pangyo");
        let three = [("pangyo", "lost"), ("hosts:pg-[1-9]", "impaired"), ("domain:power:a", "lost")];
        assert_eq!(again(&three), "bonghwa evacuate pangyo domain:power:a --impaired 'hosts:pg-[1-9]'");
        assert_eq!(again(&[("ansan", "impaired")]), "bonghwa evacuate --impaired ansan");
        for none in [&[][..], &[("pangyo", "leaving")], &[("route:web", "moved")], &[("a", "lost"), ("b", "returning")]]
        {
            assert!(way(&scopes(none)).starts_with("the next plan"), "{none:?}");
        }
    }
}
