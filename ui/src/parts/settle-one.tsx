import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type Kept, useControl } from "../api/actions";
import type { Conflict, ConflictChoices, Keep } from "../api/client";
import { text } from "../text";
import { KeepNames } from "./keep-names";
import { Name } from "./name";
import { OwnVersion } from "./own-version";

interface Props {
  of: Conflict;
  choices: ConflictChoices;
}

/** Every choice that there is, named after the sides, with what it comes to. */
export function SettleOne({ of, choices }: Props) {
  const control = useControl();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState<"names" | "own">();
  const [a, b] = of.versions.map((version) => version.side);
  const can = (keep: Keep) => choices.keep.includes(keep);
  const choose = async (kept: Kept) => {
    setBusy(true);
    const shown = { handler: of.handler, item: of.item, id: of.id, seen: of.seen };
    const resolved = await control.settle(kept, [shown]);
    setBusy(false);
    setAsking(undefined);
    if (resolved && resolved.settled > 0) void navigate({ to: "/conflicts" });
  };
  const row = (name: string, comes: string, act: () => void) => (
    <Choice key={name} name={name} comes={comes} disabled={busy} act={act} />
  );
  const take = (keep: Keep, name: string, comes: string): ReactNode =>
    can(keep) && row(name, comes, () => void choose({ keep }));
  return (
    <section className="card stack" aria-label={text.conflict.choices}>
      <h2>{text.conflict.choices}</h2>
      <ul className="stack settle">
        {take("a", text.conflict.keep(a ?? "A"), text.conflict.consequence(of, 0))}
        {take("b", text.conflict.keep(b ?? "B"), text.conflict.consequence(of, 1))}
        {take("both", text.conflict.keepBoth, text.conflict.bothComes)}
        {can("both") && row(text.conflict.keepNamed, text.conflict.namedComes, () => setAsking("names"))}
        {take("merged", text.conflict.merge, text.conflict.mergeComes)}
        {can("other") && row(text.conflict.own, text.conflict.ownComes(choices.merge), () => setAsking("own"))}
        {take("leave-out", text.conflict.leaveOut, text.conflict.leaveOutComes)}
      </ul>
      {choices.keep.length === 0 ? (
        <p>{text.conflict.noChoice}</p>
      ) : (
        choices.in_run && <p className="small quiet">{text.conflict.undoable}</p>
      )}
      {asking === "names" && (
        <KeepNames
          of={of}
          names={choices.versions.map((version) => version.other_name)}
          busy={busy}
          onKeep={(names) => void choose({ keep: "both", ...names })}
          onClose={() => setAsking(undefined)}
        />
      )}
      {asking === "own" && (
        <OwnVersion
          of={of}
          merge={choices.merge?.text}
          busy={busy}
          onKeep={(content) => void choose({ keep: "other", content })}
          onClose={() => setAsking(undefined)}
        />
      )}
    </section>
  );
}

function Choice({ name, comes, disabled, act }: { name: string; comes: string; disabled: boolean; act: () => void }) {
  return (
    <li>
      <button type="button" disabled={disabled} onClick={act}>
        <Name of={name} />
      </button>
      <span className="quiet">
        <Name of={comes} />
      </span>
    </li>
  );
}
