import { Link } from "@tanstack/react-router";
import type { Run } from "../api/client";
import { CHANGES, plain, tellsChanges, total } from "../counts";
import { duration, ms, time } from "../format";
import { text } from "../text";
import { OutcomeWord } from "./headline";
import { Name } from "./name";
import { useNow } from "./now";

interface Props {
  of: Run;
  /** It stands among other runs of its item, which need not be named again. */
  ofItem?: boolean;
}

/** A run in one line: what, when, how long, what it came to and what it changed. */
export function RunRow({ of, ofItem = false }: Props) {
  const now = useNow();
  const names = of.items.map((item) => item.name);
  const changed = of.items
    .map((item) => plain(item.counts))
    .reduce((sum, counts) => sum + CHANGES.reduce((all, change) => all + total(counts, change), 0), 0);
  return (
    <Link to="/runs/$run" params={{ run: String(of.id) }} className="run-row">
      <span className="who">
        {ofItem ? (
          text.run.number(of.id)
        ) : (
          <>
            <Name of={names.slice(0, 3).join(", ") || of.handler} oneLine />
            <span className="small quiet">
              {text.run.number(of.id)}
              {names.length > 3 ? ` · ${text.items(names.length)}` : ""}
            </span>
          </>
        )}
      </span>
      <span className="stack tight">
        <OutcomeWord of={of.outcome} />
        <span className="small quiet">
          {[
            changed > 0 && text.run.changes(changed),
            of.errors > 0 && text.errors(of.errors),
            of.conflicts > 0 && text.conflictsOpen(of.conflicts),
          ]
            .filter(Boolean)
            .join(" · ") || (of.outcome === "done" && tellsChanges(of.handler) ? text.run.nothing : "")}
        </span>
      </span>
      <span className="small quiet" title={time(of.started)}>
        {ofItem ? time(of.started) : text.when(of.started, now)}
      </span>
      <span className="small quiet number">{of.ended ? duration(ms(of.ended) - ms(of.started)) : ""}</span>
    </Link>
  );
}
