/**
 * Scripts that complete the command lines of stet, by shell. `STET` stands for the words that start stet. Each
 * asks `stet completions --line` and leaves names of files to the shell.
 */
export const scripts = {
  bash: `# Completions of stet for bash: source <(stet completions bash)
_stet() {
  local line="\${COMP_LINE:0:COMP_POINT}" word
  local current="\${line##*[[:space:]]}"
  # readline replaces only the text after the last = or :
  local before="\${current%"\${current##*[=:]}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    case "$word" in
      :files) compopt -o filenames 2>/dev/null
        while IFS= read -r word; do COMPREPLY+=("$word"); done \\
          < <(compgen -f -- "\${current##*[=:]}") ;;
      *=) compopt -o nospace 2>/dev/null; COMPREPLY+=("\${word#"$before"}") ;;
      *) COMPREPLY+=("$(printf %q "\${word#"$before"}")") ;;
    esac
  done < <(STET completions --line="$line" 2>/dev/null)
}
complete -F _stet stet`,
  zsh: `#compdef stet
# Completions of stet for zsh: source <(stet completions zsh), after compinit
_stet() {
  local each word
  local -a words_ shown names
  for each in "\${(@f)$(STET completions --line="\${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}"; do
    word="\${each%%$'\\t'*}"
    case "$word" in
      '') ;;
      :files) _files ;;
      *=) names+=("$word") ;;
      *) words_+=("$word"); shown+=("\${each/$'\\t'/  -- }") ;;
    esac
  done
  (( $#names )) && compadd -S '' -a names
  (( $#words_ )) && compadd -l -d shown -a words_
}
compdef _stet stet`,
  fish: `# Completions of stet for fish: stet completions fish | source
function __stet_complete
  for each in (STET completions --line=(commandline -cp | string collect) 2>/dev/null)
    if test "$each" = :files
      __fish_complete_path (commandline -ct)
    else
      echo $each
    end
  end
end
complete -c stet -f -a '(__stet_complete)'`,
} as const;
