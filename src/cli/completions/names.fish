
# Names of plans, runs, sites, services, steps and gates are asked of the tool itself; all else stands above.
function __fish_bonghwa_names
    set -l words (commandline -opc)
    command $words[1] completions fish -- $words[2..-1] (commandline -ct) 2>/dev/null </dev/null | string replace -r -- '^--[^=]*=' ''
end
complete -c bonghwa -a '(__fish_bonghwa_names)'
