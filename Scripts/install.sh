#!/bin/sh
# Installs the commands, their manual pages and shell completions:
#   Scripts/install.sh BIN PREFIX        or, to take them away again, Scripts/install.sh --remove PREFIX
set -eu
tools="moe-convert moe-inspect moe-run"
prefix=$2

manual=$prefix/share/man/man1
bash=$prefix/share/bash-completion/completions
zsh=$prefix/share/zsh/site-functions
fish=$prefix/share/fish/vendor_completions.d

if [ "$1" = --remove ]; then
    for tool in $tools; do
        rm -f "$prefix/bin/$tool" "$manual/$tool.1" "$bash/$tool" "$zsh/_$tool" "$fish/$tool.fish"
    done
    exit 0
fi

install -d "$prefix/bin" "$manual" "$bash" "$zsh" "$fish"
for tool in $tools; do
    install -m 755 "$1/$tool" "$prefix/bin/$tool"
    install -m 644 "man/$tool.1" "$manual/$tool.1"
    "$1/$tool" --generate-completion-script bash > "$bash/$tool"
    "$1/$tool" --generate-completion-script zsh > "$zsh/_$tool"
    "$1/$tool" --generate-completion-script fish > "$fish/$tool.fish"
done
echo "installed $tools under $prefix"
