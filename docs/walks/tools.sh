#!/bin/sh
# A walk through the tools that are handlers out of the box, with the real program and the real tools on servers of this
# machine: each does a job, is stopped in the middle, fails, and is explained. Every command is shown with what it says.
#
#   docs/walks/tools.sh            uses `instep` of the PATH, or $INSTEP
#
# Wants rsync, rclone, restic, borg, unison, git and syncthing; what is missing is explained by the program itself.
# Everything happens in a temporary directory, and what is started here ends here.
set -u
instep=${INSTEP:-instep}
place=$(mktemp -d)
servers='' mounted=''
tidy() {
    cd /
    # shellcheck disable=SC2086 # several
    [ -n "$servers" ] && kill $servers 2>/dev/null
    [ -n "$mounted" ] && umount "$mounted"
    rm -rf "$place"
}
trap tidy EXIT
export INSTEP_HOME="$place/home" HOME="$place/me" TZ=UTC NO_COLOR=1
unset RCLONE_CONFIG RESTIC_REPOSITORY RESTIC_PASSWORD BORG_REPO BORG_PASSPHRASE XDG_CONFIG_HOME XDG_STATE_HOME
mkdir -p "$place/home" "$place/me/.config/rclone" "$place/src" "$place/dst" "$place/cloud" "$place/rest" "$place/a" "$place/b"
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
    done | sed "s|$place|~|g"
    printf '\n'
    "$instep" "$@" >"$place/said" 2>&1 </dev/null
    code=$?
    sed "s|$place|~|g" "$place/said"
    [ $code -eq 0 ] || printf '(exit code %s)\n' $code
}
# Starts a server, and waits until its port is open.
serve() {
    port=$1
    shift
    "$@" >/dev/null 2>&1 &
    servers="$servers $!"
    tries=0
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || nc -z 127.0.0.1 "$port" 2>/dev/null || [ $tries -ge 50 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
}
# Stops a run of an item as Ctrl-C does as soon as that is there, and tells what of its tool is left.
stopped() {
    item=$1 middle=$2
    printf '$ instep sync %s     # Ctrl-C in the middle\n' "$item"
    "$instep" sync "$item" >"$place/said" 2>&1 </dev/null &
    pid=$!
    tries=0
    until ls $middle >/dev/null 2>&1 || [ $tries -ge 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    kill -INT $pid
    wait $pid
    code=$?
    sed "s|$place|~|g" "$place/said" | tail -n 3
    left=0
    for process in /proc/[0-9]*; do
        case " $servers $$ " in *" ${process#/proc/} "*) continue ;; esac
        cat "$process/cmdline" 2>/dev/null | tr '\0' ' ' | grep -q "$place/slow" && left=$((left + 1))
    done
    printf '(exit code %s; processes that are left of it: %s)\n' $code $left
}

head -c 3000000 /dev/urandom >src/big
echo 1 >src/one
echo x >dst/gone
printf 'me:right\n' >users && chmod 600 users
printf 'use chroot=no\nuid=%s\ngid=%s\n[m]\npath=%s/dst\nread only=no\nauth users=me\nsecrets file=%s/users\n' \
    "$(id -u)" "$(id -g)" "$place" "$place" >rsyncd.conf
serve 18873 rsync --daemon --no-detach --config=rsyncd.conf --address=127.0.0.1 --port=18873
serve 18880 rclone serve webdav cloud --addr 127.0.0.1:18880 --user me --pass right
serve 18881 rclone serve restic rest --addr 127.0.0.1:18881
RESTIC_PASSWORD=right restic init -q -r rest:http://127.0.0.1:18881/
BORG_PASSPHRASE=right borg init -e repokey repo 2>/dev/null
git init -q -b main code && (cd code && echo 1 >f && git add . && git -c user.email=x@y -c user.name=x commit -qm 1)
git init -q --bare up.git
echo a >a/f; echo b >b/f; echo c >a/g
printf '[cloud]\ntype = webdav\nurl = http://127.0.0.1:18880\nvendor = other\nuser = me\npass = %s\n' "$(rclone obscure right)" \
    >me/.config/rclone/rclone.conf
printf '#!/bin/sh\ntouch "%s/reached"\nsh -c "sleep 1000; : %s/slow"\n' "$place" "$place" >slow && chmod 755 slow

say 'What this machine has already, and one of it as an item in one command'
run handler list --found
run add --found cloud --set "source=$place/src" --set mode=sync

say 'The others, key by key'
run add rsync --handler rsync --set "source=$place/src/" --set target=rsync://me@127.0.0.1:18873/m --set delete=true \
    --set 'environment={ RSYNC_PASSWORD = "right" }'
run add restic --handler restic --set repository=rest:http://127.0.0.1:18881/ --set "paths=[\"$place/src\"]" \
    --set 'environment={ RESTIC_PASSWORD = "right" }'
run add borg --handler borg --set "repository=$place/repo" --set "paths=[\"$place/src\"]" \
    --set 'environment={ BORG_PASSPHRASE = "right" }'
run add unison --handler unison --set "a=$place/a" --set "b=$place/b"
run add git --handler git --set mode=push --set "path=$place/code" --set "remote=$place/up.git"

for item in rsync cloud restic borg unison git; do
    say "$item does a real job"
    run sync $item
done
say 'What a run says afterwards: the exact command first, its secrets left out'
run results last

say 'A guard: twenty files would go'
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo x >"dst/f$number"; done
run preview rsync
run sync rsync

say 'The same with Unison, which has no dry run: a directory with all that is in it is gone on one side'
mkdir a/d
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo x >"a/d/f$number"; done
run sync unison
rm -r a/d
run preview unison
run sync unison
run sync unison --approve

say 'Failing, and explained: a wrong password, an address where nobody answers, a tool that is missing'
run add rsync-wrong --handler rsync --set "source=$place/src/" --set target=rsync://me@127.0.0.1:18873/m \
    --set 'environment={ RSYNC_PASSWORD = "wrong" }'
run sync rsync-wrong
run add borg-wrong --handler borg --set "repository=$place/repo" --set "paths=[\"$place/src\"]" \
    --set 'environment={ BORG_PASSPHRASE = "wrong" }'
run sync borg-wrong
run add restic-asks --handler restic --set repository=rest:http://127.0.0.1:18881/ --set "paths=[\"$place/src\"]"
run sync restic-asks
run add nobody --handler rsync --set "source=$place/src/" --set target=rsync://127.0.0.1:1/m
run sync nobody
run add git-nobody --handler git --set mode=fetch --set "path=$place/code" --set remote=git://127.0.0.1:1/x.git
run sync git-nobody
run add unison-nobody --handler unison --set "a=$place/a" --set b=socket://127.0.0.1:1/x
run sync unison-nobody
instep=$(command -v "$instep")
printf '$ PATH=/nowhere instep sync git\n'
PATH=$place/nowhere "$instep" sync git >said 2>&1 </dev/null
code=$?
cat said
printf '(exit code %s)\n' $code

say 'A disk that is full'
mkdir small
if mount -t tmpfs -o size=1m tmpfs small 2>/dev/null; then
    mounted=$place/small
    run add full --handler rclone --set mode=copy --set "source=$place/src" --set "target=$place/small" --set 'options=["--retries=1"]'
    run sync full
else
    echo 'left out: nothing can be mounted here'
fi

say 'Stopped in the middle: nothing of the tool goes on'
run add rsync-slow --handler rsync --set "source=$place/src/" --set target=box:/x --set "environment={ RSYNC_RSH = \"$place/slow\" }"
stopped rsync-slow reached
rm -f reached
run add borg-slow --handler borg --set "repository=ssh://box/x" --set "paths=[\"$place/src\"]" \
    --set "environment={ BORG_RSH = \"$place/slow\" }"
stopped borg-slow reached
rm -f reached
run add unison-slow --handler unison --set "a=$place/a" --set b=ssh://box/x --set "options=[\"-sshcmd\", \"$place/slow\"]"
stopped unison-slow reached
rm -f reached
cp slow up.git/hooks/pre-receive
(cd code && echo 2 >f && git -c user.email=x@y -c user.name=x commit -qam 2)
stopped git reached

say 'Every remote of rclone as a handler of its own, with nothing said of any of them'
printf '\n[collections.rclone]\nfolder = "%s/clouds"\nschedule = { every = "6h" }\n' "$place" >>home/instep.toml
run handler list
run schedule
run sync rclone:cloud
ls clouds/cloud
printf '' >me/.config/rclone/rclone.conf
run sync rclone:cloud
