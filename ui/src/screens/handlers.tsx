import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleX, Plug, RefreshCw, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useControl } from "../api/actions";
import type { DetectedTool, Handler, HandlerKind, HandlerTest } from "../api/client";
import { useDetected, useHandlers } from "../api/queries";
import { Asking } from "../parts/asking";
import { Empty } from "../parts/empty";
import { Switch } from "../parts/field";
import { Screen } from "../parts/frame";
import { HandlerIcon } from "../parts/handler-icon";
import { Name } from "../parts/name";
import { Problem } from "../parts/problem";
import { Prose } from "../parts/prose";
import { states, text } from "../text";

const GROUPS = Object.keys(text.handlers.groups) as HandlerKind[];

/** Who synchronizes: each with its switches, and the tools that could. */
export function Handlers() {
  const handlers = useHandlers();
  return (
    <Screen title={text.rooms.handlers}>
      <Asking query={handlers}>
        {({ handlers }) => {
          const shown = handlers.filter((handler) => !handler.hidden);
          if (shown.length === 0) return <Empty icon={Plug} title={text.handlers.none} />;
          const groups = GROUPS.map((kind) => ({ kind, of: shown.filter((each) => each.kind === kind) }));
          return groups
            .filter(({ of }) => of.length > 0)
            .map(({ kind, of }) => (
              <section key={kind} className="stack tight" aria-label={text.handlers.groups[kind]}>
                <h2>{text.handlers.groups[kind]}</h2>
                <ul className="card flush list">
                  {of.map((handler) => (
                    <li key={handler.id}>
                      <One of={handler} />
                    </li>
                  ))}
                </ul>
              </section>
            ));
        }}
      </Asking>
      <Tools />
    </Screen>
  );
}

function One({ of }: { of: Handler }) {
  const control = useControl();
  const [tested, setTested] = useState<HandlerTest | "now">();
  const test = async () => {
    setTested("now");
    setTested(await control.testHandler(of.id));
  };
  return (
    <div className="handler-row">
      <HandlerIcon handler={of.id} />
      <div className="stack tight grow">
        <h3>
          <Name of={of.name} />
        </h3>
        {of.comment && (
          <span className="small quiet">
            <Prose of={of.comment} />
          </span>
        )}
        <span className="small">
          <Link to="/" search={{ handler: of.id }}>
            {text.items(of.items)}
          </Link>
          {of.items > 0 && ` · ${states[of.state]}`}
          {!of.connected && <span className="tone-warn"> · {text.handlers.disconnected}</span>}
        </span>
        {of.refusal && (
          <span className="small tone-warn">
            <Prose of={of.refusal} />
          </span>
        )}
        <span className="small" role="status">
          {tested === "now" ? text.handlers.testing : tested && <Tested of={tested} />}
        </span>
      </div>
      <div className="switches">
        <button
          type="button"
          aria-label={text.handlers.testOf(of.name)}
          disabled={tested === "now"}
          onClick={() => void test()}
        >
          {text.handlers.test}
        </button>
        <Switch
          label={text.handlers.enabled}
          checked={of.enabled}
          onChange={(enabled) => void control.switchHandler(of, { enabled })}
        />
        <Switch
          label={text.handlers.active}
          checked={of.active}
          onChange={(active) => void control.switchHandler(of, { active })}
        />
      </div>
    </div>
  );
}

/** What came of a test. */
function Tested({ of: { said, problem } }: { of: HandlerTest }) {
  if (!problem) {
    return (
      <span className="headline tone-good">
        <CircleCheck aria-hidden />
        <Name of={text.handlers.works(said)} />
      </span>
    );
  }
  return (
    <span className="tone-bad">
      <Problem of={problem} />
    </span>
  );
}

/** The tools that were found, with their versions. */
function Tools() {
  const detected = useDetected();
  return (
    <section className="stack tight" aria-labelledby="tools">
      <div className="row apart">
        <h2 id="tools">{text.handlers.tools}</h2>
        <button type="button" disabled={detected.isFetching} onClick={() => void detected.refetch()}>
          <RefreshCw aria-hidden />
          {text.handlers.lookAgain}
        </button>
      </div>
      {detected.isPending ? (
        <p className="quiet" role="status">
          {text.detected.looking}
        </p>
      ) : (
        <Asking query={detected}>
          {({ tools }) => (
            <>
              <p className="small quiet">{tools.length > 0 ? text.handlers.toolsTip : text.handlers.toolsNone}</p>
              {tools.length > 0 && (
                <ul className="card flush list">
                  {tools.map((tool) => (
                    <li key={tool.tool}>
                      <Tool of={tool} />
                    </li>
                  ))}
                </ul>
              )}
            </>
          )}
        </Asking>
      )}
    </section>
  );
}

function Tool({ of: { tool, program, version, problem } }: { of: DetectedTool }) {
  const [Sign, tone] = !program ? [CircleX, "quiet"] : problem ? [TriangleAlert, "warn"] : [CircleCheck, "good"];
  return (
    <div className="tool-row">
      <HandlerIcon handler={tool} />
      <strong>
        <Name of={tool} />
      </strong>
      <span className="small quiet">{version && <Name of={version} />}</span>
      <code className="small quiet">{program && <Name of={program.path} />}</code>
      <span className={`small headline tone-${tone}`}>
        <Sign aria-hidden />
        {problem ? <Prose of={problem} /> : text.handlers.found}
      </span>
    </div>
  );
}
