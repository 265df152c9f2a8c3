#!/bin/sh
# A walk through the center as a service, with real programs: `cargo xtask walk` runs it with `instep` first in PATH.
# Everything is in a directory of its own; what it prints is what anybody sees who types the same.
set -eu

place=$(mktemp -d /tmp/instep-walk.XXXXXX)
export INSTEP_HOME="$place/home" NO_COLOR=1
ours=$(command -v instep)
pids=
mkdir -p "$INSTEP_HOME" "$place/photos" "$place/nas" "$place/a" "$place/b"
cleanup() {
    rm -f /etc/cron.d/instep-walk
    for pid in $pids; do kill -9 "$pid" 2>/dev/null || true; done
    rm -rf "$place"
}
trap cleanup EXIT

say() { printf '\n# %s\n' "$*"; }
# Shows a command and does it; one that fails is the end of the walk.
run() { ends_with 0 "$@"; }
ends_with() {
    expected=$1 code=0
    shift
    printf '$ %s\n' "$*"
    "$@" || code=$?
    [ "$code" = "$expected" ] || fail "exit code $code instead of $expected: $*"
    [ "$code" = 0 ] || printf '(exit code %s)\n' "$code"
}
fail() { printf 'walk: %s\n' "$*" >&2; exit 1; }
# Waits until a command succeeds; the machine may be slow.
until_so() { tries=0; until "$@" >/dev/null 2>&1; do tries=$((tries + 1)); [ $tries -lt 900 ] || fail "it never came to that: $*"; sleep 0.1; done; }
headline() { instep status "$1" --json | grep -q "\"headline\":\"$2\""; }
runs() { instep status "$1" --json | grep -q '"running":[0-9]'; }
rests() { ! runs "$1"; }
live() { curl -s --unix-socket "$INSTEP_HOME/state/instep.sock" http://localhost/api/v1/live; }
is_live() { live | grep -q "\"item\":\"$1\""; }
gone() { ! kill -0 "$1" 2>/dev/null || grep -q ') Z ' "/proc/$1/stat"; }

# A webhook: a listener that writes down what it is told.
cat >"$place/listen.py" <<'PY'
import http.server, sys
class Told(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(sys.argv[1], "ab") as told:
            told.write(body + b"\n")
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Told)
with open(sys.argv[2] + ".new", "w") as port:
    port.write(str(server.server_address[1]))
import os
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
PY
python3 "$place/listen.py" "$place/told" "$place/port" &
pids="$pids $!"
until_so test -s "$place/port"

cat >"$INSTEP_HOME/instep.toml" <<TOML
[items.pair]
a = "$place/a"
b = "$place/b"
schedule = { every = "1s" }

[items.mirror]
handler = "rsync"
source = "$place/photos"
target = "$place/nas2"
options = ["--bwlimit=50"]

[channels.ops]
kind = "webhook"
url = "http://127.0.0.1:$(cat "$place/port")/"

[[alerts]]
state = ["failed", "overdue"]
TOML
mkdir -p "$place/nas2"

serve() {
    # A process group of its own, as a service has: nothing of it is ended with it.
    setsid instep serve 2>>"$place/serve.log" &
    daemon=$!
    pids="$pids $daemon"
    until_so sh -c "head -n 1 '$INSTEP_HOME/state/daemon' | grep -q '^$daemon '"
    echo "daemon: process $daemon"
}

say "1. A daemon, and rsync from a cron line: seen live, and stopped"
serve
i=0
while [ $i -lt 60 ]; do head -c 200000 /dev/urandom >"$place/photos/$i.jpg"; i=$((i + 1)); done
job="INSTEP_HOME=$INSTEP_HOME $ours run --overdue 1d photos -- rsync -a --info=progress2 --bwlimit=200 $place/photos/ $place/nas/"
if [ "$(id -u)" = 0 ] && command -v cron >/dev/null && mkdir -p /etc/cron.d; then
    printf '* * * * * root %s\n' "$job" >/etc/cron.d/instep-walk
    echo "$ cat /etc/cron.d/instep-walk"
    cat /etc/cron.d/instep-walk
    if ! pidof cron >/dev/null; then
        cron -f &
        pids="$pids $!"
    fi
else
    echo "(no cron here: the line is run with the environment that cron gives, and no terminal)"
    echo "\$ $job"
    env -i SHELL=/bin/sh PATH=/usr/bin:/bin HOME="$place" LOGNAME=walk setsid sh -c "$job" </dev/null >/dev/null 2>&1 &
fi
until_so is_live photos
rm -f /etc/cron.d/instep-walk
until_so sh -c "curl -s --unix-socket '$INSTEP_HOME/state/instep.sock' http://localhost/api/v1/live | grep -q '\"percent\":[1-9]'"
echo '$ curl --unix-socket .../instep.sock http://localhost/api/v1/live'
live | python3 -m json.tool | grep -E '"(item|text|percent|step|max|bar)"'
run instep status photos
rsync=$(pgrep -f "rsync -a --info=progress2 --bwlimit=200 $place/photos/" | head -n 1)
run instep stop photos
until_so gone "$rsync"
echo "rsync (process $rsync) is gone"
run instep results photos -n 1

say "2. A script that fails and is told by webhook; it stays away, is overdue, and that is told, too; then all is well"
ends_with 1 instep run --overdue 2s nightly -- sh -c 'echo "cannot reach the server" >&2; exit 1'
until_so grep -q '"overdue":false,"title":"nightly: failed"' "$place/told"
until_so grep -q '"overdue":true,"title":"nightly: failed, overdue"' "$place/told"
run instep status nightly
run instep run --overdue 1d nightly -- true
until_so grep -q '"title":"nightly: back to normal"' "$place/told"
echo "what the webhook was told:"
cat "$place/told"

say "3. A daemon killed in the middle of three sessions: a folder pair, a wrapped tool, a program with curl"
i=0
while [ $i -lt 3000 ]; do mkdir -p "$place/a/$((i / 100))"; echo $i >"$place/a/$((i / 100))/$i"; i=$((i + 1)); done
instep sync mirror >/dev/null 2>&1 &
until_so is_live mirror
tool=$(pgrep -f "rsync.*$place/nas2" | head -n 1)
curl -s --unix-socket "$INSTEP_HOME/state/instep.sock" -H 'Content-Type: application/json' \
    -d '{"items":[{"item":"outside"}]}' http://localhost/api/v1/sessions
echo
instep sync pair --yes >/dev/null 2>&1 &
until_so is_live pair
echo "live: $(live | grep -o '"item":"[a-z]*"' | sort -u | tr '\n' ' ')"
echo "$ kill -9 $daemon"
kill -9 "$daemon"
began=$(date +%s)
until_so rests mirror
until_so rests outside
until_so rests pair
run instep status mirror outside
serve
until_so gone "$tool"
echo "the tool (process $tool) is gone; all of it was known after $(($(date +%s) - began)) s"
run instep status
until_so headline pair up_to_date
echo "the schedule of the pair goes on: $(find "$place/b" -type f -path "$place/b/*/*" -not -path '*/.instep/*' | wc -l) of 3000 files are there"
run instep results -n 6

say "4. A job goes on over a restart of the daemon, and is one run"
instep run long -- sh -c 'sleep 6; echo done' >/dev/null 2>&1 &
until_so is_live long
echo "$ kill -9 $daemon"
kill -9 "$daemon"
serve
until_so is_live long
echo "live again with the new daemon"
until_so rests long
run instep results long
kill "$daemon"
wait "$daemon" || true
say "The end."
