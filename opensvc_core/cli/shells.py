"""The completions of shells: files that ask a command what may follow, each time a person presses the key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# As the shells find them below a folder such as /usr/local/share: bash-completion(7), zshcompsys(1), fish-completions(1).
_BASH: Final = """\
_{name}_completion() {{
    local IFS=$'\\n'
    COMPREPLY=($(env COMP_WORDS="${{COMP_WORDS[*]}}" COMP_CWORD="$COMP_CWORD" _{variable}_COMPLETE=complete_bash "$1"))
    # a keyword goes on with its value, a section with its keyword
    [[ ${{#COMPREPLY[@]}} -gt 0 && ${{COMPREPLY[0]}} == *[=.] ]] && compopt -o nospace
    return 0
}}
complete -o default -F _{name}_completion {name}
"""
_ZSH: Final = """\
#compdef {names}
eval "$(env _TYPER_COMPLETE_ARGS="${{words[1,$CURRENT]}}" "_${{(U)service}}_COMPLETE=complete_zsh" "$words[1]")"
"""
_FISH: Final = """\
function __{name}_completion
    env _{variable}_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=$argv[1] _TYPER_COMPLETE_ARGS=(commandline -cp) {name}
end
complete --command {name} --no-files --arguments "(__{name}_completion get-args)" --condition "__{name}_completion is-args"
"""


def files(programs: Sequence[str]) -> dict[str, tuple[str, int]]:
    """The texts by their place below the folder, and how many lines of each have to stay first."""
    zsh = {"zsh/site-functions/_opensvc": (_ZSH.format(names=" ".join(programs)), 1)}
    bash = {f"bash-completion/completions/{name}": (_filled(_BASH, name), 0) for name in programs}
    fish = {f"fish/vendor_completions.d/{name}.fish": (_filled(_FISH, name), 0) for name in programs}
    return {**bash, **zsh, **fish}


def _filled(template: str, name: str) -> str:
    return template.format(name=name, variable=name.upper())
