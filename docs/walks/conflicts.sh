#!/bin/sh
# A walk through one conflict of each kind, with the real program: every command is shown with what it says.
#
#   docs/walks/conflicts.sh              uses `instep` of the PATH, or $INSTEP
#   FOLDING=DIR docs/walks/conflicts.sh  an empty folder on a file system that takes `x` and `X` for one name; without
#                                        it an exFAT image is mounted if that is allowed, else that kind is left out
#
# Everything happens in a temporary directory, which goes at the end.
set -u
instep=${INSTEP:-instep}
place=$(mktemp -d)
loop='' mounted=''
tidy() {
    cd /
    [ -n "$mounted" ] && umount "$mounted"
    [ -n "$loop" ] && losetup --detach "$loop"
    rm -rf "$place"
}
trap tidy EXIT
export INSTEP_HOME="$place/home" TZ=UTC NO_COLOR=1
mkdir -p "$place/laptop" "$place/nas" "$place/empty"
cd "$place" || exit 1

say() { printf '\n## %s\n\n' "$*"; }
# Shows a command of instep and runs it; its exit code is told where it is not 0.
run() {
    printf '$ instep'
    for word; do
        case $word in
            *[!A-Za-z0-9_./:=@%+,-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$instep" "$@" >"$place/said" 2>&1 </dev/null
    code=$?
    sed "s|$place|~|g" "$place/said"
    [ $code -eq 0 ] || printf '(exit code %s)\n' $code
}
# Both sides agree on what is there.
agree() { "$instep" sync "${1:-notes}" --yes -q >/dev/null 2>&1; }

"$instep" add notes laptop nas --label-a laptop --label-b nas >/dev/null || exit 1
sed -i.old 's/^\[items.notes\]$/&\nask = ["deletions", "permissions"]/' "$INSTEP_HOME/instep.toml"

say 'Changed on both sides: in different places, and in the same'
printf 'line 1\nline 2\nline 3\nline 4\nline 5\n' >laptop/notes.md
printf 'hello\n' >laptop/todo.txt
agree
printf 'LINE ONE\nline 2\nline 3\nline 4\nline 5\n' >laptop/notes.md
printf 'line 1\nline 2\nline 3\nline 4\nLINE FIVE\n' >nas/notes.md
printf 'left\n' >laptop/todo.txt
touch -d '1 minute ago' laptop/todo.txt
printf 'rightt\n' >nas/todo.txt
run sync notes
run conflicts notes --diff
run resolve notes --all --keep merge --dry-run
run resolve notes --all --keep merge
run resolve notes todo.txt --tool 'cat $LOCAL $REMOTE > $MERGED'
printf '$ cat nas/notes.md nas/todo.txt\n'
cat nas/notes.md nas/todo.txt
run undo last
run conflicts notes
run resolve notes --all --keep newest

say 'New on both sides'
printf 'mine\n' >laptop/plan.txt
printf 'theirs, longer\n' >nas/plan.txt
run sync notes
run resolve notes plan.txt --keep both --name-a plan-laptop.txt --name-b plan-nas.txt
printf '$ ls nas\n'
ls nas

say 'A file against a directory, a link against a file'
printf 'x\n' >laptop/link
agree
printf 'a file\n' >laptop/thing
mkdir nas/thing && printf 'inside\n' >nas/thing/inside
printf 'edited\n' >laptop/link
rm nas/link && ln -s todo.txt nas/link
run sync notes
run resolve notes thing --keep b
run resolve notes link --keep a

say 'Changed on one side, deleted on the other'
printf 'draft\n' >laptop/draft.txt
mkdir laptop/project && printf 'old\n' >laptop/project/old
agree
printf 'draft, still wanted\n' >laptop/draft.txt
rm nas/draft.txt
rm -r laptop/project
printf 'new\n' >nas/project/new
run sync notes
run resolve notes draft.txt --keep a
run resolve notes project --keep a
run sync notes

say 'Permissions'
chmod 600 laptop/draft.txt
chmod 640 nas/draft.txt
run sync notes
run resolve notes draft.txt --keep a

say 'Left out from now on'
printf 'laptop cache\n' >laptop/cache.db
printf 'nas cache!\n' >nas/cache.db
run sync notes
run resolve notes cache.db --leave-out
printf '$ cat nas/.instepignore\n'
cat nas/.instepignore

say 'Copies that other programs have left'
printf 'first\nsecond\n' >laptop/report.txt
printf 'first\nin between\nsecond\n' >'laptop/report.sync-conflict-20260301-120000-ABCDEFG.txt'
agree
run conflicts notes --find-copies --diff
run resolve notes --copies --all --keep merge

say 'Two names that one side takes for the same'
folding=${FOLDING:-}
if [ -z "$folding" ] && command -v mkfs.exfat >/dev/null && command -v mount.exfat-fuse >/dev/null; then
    truncate -s 32M image && mkfs.exfat image >/dev/null 2>&1
    loop=$(losetup --find --show image 2>/dev/null)
    if [ -n "$loop" ] && mount.exfat-fuse -o entry_timeout=0,attr_timeout=0,negative_timeout=0 "$loop" empty \
        >/dev/null 2>&1; then
        mounted="$place/empty"
        mkdir empty/stick && folding="$place/empty/stick"
    fi
fi
if [ -z "$folding" ]; then
    echo '(left out: there is no such file system here)'
else
    mkdir photos
    "$instep" add photos photos "$folding" --label-a laptop --label-b stick >/dev/null
    printf 'the first\n' >photos/holiday.jpg
    agree photos
    printf 'another one\n' >photos/Holiday.jpg
    run sync photos
    run resolve photos Holiday.jpg --keep both --name-a Holiday-2.jpg
    printf '$ ls stick\n'
    ls "$folding"
    run undo last
    run resolve photos Holiday.jpg --keep a
    printf '$ ls photos stick\n'
    (ls photos && ls "$folding") | sort
fi

say 'Nothing is left'
run sync notes
run conflicts
