import { type ReactNode, useState } from "react";
import type { PathText, Preview as PreviewRecord, Verb } from "../api/client";
import { type Choice, usePreviewRows } from "../api/queries";
import { CHANGES, plain } from "../counts";
import { count, size } from "../format";
import { text, verbs } from "../text";
import { OutcomeWord } from "./headline";
import { Name } from "./name";
import { Notice } from "./notice";
import { PlanTree } from "./plan-tree";
import { Prose } from "./prose";

const SIDES = [0, 1] as const;
const VERBS: Verb[] = ["delete", "replace", "move", "keep-both", "update", "create", "metadata"];
/** What takes something away is never folded. */
const ALWAYS_OPEN: Verb[] = ["delete", "replace"];

/** Up to so many changes are shown without being asked for. */
const SEEN_AT_ONCE = 50;

interface Props {
  of: PreviewRecord;
  choices: readonly Choice[];
  onChoose: (choices: Choice[]) => void;
  /** It is being looked at again: what is shown is old. */
  stale: boolean;
  onRun: (options: Record<string, unknown>) => Promise<void> | void;
  /** What else can be done with it. */
  actions?: ReactNode;
}

/** What a run would do: counts first, deletions first, every change with what can be decided about it. */
export function Plan({ of, choices, onChoose, stale, onRun, actions }: Props) {
  const [agreed, setAgreed] = useState(false);
  const [busy, setBusy] = useState(false);
  const guarded = of.stops.length > 0 || of.needs_consent;
  const run = async () => {
    setBusy(true);
    await onRun({
      ...(of.plan ? { plan: of.plan } : {}),
      ...(of.stops.length > 0 ? { approve: true } : {}),
      ...(of.needs_consent ? { yes: true } : {}),
    });
    setBusy(false);
  };
  return (
    <div className="stack" aria-busy={stale}>
      <Tally of={of} />
      {of.actions === 0 && of.conflicts === 0 && <Notice tone="good" title={text.preview.nothing} />}
      {of.stops.map((stop) => (
        <Notice key={stop} tone="bad" title={<Prose of={stop} />} />
      ))}
      {of.warnings.map((warning) => (
        <Notice key={warning} tone="warn" title={<Prose of={warning} />} />
      ))}
      <p role="status">
        {stale ? (
          text.preview.looksAgain
        ) : (
          <>
            {text.preview.expected} <OutcomeWord of={of.expected} />
          </>
        )}
      </p>
      <Yours of={of} choices={choices} onChoose={onChoose} />
      {VERBS.map((verb) => (
        <Group key={verb} of={of} verb={verb} onChoose={(choice) => onChoose([...choices, choice])} />
      ))}
      <Remarks of={of} />
      {(of.actions > 0 || actions) && (
        <section className="card stack">
          {guarded && of.actions > 0 && (
            <label className="choice">
              <input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.target.checked)} />
              <span>{of.stops.length > 0 ? text.preview.approve : text.preview.consent}</span>
            </label>
          )}
          <div className="row">
            {of.actions > 0 && (
              <button
                type="button"
                className="main"
                disabled={stale || busy || (guarded && !agreed)}
                onClick={() => void run()}
              >
                {of.plan ? text.preview.runExactly : text.preview.run}
              </button>
            )}
            {actions}
            <span className="small quiet">{of.plan ? text.preview.exactly : text.preview.notHeld}</span>
          </div>
        </section>
      )}
    </div>
  );
}

function Tally({ of }: { of: PreviewRecord }) {
  const counts = plain(of.counts);
  return (
    <div className="counts">
      {CHANGES.flatMap((change) =>
        SIDES.filter((side) => counts.sides[side][change] > 0).map((side) => (
          <div key={`${change} ${side}`} className={change === "deleted" ? "count tone-bad" : "count"}>
            <b>{count(counts.sides[side][change])}</b>
            <span className="small">
              {text.run.counted[change]}
              {of.sides?.[side] && (
                <>
                  {" "}
                  {text.preview.on} <Name of={of.sides[side]} />
                </>
              )}
            </span>
          </div>
        )),
      )}
      {counts.bytes > 0 && (
        <div className="count">
          <b>{size(counts.bytes)}</b>
          <span className="small">{text.preview.toTransfer}</span>
        </div>
      )}
      {of.conflicts > 0 && (
        <div className="count tone-warn">
          <b>{count(of.conflicts)}</b>
          <span className="small">{text.run.open(of.conflicts)}</span>
        </div>
      )}
    </div>
  );
}

const pathOf = (choice: Choice): PathText => ("skip" in choice ? choice.skip : choice.flip);
const keyOf = (choice: Choice): string => pathOf(choice).path_base64 ?? pathOf(choice).path;

/** What the person decided so far; each can be taken back. */
function Yours({ of, choices, onChoose }: Pick<Props, "of" | "choices" | "onChoose">) {
  if (choices.length === 0) return null;
  return (
    <section className="stack tight" aria-label={text.preview.yours}>
      <h2>{text.preview.yours}</h2>
      <ul className="card flush list">
        {choices.map((choice) => (
          <li key={keyOf(choice)} className="row">
            <span className="grow">
              <Name of={pathOf(choice).path} />{" "}
              <span className="quiet small">
                {"skip" in choice
                  ? text.preview.skipped
                  : text.preview.wins(of.sides?.[choice.wins === "a" ? 0 : 1] ?? choice.wins)}
              </span>
            </span>
            <button type="button" onClick={() => onChoose(choices.filter((each) => each !== choice))}>
              {text.preview.putBack}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface GroupProps {
  of: PreviewRecord;
  verb: Verb;
  onChoose: (choice: Choice) => void;
}

/** All actions of one kind. */
function Group({ of, verb, onChoose }: GroupProps) {
  const rows = usePreviewRows(of.id, verb);
  if (rows.rows.length === 0) return null;
  const list = (
    <PlanTree
      rows={rows.rows}
      label={verbs[verb]}
      sides={of.sides}
      onChoose={of.plan ? onChoose : undefined}
      onEnd={rows.more}
    />
  );
  if (ALWAYS_OPEN.includes(verb)) {
    return (
      <section className="stack tight" aria-label={verbs[verb]}>
        <h2 className="tone-bad">{verbs[verb]}</h2>
        {list}
      </section>
    );
  }
  return (
    <details className="stack tight" open={of.actions <= SEEN_AT_ONCE}>
      <summary>
        <h2 className="inline">{verbs[verb]}</h2>
      </summary>
      {list}
    </details>
  );
}

/** What no action comes from: conflicts, and things to know. */
function Remarks({ of }: { of: PreviewRecord }) {
  const rows = usePreviewRows(of.id, undefined, of.actions);
  if (of.conflicts + of.notes === 0) return null;
  return (
    <>
      {rows.conflicts.length > 0 && (
        <section className="stack tight" aria-label={text.rooms.conflicts}>
          <h2>{text.preview.conflicts}</h2>
          <ul className="card flush list">
            {rows.conflicts.map((conflict) => (
              <li key={conflict.id}>
                <Name of={conflict.path} /> <span className="quiet small">{conflict.description}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {rows.notes.length > 0 && (
        <section className="stack tight" aria-label={text.preview.notes}>
          <h2>{text.preview.notes}</h2>
          <ul className="card flush list">
            {rows.notes.map((note) => (
              <li key={`${note.path} ${note.text}`}>
                <Name of={note.path} />{" "}
                <span className={note.is_error ? "tone-bad small" : "quiet small"}>
                  <Name of={note.text} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
