# A handler in shell with all that the library can serve: files of $PLACE/here go to $PLACE/there.
. "$LIBRARY"

handler_name() { echo "Shelf"; }
handler_items() {
    n=0
    while [ "$n" -lt "${MANY:-1}" ]; do
        printf '%s%s\t%s\n' "$PREFIX" "$n" "Shelf $n"
        n=$((n + 1))
    done
}
handler_options() {
    [ "$(printf '%s\n' "$1" | jq -r 'keys - ["deep", "undo"] | join(" ")')" = "" ] || { echo "there is only deep"; return 1; }
}
handler_command() { echo "cp -r here there # $1"; }
missing() {
    for file in "$PLACE"/here/*; do
        [ -e "$PLACE/there/${file##*/}" ] || printf '%s\t%s\n' "$1" "${file##*/}"
    done
}
handler_preview() { missing create; }
handler_verify() { missing missing; }
handler_undo() { [ "$1" != 1 ] || echo '{"undo":true}'; }
handler_resolve() {
    [ "$(printf '%s\n' "$2" | jq -r .keep)" = one ] || { echo "only one can be kept"; return 1; }
    conflicts shelf0 '[]'
}
handler_sync() {
    phase "$1" moving
    lease 120
    progress "$1" "copying" 0 1
    echo "$OPTIONS" >>"$PLACE/options"
    if [ "$MANY" = 1 ]; then
        cp "$PLACE"/here/* "$PLACE/there"
        conflicts "$1" '[{"id": "x", "path": "x", "versions": [{"location": "here"}, {"location": "there"}]}]'
    fi
    succeeded "$1"
}
serve
