import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Difference, DifferenceKind, Verification as Found } from "../api/client";
import { text } from "../text";
import { Name } from "./name";
import { Notice } from "./notice";

/** What was found is told in this order: what is not there first. */
const KINDS: DifferenceKind[] = ["missing", "content", "conflict", "renamed", "metadata"];
/** The side it is about; none where that is not known, or it is about both. */
const SIDES = ["a", "b", null] as const;

/** Groups up to this size stand open. */
const SEEN_AT_ONCE = 50;

interface Props {
  of: Found;
  /** What was checked. */
  item: { handler: string; item: string };
  /** What the sides are called, where they have names. */
  sides: readonly [string, string] | undefined;
  /** When it was looked at, in milliseconds since 1970. */
  at: number;
}

/** What a check found: a sentence, then where it is not as it should be, by how and on which side. */
export function Verification({ of, item, sides, at }: Props) {
  const groups = KINDS.flatMap((kind) =>
    SIDES.map((side) => ({
      kind,
      title: text.verify.groups[kind](side && (sides?.[side === "a" ? 0 : 1] ?? text.verify.side[side])),
      of: of.differences.filter((each) => each.kind === kind && (each.side ?? null) === side),
    })),
  ).filter(({ of }) => of.length > 0);
  const untold = of.differing - of.differences.length + (of.unseen - of.unknown.length);
  return (
    <>
      <div role="status">
        <Notice tone={of.clean ? "good" : "warn"} title={<Name of={text.verify.found(of, sides)} />}>
          <span className="small quiet">
            {text.verify.looked(Math.max(...of.looked_at), of.compared_bytes, new Date(at).toISOString())}
          </span>
        </Notice>
      </div>
      {groups.map(({ kind, title, of }) => (
        <Group key={title} title={title} of={of}>
          {kind === "conflict" && (
            <Link to="/conflicts" search={item} className="button">
              {text.attention.settle}
            </Link>
          )}
        </Group>
      ))}
      {of.unknown.length > 0 && (
        <section className="stack tight" aria-label={text.verify.unknown}>
          <h2 className="tone-bad">{text.verify.unknown}</h2>
          <ul className="card flush list">
            {of.unknown.map((note) => (
              <li key={`${note.path_base64 ?? note.path} ${note.text}`}>
                <Name of={note.path} />{" "}
                <span className="small tone-bad">
                  <Name of={note.text} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {untold > 0 && <p className="small quiet">{text.verify.untold(untold)}</p>}
    </>
  );
}

interface GroupProps {
  title: string;
  of: Difference[];
  /** What can be done about all of them. */
  children?: ReactNode;
}

/** Differences of one kind. */
function Group({ title, of, children }: GroupProps) {
  return (
    <details className="stack tight" open={of.length <= SEEN_AT_ONCE}>
      <summary>
        <h2 className="inline">
          <Name of={title} />
        </h2>{" "}
        <span className="quiet">{text.entries(of.length)}</span>
      </summary>
      <ul className="card flush list" aria-label={title}>
        {of.map((each) => (
          <li key={each.path_base64 ?? each.path}>
            {each.from && (
              <>
                <Name of={each.from.path} /> →{" "}
              </>
            )}
            <Name of={each.path} />
          </li>
        ))}
      </ul>
      {children && <p className="row">{children}</p>}
    </details>
  );
}
