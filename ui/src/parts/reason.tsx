import type { EventGroup, Level } from "../api/client";
import { count } from "../format";
import { text } from "../text";
import { Name } from "./name";
import { Notice, type Tone } from "./notice";
import { Prose } from "./prose";

export const LEVEL_TONE: Record<Level, Tone> = { error: "bad", warning: "warn", information: "quiet" };

/** Events of one reason: how many, why, what to do, and the first of them. */
export function Reason({ of }: { of: EventGroup }) {
  const only = of.count === 1 ? of.examples[0] : undefined;
  const why = only?.description ?? of.reason;
  return (
    <Notice tone={LEVEL_TONE[of.level]} title={<Name of={only?.name ?? `${of.name} (${count(of.count)})`} />}>
      {why && (
        <span>
          <Prose of={why} />
        </span>
      )}
      {of.fix && (
        <span className="small">
          <Prose of={of.fix} />
        </span>
      )}
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
