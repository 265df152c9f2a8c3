"""A handler that does as its first argument says: well, or in one of many wrong ways."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

MODE = sys.argv[1]
ARGS = sys.argv[2:]
if MODE == "comes":
    # Starts itself: ARGS are the socket, its identifier, and how it behaves then.
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(ARGS[0])
    hear, tell = connection.makefile("r", encoding="utf-8"), connection.makefile("w", encoding="utf-8")
    tell.write(json.dumps({"jsonrpc": "2.0", "id": "who", "method": "register",
                           "params": {"handler": ARGS[1], "protocol": "1.0"}}) + "\n")
    tell.flush()
    welcome = json.loads(hear.readline())
    assert welcome["id"] == "who", welcome
    if "error" in welcome:
        print(welcome["error"]["message"], flush=True)
        sys.exit(7)
    MODE, ARGS = ARGS[2], ARGS[3:]
else:
    hear = os.fdopen(3, "r", encoding="utf-8")
    tell = os.fdopen(4, "w", encoding="utf-8")
waiting = []
kept = [{"id": str(n), "time": n * 1000, "item": item, "level": "dire" if n == 2 else "warning", "name": f"Kept {n}",
         "description": "Since long."} for n, item in [(1, "a"), (2, None), (3, "x" * 64)]]
last = 0
turns = 0


def raw(text):
    tell.write(text)
    tell.flush()


def say(**message):
    raw(json.dumps({"jsonrpc": "2.0", **message}) + "\n")


def note(method, **params):
    say(method=method, params=params)


def next_message():
    if waiting:
        return waiting.pop(0)
    line = hear.readline()
    while not line and MODE == "orphan":
        time.sleep(1000)
    if not line:
        sys.exit(0)
    return json.loads(line)


def ask(method, **params):
    """Asks, and waits for the answer; what comes meanwhile waits."""
    global last
    last += 1
    name = f"q{last}"
    say(id=name, method=method, params=params)
    kept = []
    while True:
        message = next_message()
        if message.get("id") == name and "method" not in message:
            waiting[:0] = kept
            return message
        kept.append(message)


def begin(turn):
    return ask("create_session", turn=turn)["result"]["session"]


def finish(session, items, status="succeeded"):
    for item in items:
        ask("report_progress", session=session, item=item, status=status, step=1, max=1)


def sync(turn, items):
    """What `synchronize` does; the answer is what it is answered with."""
    global turns
    turns += 1
    if MODE == "once" and turns > 1:
        return {"code": -32010, "message": "That was done already.", "data": {"class": "config"}}
    if MODE == "takes-all":
        session = begin(turn)
        waits = ask("query_for_additional_items", session=session)["result"]["items"]
        for item in waits:
            ask("add_item_to_session", session=session, item=item)
        finish(session, {*items, *waits})
    elif MODE == "garbage":
        session = begin(turn)
        note("report_progress", session=session, item=items[0], status="updating")
        for n in range(int(ARGS[0])):
            raw(f"garbage {n} \x1b[2J\n")
    elif MODE == "bad-lines":
        session = begin(turn)
        raw("x" * 200_000 + "\n")
        raw('{"jsonrpc":"2.0","id":null\n')
        raw("[]\n\n\r\n")
        say(id=987654, result={})
        say(id="mine", result={})
        note("report_progress", session="one", item=5)
        note("report_progress", session=session, item=items[0], status="updating", step=-1)
        note("report_progress", session=session, item=items[0], status="updating", step=1.5)
        note("report_progress", session=session, item=items[0], status="updating", step="18446744073709551616")
        note("report_progress")
        raw('{"jsonrpc":"2.0","method":"report_pro{"jsonrpc":"2.0","method":"gress"}\n')
        raw(b"\xff\xfe".decode("latin-1") + "\n")
    elif MODE == "keeps-saying":
        session = begin(turn)
        ask("report_progress", session=session, item=items[0], status="updating", step=1, max=2)
        progress = {"session": session, "item": items[0], "status": "updating"}
        line = {
            "of a wrong type": json.dumps({"jsonrpc": "2.0", "method": "report_progress", "params": {**progress, "step": {}}}),
            "below zero": json.dumps({"jsonrpc": "2.0", "method": "report_progress", "params": {**progress, "step": -1}}),
            "beyond 64 bits": json.dumps({"jsonrpc": "2.0", "method": "report_progress", "params": {**progress, "max": str(1 << 64)}}),
            "of an id that is none": json.dumps({"jsonrpc": "2.0", "id": [1], "method": "can_continue", "params": {"session": session}}),
            "without its end": '{"jsonrpc":"2.0","method":"report_progress","params":{"session"',
            "mixed up": '{"jsonrpc":"2.0","method":"report_pro{"jsonrpc":"2.0","method":"report_phase"}gress"}',
            "of another kind": "[]",
            "in another encoding": '{"jsonrpc":"2.0","method":"\udcff"}',
            "too long": "x" * 70_000,
            "as an answer": json.dumps({"jsonrpc": "2.0", "id": 987654, "result": {}}),
        }[ARGS[0]]
        for _ in range(100):
            tell.buffer.write(line.encode("utf-8", "surrogateescape") + b"\n")
        tell.flush()
        # It would go on.
        while True:
            next_message()
    elif MODE == "unknown":
        session = begin(turn)
        note("report_weather", session=session)
        answer = ask("report_weather", session=session, wind=[1, 2])
        assert answer["error"]["code"] == -32601, answer
        note("report_phase", session=session, item=items[0], phase="dreaming", mood="good")
        answer = ask("report_progress", session=session, item=items[0], status="sparkling")
        assert answer["error"]["code"] == -32001, answer
        answer = ask("create_session", turn=4711)
        assert answer["error"]["code"] == -32001, answer
    elif MODE == "twice":
        session = begin(turn)
        for _ in range(3):
            say(id=1, method="can_continue", params={"session": session})
        answers = [next_message() for _ in range(3)]
        assert [answer["id"] for answer in answers] == [1, 1, 1], answers
        finish(session, items)
        # A question that is answered twice: the second answer belongs to none.
        return "twice"
    elif MODE == "numbers":
        session = begin(turn)
        note("report_progress", session=session, item=items[0], status="updating",
             step="9007199254740993", max="18446744073709551615")
        answer = ask("can_continue", session=session)
        assert answer["result"] == {"go_on": True}, answer
        raw("")
        return "leave"
    elif MODE == "dies":
        session = begin(turn)
        ask("report_progress", session=session, item=items[0], status="updating", step=1, max=2)
        print("going down", file=sys.stderr, flush=True)
        os._exit(int(ARGS[0]))
    elif MODE == "killed":
        session = begin(turn)
        ask("report_progress", session=session, item=items[0], status="updating", step=1, max=2)
        os.kill(os.getpid(), signal.SIGKILL)
    elif MODE == "half-line":
        session = begin(turn)
        finish(session, items)
        raw('{"jsonrpc":"2.0","id":')
        os._exit(0)
    elif MODE == "forks":
        session = begin(turn)
        # Whoever it starts inherits descriptors 3 and 4 and the log, and lives on.
        child = subprocess.Popen(["sleep", "1000"], pass_fds=(3, 4))
        print(f"child {child.pid}", flush=True)
        ask("report_progress", session=session, item=items[0], status="updating", text=str(child.pid))
        os._exit(1)
    elif MODE == "strays":
        session = begin(turn)
        # One that leaves its group and its session, and whose parent is gone.
        child = subprocess.Popen(["sh", "-c", "setsid sleep 1000 & echo $!"], stdout=subprocess.PIPE, text=True)
        stray = child.stdout.readline().strip()
        ask("report_progress", session=session, item=items[0], status="updating", text=stray)
        os._exit(1)
    elif MODE == "closes":
        session = begin(turn)
        ask("report_progress", session=session, item=items[0], status="updating")
        os.close(4)
        while True:
            time.sleep(1000)
    elif MODE == "deaf":
        session = begin(turn)
        # Asks and never reads an answer.
        line = json.dumps({"jsonrpc": "2.0", "id": "x" * 100, "method": "can_continue",
                           "params": {"session": session}}) + "\n"
        while True:
            raw(line * 100)
    elif MODE == "stubborn":
        session = begin(turn)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        ask("report_progress", session=session, item=items[0], status="updating")
        while True:
            time.sleep(1000)
    elif MODE == "stops":
        session = begin(turn)
        for item in items:
            ask("report_progress", session=session, item=item, status="updating")
        while True:
            message = next_message()
            if message.get("method") == "cancel":
                item = message["params"].get("item")
                finish(session, [item] if item else items, "canceled")
                if not item:
                    break
                items = [other for other in items if other != item]
    elif MODE == "polls":
        session = begin(turn)
        for item in items:
            while ask("report_progress", session=session, item=item,
                      status="updating")["result"]["cancel"] == "none":
                pass
            ask("report_progress", session=session, item=item, status="canceled")
    elif MODE == "lies":
        session = begin(turn)
        finish(session, items[:1])
        answer = ask("report_progress", session=session, item=items[0], status="updating")
        assert answer["error"]["code"] == -32002, answer
        assert answer["error"]["data"]["hresult"] == 0x80070005, answer
        answer = ask("report_progress", session=session, item="foreign", status="succeeded")
        assert answer["error"]["code"] == -32001, answer
        answer = ask("report_progress", session=session + 77, item=items[0], status="succeeded")
        assert answer["error"]["code"] == -32004, answer
    elif MODE == "mute":
        session = begin(turn)
    elif MODE == "gives-up":
        session = begin(turn)
        for item in items:
            for step in range(20):
                told = ask("report_progress", session=session, item=item, status="updating", step=step, max=20)
                if told["result"]["cancel"] != "none":
                    return None
        finish(session, items)
    elif MODE == "greedy":
        session = begin(turn)
        told = [ask("report_progress", session=session, item=items[0], status="updating", step=step, max=2)
                for step in range(2)][-1]["result"]["cancel"]
        if told == "all":
            ask("propose_item", session=session, item={"id": "more", "name": "More"})
        finish(session, items, "succeeded" if told == "none" else "canceled")
    elif MODE == "panics":
        session = begin(turn)
        told = [ask("report_progress", session=session, item=items[0], status="updating", step=step, max=2)
                for step in range(2)][-1]["result"]["cancel"]
        finish(session, items, "succeeded" if told == "none" else "canceled")
    elif MODE == "long-winded":
        session = begin(turn)
        note("report_progress", session=session, item=items[0], status="updating", text="so " * 100)
        finish(session, items)
    elif MODE == "half-hearted":
        session = begin(turn)
        ask("propose_item", session=session, item={"id": "more", "name": "More"})
        finish(session, items)
    elif MODE == "grabs":
        session = begin(turn)
        ask("add_item_to_session", session=session, item=items[0])
        finish(session, items)
    elif MODE == "twofold":
        session = begin(turn)
        ask("create_session", turn=turn)
        finish(session, items)
    elif MODE == "wordless":
        session = begin(turn)
        ask("report_event", session=session, item=items[0], level="warning", name="", description="A thing.")
        finish(session, items)
    elif MODE == "fails":
        begin(turn)
        return {"code": -32010, "message": "The key was refused.", "data": {"class": "auth", "fix": "add the key"}}
    elif MODE == "flood":
        session = begin(turn)
        ask("report_progress", session=session, item=items[0], status="updating")
        count = int(ARGS[0])
        for begins in range(0, count, 1000):
            raw("".join(
                json.dumps({"jsonrpc": "2.0", "method": "report_progress", "params": {
                    "session": session, "item": items[0], "status": "updating", "step": n, "max": count}}) + "\n"
                for n in range(begins, min(begins + 1000, count))))
            note("report_event", session=session, level="information", name="n", description=str(begins))
        finish(session, items)
    elif MODE == "more":
        session = begin(turn)
        waits = ask("query_for_additional_items", session=session)["result"]
        for item in waits["items"]:
            assert "result" in ask("add_item_to_session", session=session, item=item)
            answer = ask("add_item_to_session", session=session, item=item)
            assert answer["error"]["code"] == -32001, answer
        for request in waits["requests"]:
            assert request["options"] == {"deep": True}, request
            assert "result" in ask("add_request_to_session", session=session, request=request["request"])
        answer = ask("add_request_to_session", session=session, request=99)
        assert answer["error"]["code"] == -32001, answer
        assert "result" in ask("propose_item", session=session, item={"id": "new", "name": "New"})
        assert "error" in ask("propose_item", session=session, item={"id": "NEW", "name": "New"})
        finish(session, ["new"])
        assert "result" in ask("commit_item", session=session, item="new")
        ask("report_manual_sync", session=session)
        ask("extend_lease", session=session, seconds=3600)
        note("set_handler_progress_text", session=session, text="taking more")
        finish(session, [*items, *waits["items"]])
        ask("end_session", session=session)
        answer = ask("can_continue", session=session)
        assert answer["error"]["code"] == -32004, answer
        return None
    elif MODE == "conflicts":
        session = begin(turn)
        found = [{"id": {"base64": "/w=="}, "item": items[0], "kind": "edit-edit", "path": f"p{n}",
                  "versions": [{"location": "a", "size": n}, {"location": "b", "type": "deleted"}]}
                 for n in range(3)]
        for conflict, name in zip(found, "xyz"):
            conflict["id"] = {"base64": "/w=="} if name == "x" else name
        assert "result" in ask("replace_conflicts", item=items[0], conflicts=found[:2], more=True)
        assert "result" in ask("replace_conflicts", item=items[0], conflicts=found[2:])
        kept = ask("list_conflicts")["result"]["conflicts"]
        assert len(kept) == 3 and {"base64": "/w=="} in [c["id"] for c in kept], kept
        foreign = [dict(found[0], item="other")]
        assert "error" in ask("replace_conflicts", item=items[0], conflicts=foreign)
        finish(session, items)
    else:
        session = begin(turn)
        for item in items:
            note("report_phase", session=session, item=item, phase="moving")
            note("report_progress", session=session, item=item, text="half", status="updating", step=1, max=2)
            ask("report_event", session=session, item=item, level="warning", name="Seen", description="A thing.",
                fix="look at it")
            ask("report_outcome", session=session, item=item, outcome="done", counts={"b": {"created": 3}})
        finish(session, items)
    return None


def answer(message):
    name, method = message.get("id"), message["method"]
    if method == "initialize":
        assert message["params"]["protocol"] == "1.0", message
        if MODE == "silent":
            time.sleep(1000)
        if MODE == "wrong-hello":
            say(id=name, result={"protocol": 7})
            return
        version = {"newer": "2.0", "minor": "1.7", "older": "0.4"}.get(MODE, "1.0")
        say(id=name, result={"protocol": version, "abilities": ["options", "resolve", "ui", "fly", *([MODE] if MODE in ("stay", "follow") else [])]})
    elif method == "get_handler" and MODE == "strict" and message["params"]:
        say(id=name, error={"code": -32602, "message": "there are no such parameters"})
    elif method == "get_handler":
        say(id=name, result={"name": "Test handler", "kind": "folder", "comment": os.environ.get("INSTEP_HANDLER", ""),
                             "capabilities": {"two": ["supports_concurrent_sessions"], "keeps": ["event_store"]}.get(MODE, [])})
    elif method == "list_items":
        # In pages.
        page = int(message["params"].get("after", 0))
        ids = ["a", "b", "c" if MODE != "forgets" else f"c{os.getpid()}"]
        result = {"items": [{"id": ids[page], "name": "" if MODE == "nameless" and page == 2 else ids[page].upper(),
                             "weight": 7}]}
        if page < 2:
            result["next"] = str(page + 1)
        say(id=name, result=result)
    elif method == "list_events":
        # One on each page; one of them is about no item at all.
        rest = [event for event in kept if int(event["id"]) > int(message["params"].get("after", 0))]
        say(id=name, result={"events": rest[:1], **({"next": rest[0]["id"]} if rest[1:] else {})})
    elif method == "remove_events":
        kept[:] = [event for event in kept if event["id"] not in [str(one) for one in message["params"]["events"]]]
        say(id=name, result={})
    elif method == "check_options":
        if list(message["params"]["options"]) == ["deep"]:
            say(id=name, result={})
        else:
            say(id=name, error={"code": -32001, "message": "there is only the option 'deep'"})
    elif method == "synchronize":
        done = sync(message["params"]["turn"], message["params"]["items"])
        if isinstance(done, dict):
            say(id=name, error=done)
        elif done != "leave":
            say(id=name, result={})
        if done == "twice":
            say(id=name, result={})
        if done == "leave":
            os._exit(0)
    elif method == "follow" and message["params"]["item"] != "a":
        say(id=name, result={"follows": False})
    elif method == "follow":
        follow = message["params"]["follow"]
        say(id=name, result={"follows": True})
        note("report_following", follow=follow, news={"is": "dreaming"})
        # One change at a time, and only of what is followed.
        say(id="first", method="item_changed", params={"follow": follow, "options": {"only": ["x"]}})
        codes = [ask("item_changed", follow=number)["error"]["code"] for number in (follow, follow + 77)]
        note("report_following", follow=follow, news={"is": "periodic", "seconds": 7,
                                                     "problem": {"class": "transient", "text": str(codes)}})
        while (ran := next_message()).get("id") != "first":
            pass
        problem = {"class": "transient", "text": ran["result"]["ran"]["outcome"]}
        note("report_following", follow=follow, news={"is": "away", "problem": problem})
    elif method == "get_item" and MODE == "short-sighted":
        say(id=name, error={"code": -32700, "message": "that is no identifier"})
    elif method == "shutdown":
        say(id=name, result={})
        if MODE != "stays-on":
            sys.exit(0)
    elif method == "resolve_conflict":
        assert message["params"]["choice"] == {"keep": "one", "index": 1}, message
        say(id=name, result={"feedback": "continue"})
    elif method == "get_abilities":
        say(id=name, result={"abilities": ["keep_single", "keep_flying"]})
    elif method == "ui_operation":
        say(id=name, result={"operation": {"operation": 5, "request": {"show": "confirm", "text": "Really?"}}})
    elif method == "ui_answer":
        print(f"answered {message['params']}", flush=True)
        say(id=name, result={})
    elif name is not None and MODE == "knows-all":
        say(id=name, result={})
    elif name is not None:
        say(id=name, error={"code": -32601, "message": "unknown"})


if MODE == "no-protocol":
    print("usage: handler", flush=True)
    sys.exit(2)
while True:
    answer(next_message())
