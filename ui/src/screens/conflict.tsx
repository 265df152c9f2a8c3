import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useControl } from "../api/actions";
import type { Conflict as ConflictRecord, ConflictVersion, Keep } from "../api/client";
import { useConflict, useVersionContent } from "../api/queries";
import { size, time } from "../format";
import { Asking } from "../parts/asking";
import { Difference } from "../parts/difference";
import { Screen } from "../parts/frame";
import { Name } from "../parts/name";
import { conflictKinds, text } from "../text";

const route = getRouteApi("/conflicts/$handler/$item/$conflict");

/** One disagreement: both versions side by side, and what each choice comes to. */
export function Conflict() {
  const { handler, item, conflict: id } = route.useParams();
  const conflict = useConflict(handler, item, id);
  return (
    <Asking query={conflict}>
      {(conflict) => (
        <Screen title={conflict.path} heading={<Name of={conflict.path} />}>
          <p className="quiet">
            <Link to="/items/$handler/$item" params={{ handler, item }}>
              <Name of={conflict.item_name} />
            </Link>{" "}
            · {conflictKinds[conflict.kind]} · {text.conflict.since(time(conflict.detected))}
          </p>
          <p>
            <Name of={conflict.description} />
          </p>
          <Versions of={conflict} />
          <Choices of={conflict} />
        </Screen>
      )}
    </Asking>
  );
}

function Versions({ of }: { of: ConflictRecord }) {
  const contents = [useVersionContent(of, 0), useVersionContent(of, 1)] as const;
  const [a, b] = [contents[0].data, contents[1].data];
  return (
    <>
      <div className="versions">
        {of.versions.map((version, index) => (
          <Version
            key={version.side}
            of={version}
            newest={of.newest === index}
            largest={of.largest === index}
            image={contents[index as 0 | 1]?.data?.image}
          />
        ))}
      </div>
      {a?.text !== undefined && b?.text !== undefined && (
        <Difference a={a.text} b={b.text} sides={of.versions.map((version) => version.side)} />
      )}
    </>
  );
}

interface VersionProps {
  of: ConflictVersion;
  newest: boolean;
  largest: boolean;
  image: string | undefined;
}

function Version({ of, newest, largest, image }: VersionProps) {
  return (
    <section className="version" aria-label={of.side}>
      <h2>
        <Name of={of.side} />
      </h2>
      {of.state === "deleted" ? (
        <p>{text.conflict.deleted}</p>
      ) : (
        <dl className="facts">
          <dt>{text.conflict.kind}</dt>
          <dd>{text.conflict.kinds[of.kind] ?? of.kind}</dd>
          {of.modified && (
            <>
              <dt>{text.conflict.changed}</dt>
              <dd>
                {time(of.modified)} {newest && <strong>{text.conflict.newest}</strong>}
              </dd>
            </>
          )}
          {of.size !== null && of.size !== undefined && (
            <>
              <dt>{text.conflict.size}</dt>
              <dd>
                {size(of.size)} {largest && <strong>{text.conflict.largest}</strong>}
              </dd>
            </>
          )}
        </dl>
      )}
      {image && <img src={image} alt={text.conflict.picture(of.side)} />}
    </section>
  );
}

function Choices({ of }: { of: ConflictRecord }) {
  const control = useControl();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [a, b] = of.versions.map((version) => version.side);
  const shown = { handler: of.handler, item: of.item, id: of.id, seen: of.seen };
  const choices: { keep: Keep; name: string; comes: string }[] = [
    { keep: "a", name: text.conflict.keep(a ?? "A"), comes: text.conflict.consequence(of, 0) },
    { keep: "b", name: text.conflict.keep(b ?? "B"), comes: text.conflict.consequence(of, 1) },
    { keep: "both", name: text.conflict.keepBoth, comes: text.conflict.bothComes },
    { keep: "merged", name: text.conflict.merge, comes: text.conflict.mergeComes },
  ];
  const offered = choices.filter(({ keep }) => {
    const whole = of.versions.every((version) => version.state === "changed" && version.kind === "file");
    return keep === "merged" ? whole : keep !== "both" || of.versions.every((version) => version.state === "changed");
  });
  const choose = async (keep: Keep) => {
    setBusy(true);
    const resolved = await control.settle(keep, [shown]);
    setBusy(false);
    if (resolved && resolved.settled > 0) void navigate({ to: "/conflicts" });
  };
  return (
    <section className="card stack" aria-label={text.conflict.choices}>
      <h2>{text.conflict.choices}</h2>
      <ul className="stack">
        {offered.map(({ keep, name, comes }) => (
          <li key={keep} className="row">
            <button type="button" className="wide" disabled={busy} onClick={() => void choose(keep)}>
              <Name of={name} />
            </button>
            <span className="quiet grow">
              <Name of={comes} />
            </span>
          </li>
        ))}
      </ul>
      <p className="small quiet">{text.conflict.undoable}</p>
    </section>
  );
}
