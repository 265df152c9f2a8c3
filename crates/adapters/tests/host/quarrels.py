"""A handler whose notes are in conflict: it settles them as its first argument says, well or in one wrong way; with
`sessions` behind it in sessions, else one by one."""

import json
import os
import sys

MODE, SESSIONS = sys.argv[1], sys.argv[2:] == ["sessions"]
ITEM = "notes"
hear = os.fdopen(3, "r", encoding="utf-8")
tell = os.fdopen(4, "w", encoding="utf-8")
waiting, asked = [], 0


def version(place, size, modified, stamp):
    return {"location": place, "size": size, "modified": modified, "stamp": stamp}


OF_BOTH = {f"note{n}": [version("here", 10, 1000, f"h{n}"), version("there", 20, 2000, f"t{n}")] for n in range(8)}
if MODE == "one-sided":
    OF_BOTH = {name: versions[:1] for name, versions in OF_BOTH.items()}
there, decided = dict(OF_BOTH), {}


def say(**message):
    tell.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    tell.flush()


def next_message():
    line = waiting.pop(0) if waiting else hear.readline()
    if not line:
        sys.exit(0)
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def ask(method, **params):
    global asked
    asked += 1
    say(id=f"q{asked}", method=method, params=params)
    kept = []
    while (message := next_message()).get("id") != f"q{asked}":
        kept.append(json.dumps(message))
    waiting[:0] = kept
    return message["result"]


def problem(kind, text):
    return {"is": "failed", "problem": {"class": kind, "text": text}}


def settle(conflict, choice):
    """What becomes of a choice."""
    name, shown = conflict["id"], [version["stamp"] for version in conflict["versions"]]
    offered = choice["keep"] in ("all", "recent", "largest") or choice.get("index", 9) < len(shown)
    if name not in there:
        return problem("bug", "KeyError") if MODE == "repeats" else {"is": "gone"}
    if not offered and MODE != "agrees":
        return problem("bug" if MODE == "stammers" else "config", "There is no such choice.")
    if shown != [version["stamp"] for version in there[name]] and MODE != "blind":
        return {"is": "changed"}
    if MODE == "refuses" and choice["keep"] == "recent":
        return problem("config", "The newest is not to be had.")
    if MODE != "lets-stand":
        del there[name]
        ask("remove_conflicts", item=ITEM, conflicts=[name])
    return {"is": "settled", "choice": choice}


def synchronize(params):
    session = ask("create_session", turn=params["turn"])["session"]
    for one in decided.pop(params["turn"], []) if params.get("settle") else []:
        became = settle(one["conflict"], one["choice"])
        if MODE != "silent":
            say(method="report_settlement", params={"turn": params["turn"], "place": one["place"], "settlement": became})
    if not params.get("settle"):
        if MODE == "returns":
            there.update(OF_BOTH)
        ask("replace_conflicts", item=ITEM, conflicts=[
            {"id": name, "item": ITEM, "path": name, "kind": "edit-edit", "versions": versions}
            for name, versions in there.items()])
    ask("report_progress", session=session, item=ITEM, status="updating", step=0, max=1)
    told = ask("report_progress", session=session, item=ITEM, status="updating", step=1, max=1)
    ask("report_progress", session=session, item=ITEM, status="succeeded" if told["cancel"] == "none" else "canceled")
    return {}


def resolve(params):
    became = settle(params["conflict"], params["choice"])
    if became["is"] == "failed":
        return became["problem"]
    return {"feedback": "refresh" if became["is"] == "changed" else "continue"}


def answer(method, params):
    if method == "initialize":
        return {"protocol": "1.0", "abilities": ["settle" if SESSIONS else "resolve"]}
    if method == "get_handler":
        return {"name": "Quarrels"}
    if method == "list_items":
        return {"items": [{"id": ITEM, "name": "Notes"}]}
    if method == "get_item":
        return {"item": None}
    if method == "get_abilities":
        return {"abilities": ["keep_single", "keep_multiple", "keep_recent"]}
    if method == "settle_more":
        decided.setdefault(params["turn"], []).extend(params["decided"])
        return {}
    known = {"synchronize": synchronize, "resolve_conflict": resolve, "shutdown": lambda params: {}}.get(method)
    return known and known(params)


while True:
    message = next_message()
    if "method" not in message:
        continue
    result = answer(message["method"], message.get("params") or {})
    if "id" not in message:
        continue
    if result is None:
        say(id=message["id"], error={"code": -32601, "message": "unknown"})
    elif "class" in result:
        say(id=message["id"], error={"code": -32010, "message": result["text"], "data": {"class": result["class"]}})
    else:
        say(id=message["id"], result=result)
    if message["method"] == "shutdown":
        sys.exit(0)
