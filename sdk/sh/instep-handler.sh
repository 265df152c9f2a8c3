# Write handlers for Instep in a POSIX shell; needs jq.
#
#   . ./instep-handler.sh
#   handler_name() { echo "My handler"; }
#   handler_items() { printf '%s\t%s\n' one "The first thing"; }
#   handler_sync() { progress "$1" "working" 1 2; succeeded "$1"; }
#   serve
#
# handler_items prints an identifier, a tab and a name a line. handler_sync is called for every item; it ends the item
# with `succeeded`, `failed` or `canceled`, and asks `canceled_p` from time to time. handler_hello, if there is one, gets
# the handshake's parameters as JSON. One synchronization runs at a time.

LF='
'
SESSION=

say() {
    # One printf is one write: lines of two processes are never mixed.
    printf '%s\n' "$1" >&4
}

# message METHOD [JQ-ARGS...] FILTER: a notification with the parameters that the filter makes.
tell() {
    method=$1
    shift
    say "$(jq -cn --arg method "$method" "$@")"
}

# Asks, and waits for the answer, which is in ANSWER; what comes meanwhile is served.
ask() {
    QUESTION=$((${QUESTION:-0} + 1))
    method=$1
    shift
    say "$(jq -cn --argjson id "$QUESTION" --arg method "$method" "$@")"
    while IFS= read -r ANSWER <&3; do
        case $(printf '%s\n' "$ANSWER" | jq -r --argjson id "$QUESTION" \
            'if type != "object" then "bad" elif .method then "message" elif .id == $id then "answer" else "bad" end' \
            2>/dev/null) in
        answer) return 0 ;;
        message) take "$ANSWER" ;;
        esac
    done
    exit 0
}

# Whether this item (or everything) is to stop.
canceled_p() {
    ask can_continue --argjson session "$SESSION" --arg item "$1" \
        '{jsonrpc: "2.0", id: $id, method: $method, params: {session: $session, item: $item}}'
    [ "$(printf '%s\n' "$ANSWER" | jq -r '.result.go_on')" = false ]
}

# progress ITEM TEXT STEP MAX
progress() {
    tell report_progress --argjson session "$SESSION" --arg item "$1" --arg text "$2" --arg step "$3" --arg max "$4" \
        '{jsonrpc: "2.0", method: $method, params: {session: $session, item: $item, text: $text, status: "updating",
          step: ($step | tonumber), max: ($max | tonumber)}}'
}

# event ITEM LEVEL NAME DESCRIPTION [FIX]
event() {
    tell report_event --argjson session "$SESSION" --arg item "$1" --arg level "$2" --arg name "$3" \
        --arg description "$4" --arg fix "${5-}" \
        '{jsonrpc: "2.0", method: $method, params: ({session: $session, item: $item, level: $level, name: $name,
          description: $description} + if $fix == "" then {} else {fix: $fix} end)}'
}

# outcome ITEM OUTCOME [CREATED]
outcome() {
    tell report_outcome --argjson session "$SESSION" --arg item "$1" --arg outcome "$2" --arg created "${3:-0}" \
        '{jsonrpc: "2.0", method: $method, params: {session: $session, item: $item, outcome: $outcome,
          counts: {b: {created: ($created | tonumber)}}}}'
}

# The final words.
final() {
    ask report_progress --argjson session "$SESSION" --arg item "$1" --arg status "$2" \
        '{jsonrpc: "2.0", id: $id, method: $method, params: {session: $session, item: $item, status: $status}}'
}
succeeded() { final "$1" succeeded; }
canceled() { final "$1" canceled; }
# failed ITEM CLASS TEXT [FIX]
failed() {
    tell report_outcome --argjson session "$SESSION" --arg item "$1" --arg class "$2" --arg text "$3" --arg fix "${4-}" \
        '{jsonrpc: "2.0", method: $method, params: {session: $session, item: $item, outcome: "failed",
          problem: ({class: $class, text: $text} + if $fix == "" then {} else {fix: $fix} end)}}'
    final "$1" failed
}

# answer MESSAGE FILTER [JQ-ARGS...]: answers a question with what the filter makes of it.
answer() {
    message=$1
    filter=$2
    shift 2
    line=$(printf '%s\n' "$message" | jq -c "$@" "select(has(\"id\")) | {jsonrpc: \"2.0\", id} + ($filter)")
    [ -z "$line" ] || say "$line"
}

items_json() {
    handler_items | jq -Rcn '[inputs | split("\t") | {id: .[0], name: .[1]}]'
}

synchronize() {
    call=$1
    turn=$(printf '%s\n' "$call" | jq -c '.params.turn')
    ask create_session --argjson turn "$turn" \
        '{jsonrpc: "2.0", id: $id, method: $method, params: {turn: $turn}}'
    SESSION=$(printf '%s\n' "$ANSWER" | jq -c '.result.session // empty')
    if [ -z "$SESSION" ]; then
        answer "$call" '{error: {code: -32010, message: "no session was given", data: {class: "transient"}}}'
        return
    fi
    list=$(printf '%s\n' "$call" | jq -r '.params.items[]')
    saved=$IFS
    IFS=$LF
    for item in $list; do
        IFS=$saved
        handler_sync "$item"
        IFS=$LF
    done
    IFS=$saved
    answer "$call" '{result: {}}'
}

# Serves one message of the center.
take() {
    case $(printf '%s\n' "$1" | jq -r 'if type == "object" then .method // "" else "" end' 2>/dev/null) in
    initialize)
        if [ "$(printf '%s\n' "$1" | jq -r '.params.protocol | split(".")[0]')" != 1 ]; then
            answer "$1" '{error: {code: -32010, message: "this handler speaks version 1.0", data: {class: "config"}}}'
            return
        fi
        command -v handler_hello >/dev/null && handler_hello "$(printf '%s\n' "$1" | jq -c .params)"
        answer "$1" '{result: {protocol: "1.0", abilities: []}}'
        ;;
    get_handler) answer "$1" '{result: {name: $name}}' --arg name "$(handler_name)" ;;
    list_items) answer "$1" '{result: {items: $items}}' --argjson items "$(items_json)" ;;
    get_item)
        answer "$1" '.params.item as $wanted | {result: {item:
            ([$items[] | select((.id | ascii_upcase) == ($wanted | ascii_upcase))] | first)}}' \
            --argjson items "$(items_json)"
        ;;
    synchronize) synchronize "$1" ;;
    shutdown)
        answer "$1" '{result: {}}'
        exit 0
        ;;
    # Every answer says it too.
    cancel | session_ended | activate | enable) answer "$1" '{result: {}}' ;;
    '') ;;
    *) answer "$1" '{error: {code: -32601, message: "unknown method"}}' ;;
    esac
}

serve() {
    while IFS= read -r MESSAGE <&3; do
        take "$MESSAGE"
    done
}
