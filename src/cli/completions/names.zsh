# Names of plans, runs, sites, services, steps and gates are asked of the tool itself; all else stands above.
_bonghwa() {
    local -a names
    names=("${(@f)$("${(Q)words[1]}" completions zsh -- "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null </dev/null)}")
    if [[ -n "$names[1]" ]]; then
        compadd -a names
    else
        _bonghwa_words "$@"
    fi
}

