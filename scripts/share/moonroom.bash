# Completion of moonroom's commands, flags, their values, and paths, for bash.
#
# What there is, `moonroom --help` says: so it is always that of the program
# whose name is being completed.

# The commands: "moonroom check", "moonroom [run]".
_moonroom_commands() {
    sed -n 's/^\(Usage:\| *\) moonroom \[*\([a-z][a-z]*\)\]* .*/\2/p' <<<"$1"
}

_moonroom_flags() {
    sed -n 's/^  \(--[a-z-]*\) .*/\1/p' <<<"$1"
    printf '%s\n' --help --version
}

# What a flag's value looks like: "FILE", "BOOL"; nothing where it has none.
_moonroom_kind() {
    sed -n "s/^  $2 \\([A-Z:]*\\) .*/\\1/p" <<<"$1"
}

_moonroom_reply() {
    mapfile -t COMPREPLY < <(compgen "$@")
}

# Names of files need their directories' slashes, and quotes.
_moonroom_paths() {
    compopt -o filenames 2>/dev/null
    _moonroom_reply "$@"
}

_moonroom_value() {
    case $1 in
    FILE) _moonroom_paths -f -- "$2" ;;
    BOOL) _moonroom_reply -W 'on off' -- "$2" ;;
    LEVEL) _moonroom_reply -W 'debug info warn error off' -- "$2" ;;
    WORD) _moonroom_reply -W 'close drop' -- "$2" ;;
    *) COMPREPLY=() ;;
    esac
}

# A directory, or a script.
_moonroom_scripts() {
    _moonroom_paths -o plusdirs -f -X '!*.lua' -- "$1"
}

_moonroom() {
    local help current=$2 before=$3 kind=
    local command=${COMP_WORDS[1]}
    help=$("${1/#\~/$HOME}" --help 2>/dev/null)

    # "--flag=value" comes as three words.
    if [ "$current" = = ]; then
        current=
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $before in --*) kind=$(_moonroom_kind "$help" "$before") ;; esac

    if [ -n "$kind" ] && [ "$command" != test ] && [ "$command" != new ]; then
        _moonroom_value "$kind" "$current"
    elif [ "$COMP_CWORD" = 1 ] && [ "${current#-}" = "$current" ]; then
        _moonroom_scripts "$current"
        local paths=("${COMPREPLY[@]}")
        _moonroom_reply -W "$(_moonroom_commands "$help")" -- "$current"
        COMPREPLY+=("${paths[@]}")
    elif [ "$command" = test ]; then
        _moonroom_paths -f -- "$current"
    elif [ "$command" = new ]; then
        _moonroom_paths -d -- "$current"
    elif [ "${current#-}" != "$current" ]; then
        _moonroom_reply -W "$(_moonroom_flags "$help")" -- "$current"
    else
        _moonroom_scripts "$current"
    fi
}

complete -F _moonroom moonroom
