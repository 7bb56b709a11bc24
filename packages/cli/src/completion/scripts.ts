const bash = `# Completion of angee for bash: source <(angee completion bash)
_angee() {
  local line words=() index
  for ((index = 1; index <= COMP_CWORD; index++)); do words+=("\${COMP_WORDS[index]}"); done
  COMPREPLY=()
  while IFS= read -r line; do
    [ -n "$line" ] && COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(angee __complete -- "\${words[@]}" 2>/dev/null)
}
complete -o bashdefault -o default -F _angee angee
`

const zsh = `#compdef angee
# Completion of angee for zsh: source <(angee completion zsh), after compinit
_angee() {
  local line
  local -a found
  for line in \${(f)"$(angee __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#found} )); then
    _describe -V angee found
  else
    _files
  fi
}
compdef _angee angee
`

const fish = `# Completion of angee for fish: angee completion fish > ~/.config/fish/completions/angee.fish
function __angee_complete
    set -l words (commandline -opc) (commandline -ct)
    angee __complete -- $words[2..-1] 2>/dev/null
end
complete -c angee -a '(__angee_complete)'
`

const scripts = { bash, zsh, fish }

/** The script that a shell sources to complete command lines of angee. It asks angee itself, so it never ages. */
export function completionScript(shell: keyof typeof scripts): string {
  return scripts[shell]
}
