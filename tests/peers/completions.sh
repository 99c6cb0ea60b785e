#!/usr/bin/env bash
# Whether bash, asked as the Tab key asks it, completes what `tidings completions bash` prints.
#
#   tests/peers/completions.sh TIDINGS
set -euo pipefail
tidings=$1
source <("$tidings" completions bash)
failed=0
expect() {
  local words=$1 wanted=$2
  read -ra COMP_WORDS <<<"$words"
  [ "${words: -1}" = " " ] && COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$words COMP_POINT=${#words} COMPREPLY=()
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  _tidings tidings "$current" "$before"
  if printf '%s\n' "${COMPREPLY[@]}" | grep -qx -- "$wanted"; then
    echo "reached $words → ${COMPREPLY[*]}" | cut -c1-120
  else
    echo "MISSED  $words: $wanted is not among: ${COMPREPLY[*]}"
    failed=1
  fi
}
complete -p tidings >/dev/null || { echo "MISSED  bash completes nothing for tidings"; exit 1; }
expect "tidings ins" install
expect "tidings install " claude-code
expect "tidings install cron --" --env-file
expect "tidings sources " import
expect "tidings sessions usage --by " day
expect "tidings run --" --dry-run
expect "tidings completions " zsh
expect "tidings --log " json
exit "$failed"
