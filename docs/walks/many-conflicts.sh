#!/usr/bin/env bash
# What many conflicts cost: settling all of them by one command, taking that back, and keeping the common versions that
# merges need.
#
#   docs/walks/many-conflicts.sh [N]     N small text files (10000), in ten folders; `instep` of the PATH, or $INSTEP
set -eu
instep=${INSTEP:-instep}
count=${1:-10000}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

# A line of `time -p` after each: real is the clock, user and sys the processor.
timed() {
    printf '%-34s' "$1"
    shift
    { time -p "$@" >said 2>&1 </dev/null || true; } 2>times
    awk '{ printf "%s %ss  ", $1, $2 } END { print "" }' times
}
fill() {
    for dir in 0 1 2 3 4 5 6 7 8 9; do mkdir -p "$1/$dir"; done
    awk -v count="$count" -v dir="$1" -v words="$2" -v dirs="$3" 'BEGIN {
        for (n = 0; n < count; n++) {
            file = dir "/" n % 10 "/" n ".txt"
            for (line = 0; line < 20; line++) print (line == dirs ? words : "line " line " of file " n) > file
            close(file)
        }
    }'
}
for kept in false true; do
    export INSTEP_HOME="$place/home-$kept"
    mkdir a-$kept b-$kept
    "$instep" add notes a-$kept b-$kept >/dev/null
    printf '%s\n' "/^\[items.notes\]/a\\" "ancestors = $kept" >edit
    sed -i -f edit "$INSTEP_HOME/instep.toml"
    fill a-$kept same 99
    timed "first sync, ancestors = $kept" "$instep" sync notes --yes
done
size=$(find "$INSTEP_HOME" -name ancestors.db -exec wc -c {} + | awk 'END { print $1 }')
printf '%-34s%s bytes for %s texts of %s\n' 'common versions kept' "$size" \
    "$([ "$count" -lt 4096 ] && echo "$count" || echo 4096)" "$(wc -c <a-true/0/0.txt) bytes"

fill a-true 'changed on the left' 1
fill b-true 'changed on the right' 18
timed "sync that finds $count conflicts" "$instep" sync notes
timed 'list them' "$instep" conflicts notes
timed 'what each would come to' "$instep" resolve notes --all --keep newest --dry-run
timed 'settle all: keep a' "$instep" resolve notes --all --keep a --yes
tail -n 1 said
timed 'take it back' "$instep" undo last
timed 'settle all: merge' "$instep" resolve notes --all --keep merge --yes
grep -m 2 -i 'conflict' said || true
timed 'settle the rest: keep both' "$instep" resolve notes --all --keep both --yes
timed 'sync: nothing is left' "$instep" sync notes
tail -n 1 said
