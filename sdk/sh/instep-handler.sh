# Write handlers for Instep in a POSIX shell; needs jq.
#
#   . ./instep-handler.sh
#   handler_name() { echo "My handler"; }
#   handler_items() { printf '%s\t%s\n' one "The first thing"; }
#   handler_sync() { progress "$1" "working" 1 2; succeeded "$1"; }
#   serve
#
# handler_items prints an identifier, a tab and a name a line. handler_sync is called for every item; it ends the item
# with `succeeded`, `failed`, `canceled` or `disconnected`, and asks `canceled_p` from time to time. One synchronization
# runs at a time; OPTIONS are those of its start, as JSON.
#
# Whatever else is there, the center finds:
#   handler_hello JSON             the handshake's parameters
#   handler_options JSON           fails, and prints why, when it does not know these options of a start
#   handler_command ITEM           prints the command that a plain start runs
#   handler_preview ITEM OPTIONS   prints what a start would do: `create`, `update` or `delete`, a tab and a path a line
#   handler_verify ITEM OPTIONS    prints where it is not as it was left: `missing` or `content`, a tab and a path a line
#   handler_undo RUN               prints the options of a start that takes a run back, or nothing
#   handler_resolve CONFLICT CHOICE   settles a conflict of `conflicts`, both as JSON; fails, and prints why
#   handler_enable TRUE|FALSE [ITEM], handler_delete ITEM   what a person did

LF='
'
SESSION=
OPTIONS='{}'
MORE=

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
disconnected() { final "$1" disconnected; }
# failed ITEM CLASS TEXT [FIX]
failed() {
    tell report_outcome --argjson session "$SESSION" --arg item "$1" --arg class "$2" --arg text "$3" --arg fix "${4-}" \
        '{jsonrpc: "2.0", method: $method, params: {session: $session, item: $item, outcome: "failed",
          problem: ({class: $class, text: $text} + if $fix == "" then {} else {fix: $fix} end)}}'
    final "$1" failed
}

# phase ITEM looking|comparing|moving|finishing
phase() {
    tell report_phase --argjson session "$SESSION" --arg item "$1" --arg phase "$2" \
        '{jsonrpc: "2.0", method: $method, params: {session: $session, item: $item, phase: $phase}}'
}

# lease SECONDS: asks for leave to be silent for so long.
lease() {
    ask extend_lease --argjson session "$SESSION" --argjson seconds "$1" \
        '{jsonrpc: "2.0", id: $id, method: $method, params: {session: $session, seconds: $seconds}}'
}

# conflicts ITEM JSON: these are the open conflicts of the item now, a list of `{"id", "path", "versions"}`.
conflicts() {
    ask replace_conflicts --arg item "$1" --argjson conflicts "$2" \
        '{jsonrpc: "2.0", id: $id, method: $method, params: {item: $item,
          conflicts: [$conflicts[] | {kind: "edit-edit"} + . + {item: $item}]}}'
}

# more_items: puts the items that wait for this handler into WAITING, a line each; `add ITEM` takes one into the session.
more_items() {
    ask query_for_additional_items --argjson session "$SESSION" \
        '{jsonrpc: "2.0", id: $id, method: $method, params: {session: $session}}'
    WAITING=$(_of "$ANSWER" '.result.items[]?')
}
add() {
    ask add_item_to_session --argjson session "$SESSION" --arg item "$1" \
        '{jsonrpc: "2.0", id: $id, method: $method, params: {session: $session, item: $item}}'
    _answered_well
}

# propose ITEM NAME, commit ITEM: an item that is new.
propose() {
    ask propose_item --argjson session "$SESSION" --arg item "$1" --arg name "$2" \
        '{jsonrpc: "2.0", id: $id, method: $method, params: {session: $session, item: {id: $item, name: $name}}}'
    _answered_well
}
commit() {
    ask commit_item --argjson session "$SESSION" --arg item "$1" \
        '{jsonrpc: "2.0", id: $id, method: $method, params: {session: $session, item: $item}}'
    _answered_well
}
_answered_well() {
    printf '%s\n' "$ANSWER" | jq -e 'has("result")' >/dev/null
}

# answer MESSAGE FILTER [JQ-ARGS...]: answers a question with what the filter makes of it.
answer() {
    message=$1
    filter=$2
    shift 2
    line=$(printf '%s\n' "$message" | jq -c "$@" "select(has(\"id\")) | {jsonrpc: \"2.0\", id} + ($filter)")
    [ -z "$line" ] || say "$line"
}

# _has FUNCTION: whether the handler has it.
_has() {
    command -v "$1" >/dev/null
}

# _of MESSAGE FILTER: what the filter makes of a message.
_of() {
    printf '%s\n' "$1" | jq -r "$2"
}

# The names of optional methods that this handler has.
_abilities() {
    for pair in options:options command:command_line preview:preview verify:verify undo:undo resolve:resolve; do
        ! _has "handler_${pair%%:*}" || echo "${pair#*:}"
    done | jq -Rcn '[inputs]'
}

# _try MESSAGE COMMAND...: runs it; answers with nothing, or with what it printed as the reason why not.
_try() {
    question=$1
    shift
    if why=$("$@"); then
        answer "$question" '{result: {}}'
    else
        answer "$question" '{error: {code: -32001, message: $why}}' --arg why "${why:-it was refused}"
    fi
}

# Lines of a word, a tab and a path, as rows in which the word has this name.
_rows_json() {
    jq -Rcn --arg word "$1" '[inputs | split("\t") | {($word): .[0], path: .[1]}]'
}

# So many rows go into one answer: each may be as long as a path.
ROWS_AT_ONCE=10

_preview() {
    rows=$(handler_preview "$(_of "$1" .params.item)" "$(_of "$1" '.params.options // {}')" | _rows_json verb)
    look=$(_of "$1" .params.look)
    eval "ROWS_$look=\$rows"
    answer "$1" '{result: {expected: "done", actions: ($rows | length), counts: {b: (
        {created: "create", updated: "update", deleted: "delete"}
        | map_values(. as $verb | [$rows[] | select(.verb == $verb)] | length))}}}' --argjson rows "$rows"
}

# Rows of a preview that were not forgotten.
_rows() {
    look=$(_of "$1" .params.look)
    eval "rows=\${ROWS_$look:-[]}"
    answer "$1" '.params as $asked | {result: {actions: (if $asked.of == "actions"
        then [$rows[$asked.from:$asked.from + $most][] | {side: "b", kind: "file"} + .] else [] end)}}' \
        --argjson rows "$rows" --argjson most "$ROWS_AT_ONCE"
}

_verify() {
    rows=$(handler_verify "$(_of "$1" .params.item)" "$(_of "$1" '.params.options // {}')" | _rows_json kind)
    answer "$1" '{result: {differences: $rows[:$most], more: (($rows | length) > $most)}}' \
        --argjson rows "$rows" --argjson most "$ROWS_AT_ONCE"
}

_undo() {
    options=$(handler_undo "$(_of "$1" .params.run)")
    answer "$1" '{result: (if $options == null then {} else {options: $options} end)}' \
        --argjson options "${options:-null}"
}

# Why a choice makes no sense for a conflict that this library could settle; nothing when it does.
_senseless() {
    _of "$1" '.params | (.conflict.versions | length) as $count | .choice as $choice
        | if $choice.keep == "one" then [$choice.index]
          elif $choice.keep == "items" then [$choice.items[].index] else [] end
        | if any(. < 0 or . >= $count) then "a version was chosen that there is not: there are \($count)"
          elif $choice.keep == "items" and length == 0 then "no version was chosen to be kept"
          elif length != (unique | length) then "a version was chosen twice"
          elif ["other", "merged", "remove_from_sync_set"] | index($choice.keep) then "it cannot be settled this way"
          else empty end'
}

_resolve() {
    why=$(_senseless "$1")
    if [ -z "$why" ] &&
        why=$(handler_resolve "$(_of "$1" '.params.conflict | tojson')" "$(_of "$1" '.params.choice | tojson')"); then
        answer "$1" '{result: {}}'
    else
        answer "$1" '{error: {code: -32010, message: $why, data: {class: "config"}}}' --arg why "${why:-it was refused}"
    fi
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
    OPTIONS=$(printf '%s\n' "$call" | jq -c '.params.options // {}')
    # What did not fit into one line came before.
    list=$MORE$(printf '%s\n' "$call" | jq -r '.params.items[]')
    MORE=
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
        ! _has handler_hello || handler_hello "$(printf '%s\n' "$1" | jq -c .params)"
        answer "$1" '{result: {protocol: "1.0", abilities: $abilities}}' --argjson abilities "$(_abilities)"
        ;;
    get_handler) answer "$1" '{result: {name: $name}}' --arg name "$(handler_name)" ;;
    list_items) answer "$1" '{result: {items: $items}}' --argjson items "$(items_json)" ;;
    get_item)
        answer "$1" '.params.item as $wanted | {result: {item:
            ([$items[] | select((.id | ascii_upcase) == ($wanted | ascii_upcase))] | first)}}' \
            --argjson items "$(items_json)"
        ;;
    synchronize_more)
        # One synchronization at a time: the items are those of the next.
        MORE=$MORE$(_of "$1" '.params.items[]')$LF
        answer "$1" '{result: {}}'
        ;;
    synchronize) synchronize "$1" ;;
    check_options)
        if _has handler_options; then
            _try "$1" handler_options "$(_of "$1" '.params.options // {}')"
        else
            answer "$1" '{error: {code: -32001, message: "this handler knows no options"}}'
        fi
        ;;
    command_line)
        answer "$1" '{result: {command: $command}}' --arg command "$(handler_command "$(_of "$1" .params.item)")"
        ;;
    preview) _preview "$1" ;;
    rows) _rows "$1" ;;
    forget_rows) unset "ROWS_$(_of "$1" .params.look)" ;;
    verify) _verify "$1" ;;
    undo_options) _undo "$1" ;;
    get_abilities) answer "$1" '{result: {abilities: ["keep_single", "keep_multiple", "keep_recent"]}}' ;;
    resolve_conflict) _resolve "$1" ;;
    enable)
        if _has handler_enable; then
            _try "$1" handler_enable "$(_of "$1" .params.enabled)" "$(_of "$1" '.params.item // ""')"
        else
            answer "$1" '{result: {}}'
        fi
        ;;
    delete_item)
        if _has handler_delete; then
            _try "$1" handler_delete "$(_of "$1" .params.item)"
        else
            answer "$1" '{error: {code: -32003, message: "this handler deletes nothing"}}'
        fi
        ;;
    shutdown)
        answer "$1" '{result: {}}'
        exit 0
        ;;
    # Every answer says it too.
    cancel | session_ended | cancel_look | activate) answer "$1" '{result: {}}' ;;
    '') ;;
    *) answer "$1" '{error: {code: -32601, message: "unknown method"}}' ;;
    esac
}

serve() {
    while IFS= read -r MESSAGE <&3; do
        take "$MESSAGE"
    done
}
