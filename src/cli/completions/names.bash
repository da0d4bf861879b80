
# Names of plans, runs, sites, services, steps and gates are asked of the tool itself; all else stands above.
_bonghwa_names() {
    local line="${COMP_LINE:0:COMP_POINT}" name names word breaks lead=""
    local -a words
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    word="${words[${#words[@]}-1]}"
    names="$("$1" completions bash -- "${words[@]:1}" 2>/dev/null </dev/null)"
    if [[ -z $names ]]; then
        _bonghwa "$@"
        return
    fi
    # Where a word holds one of these, bash replaces only what is behind it.
    breaks="${COMP_WORDBREAKS//[^:@=]/}"
    [[ -n $breaks ]] && lead="${word%"${word##*[$breaks]}"}"
    COMPREPLY=()
    while read -r name; do
        COMPREPLY+=("${name#"$lead"}")
    done <<< "$names"
    # Behind a caller stands whom it calls.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -F _bonghwa_names -o nosort -o bashdefault -o default bonghwa 2>/dev/null ||
    complete -F _bonghwa_names -o bashdefault -o default bonghwa
