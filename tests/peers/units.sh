#!/usr/bin/env bash
# What systemd and man say of what `tidings install systemd` and `tidings man` write.
#
#   tests/peers/units.sh TIDINGS
set -euo pipefail
tidings=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_RUNTIME_DIR=$work   # of which systemd --user wants to know
mkdir -p "$work/the home 100%"
printf '[[source]]\nname = "A"\nfrom.feed = "http://a.example/"\n' >"$work/the home 100%/sources.toml"
touch "$work/secrets" && chmod 600 "$work/secrets"
failed=0
for kind in "" --system "--timer" "--timer --system" --pages "--pages --system"; do
  folder=$work/units$(echo "$kind" | tr -d ' -')
  # shellcheck disable=SC2086
  "$tidings" --home "$work/the home 100%" install systemd $kind --to "$folder" --env-file "$work/secrets" --yes >/dev/null
  for unit in "$folder"/*; do
    how=--user
    [[ $kind == *--system* ]] && how=--system
    if said=$(systemd-analyze verify "$how" --recursive-errors=no "$unit" 2>&1) && [ -z "$said" ]; then
      echo "reached systemd-analyze verify $how $(basename "$unit"): not a word"
    else
      echo "MISSED  systemd-analyze verify $how $(basename "$unit"): $said"
      failed=1
    fi
    [[ $unit == *.service ]] && systemd-analyze security --offline=true "$unit" --no-pager 2>/dev/null | tail -1 | sed "s|^|        $how: |"
  done
done
"$tidings" man "$work/man" | head -1
for page in "$work"/man/*.1; do
  if said=$(man --warnings -l "$page" 2>&1 >/dev/null) && [ -z "$said" ]; then :; else echo "MISSED  $(basename "$page"): $said"; failed=1; fi
done
[ "$failed" = 0 ] && echo "reached man reads every page without a warning"
exit "$failed"
