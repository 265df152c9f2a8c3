# A service manager of a user for this script alone, in a namespace of its own: it must not meet the machine's.
# Called by systemd.rs: systemd.sh INSTEP DIRECTORY. Says "skipped: REASON" where no such manager can be had.
set -eu
instep=$1
export HOME="$2/home" XDG_RUNTIME_DIR="$2/run"
unset INSTEP_HOME XDG_CONFIG_HOME XDG_STATE_HOME XDG_DATA_HOME XDG_CACHE_HOME
mkdir -p "$HOME/.config/systemd/user/instep.service.d" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"

# What a manager looks at to know that it may be one.
mkdir -p /run/systemd
mount -t tmpfs tmpfs /run/systemd
mkdir /run/systemd/system
# In each of the hierarchies that it may look at: else it manages the groups of the whole machine.
groups=
for tree in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    group="$tree/instep-test-$$"
    if [ -e "$tree/cgroup.procs" ] && mkdir "$group" && echo $$ > "$group/cgroup.procs"; then
        groups="$groups $group"
    fi
done 2>/dev/null
/lib/systemd/systemd --user > "$2/manager.log" 2>&1 &
manager=$!
leave() {
    kill $manager
    wait $manager || true
    for group in $groups; do
        { echo $$ > "${group%/*}/cgroup.procs" && find "$group" -depth -type d -exec rmdir {} +; } 2>/dev/null || true
    done
}
trap leave EXIT
show() { systemctl --user show instep.service --property "$1" --value; }
runs() { [ "$(show ActiveState)" = active ] && [ "$(show MainPID)" -gt 0 ]; }
# Until a condition holds; a minute is for ever.
until_true() {
    n=0
    until eval "$1"; do
        n=$((n + 1))
        [ $n -lt 600 ] || { echo "waited in vain: $1"; exit 1; }
        sleep 0.1
    done
}
n=0
until [ -S "$XDG_RUNTIME_DIR/systemd/private" ]; do
    n=$((n + 1))
    if [ $n -gt 100 ] || ! kill -0 $manager 2>/dev/null; then
        echo "skipped: no service manager: $(tail -n 1 "$2/manager.log")"
        exit 0
    fi
    sleep 0.1
done

# So that nobody waits a minute for a dog to bark.
printf '[Service]\nWatchdogSec=5\nRestartSec=100ms\n' > "$HOME/.config/systemd/user/instep.service.d/soon.conf"
"$instep" service install --now
echo "installed: $(show ActiveState), $(show Type)"
until_true runs
first=$(show MainPID)
"$instep" status > /dev/null && echo "answers"

kill -9 "$first"
until_true '[ "$(show MainPID)" != "$first" ] && runs'
echo "killed: started again"

second=$(show MainPID)
kill -STOP "$second"
until_true '[ "$(show MainPID)" != "$second" ] && runs'
echo "hanging: started again"

systemctl --user stop instep.service
echo "stopped: $(show ActiveState), $(show Result)"
"$instep" service uninstall
[ ! -e "$HOME/.config/systemd/user/instep.service" ] && echo "uninstalled"
