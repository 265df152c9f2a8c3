import { Link } from "@tanstack/react-router";
import { Plug } from "lucide-react";
import { useControl } from "../api/actions";
import type { Handler } from "../api/client";
import { useHandlers } from "../api/queries";
import { Asking } from "../parts/asking";
import { Empty } from "../parts/empty";
import { Screen } from "../parts/frame";
import { Name } from "../parts/name";
import { states, text } from "../text";

/** Who synchronizes: each with its switches. */
export function Handlers() {
  const handlers = useHandlers();
  return (
    <Screen title={text.rooms.handlers}>
      <Asking query={handlers}>
        {({ handlers }) => {
          const shown = handlers.filter((handler) => !handler.hidden);
          if (shown.length === 0) return <Empty icon={Plug} title={text.handlers.none} />;
          return (
            <ul className="stack">
              {shown.map((handler) => (
                <li key={handler.id} className="card">
                  <One of={handler} />
                </li>
              ))}
            </ul>
          );
        }}
      </Asking>
    </Screen>
  );
}

function One({ of }: { of: Handler }) {
  const control = useControl();
  return (
    <div className="row apart">
      <div className="grow stack tight">
        <h2>
          <Name of={of.name} />
        </h2>
        {of.comment && (
          <span className="quiet">
            <Name of={of.comment} />
          </span>
        )}
        <span className="small">
          {of.items > 0 && `${states[of.state]} · `}
          <Link to="/results" search={{ handler: of.id }}>
            {text.items(of.items)}
          </Link>
          {!of.connected && ` · ${text.handlers.disconnected}`}
        </span>
        {of.refusal && <span className="small tone-warn">{of.refusal}</span>}
      </div>
      <div className="switches">
        <label className="choice">
          <input
            type="checkbox"
            checked={of.enabled}
            onChange={(event) => void control.switchHandler(of, { enabled: event.target.checked })}
          />
          {text.handlers.enabled}
        </label>
        <label className="choice">
          <input
            type="checkbox"
            checked={of.active}
            onChange={(event) => void control.switchHandler(of, { active: event.target.checked })}
          />
          {text.handlers.active}
        </label>
      </div>
    </div>
  );
}
