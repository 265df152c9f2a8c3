#!/bin/sh
# Keeps an archive of a folder beside it: every item is a folder below $ARCHIVES, and its archive is FOLDER.tar, renewed
# file by file when something in the folder is newer. A stop leaves the old archive as it was.
#
#   [handlers.archives]
#   command = ["/usr/share/instep/archive.sh"]
#   env = { ARCHIVES = "/srv/projects" }
set -u
. "$(dirname "$0")/../instep-handler.sh"

handler_name() { echo "Archives"; }

handler_items() {
    for folder in "${ARCHIVES:-.}"/*/; do
        [ -d "$folder" ] || continue
        name=$(basename "$folder")
        printf '%s\t%s\n' "$name" "$name"
    done
}

handler_sync() {
    folder=$ARCHIVES/$1
    new=$ARCHIVES/.$1.tar.new
    if ! [ -d "$folder" ]; then
        failed "$1" config "The folder '$folder' is not there." "put it back"
        return
    fi
    count=$(find "$folder" -type f | wc -l)
    progress "$1" "looking" 0 "$count"
    rm -f "$new"
    done=0
    # A here document, not a pipe: the loop must not be a process of its own.
    while IFS= read -r file; do
        [ -n "$file" ] || continue
        done=$((done + 1))
        progress "$1" "$file" "$done" "$count"
        if canceled_p "$1"; then
            rm -f "$new"
            canceled "$1"
            return
        fi
        if ! tar -rf "$new" -C "$ARCHIVES" "$1/$file" 2>/dev/null; then
            event "$1" error "Not archived" "'$file' could not be read." "make it readable for this user"
        fi
    done <<EOF
$(cd "$folder" && find . -type f | sed 's|^\./||' | sort)
EOF
    [ ! -e "$new" ] || mv "$new" "$folder.tar"
    outcome "$1" done "$done"
    succeeded "$1"
}

serve
