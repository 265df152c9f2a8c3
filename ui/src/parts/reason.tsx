import { useState } from "react";
import type { EventGroup, Level } from "../api/client";
import { count } from "../format";
import { text } from "../text";
import { Name } from "./name";
import { Notice, type Tone } from "./notice";
import { Fix } from "./problem";
import { Prose } from "./prose";

export const LEVEL_TONE: Record<Level, Tone> = { error: "bad", warning: "warn", information: "quiet" };

/** Events of one reason: how many, why, what to do, and the first of them. */
function Reason({ of }: { of: EventGroup }) {
  const only = of.count === 1 ? of.examples[0] : undefined;
  const why = only?.description ?? of.reason;
  return (
    <Notice tone={LEVEL_TONE[of.level]} title={<Name of={only?.name ?? `${of.name} (${count(of.count)})`} />}>
      {why && (
        <span>
          <Prose of={why} />
        </span>
      )}
      <Fix of={of.fix} />
      {!only && (
        <details>
          <summary>{text.run.examples(of.examples.length, of.count)}</summary>
          <ul className="stack tight small">
            {of.examples.map((event) => (
              <li key={event.id}>
                <Name of={event.description} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </Notice>
  );
}

/** How many reasons are told before somebody asks for all. */
const TOLD = 10;

/** What happened, one entry for each reason; the worst come first. */
export function Reasons({ of }: { of: EventGroup[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? of : of.slice(0, TOLD);
  return (
    <>
      {shown.map((group) => (
        <Reason key={`${group.level} ${group.name} ${group.reason} ${group.fix}`} of={group} />
      ))}
      {shown.length < of.length && (
        <button type="button" className="plain" onClick={() => setAll(true)}>
          {text.run.moreReasons(of.length - shown.length)}
        </button>
      )}
    </>
  );
}
