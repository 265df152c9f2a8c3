import { diffLines } from "diff";
import { useMemo } from "react";
import { text } from "../text";
import { Name } from "./name";

interface Props {
  a: string;
  b: string;
  sides: string[];
}

/** Beyond this the comparison would hold up the page; in characters. */
const LONGEST = 400_000;
/** How many equal lines are shown around what differs. */
const AROUND = 3;

interface Line {
  key: number;
  sign: "a" | "b" | "";
  text: string;
}

/** Two texts, line by line: what only one of them has is marked, long equal stretches are left out. */
export function Difference({ a, b, sides }: Props) {
  const lines = useMemo(() => (a.length + b.length > LONGEST ? undefined : compare(a, b)), [a, b]);
  if (!lines) return <p className="quiet">{text.conflict.tooLong}</p>;
  return (
    <section className="stack tight" aria-label={text.conflict.difference}>
      <p className="row small">
        <span className="diff-key a">
          − <Name of={sides[0] ?? "A"} />
        </span>
        <span className="diff-key b">
          + <Name of={sides[1] ?? "B"} />
        </span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className="diff" tabIndex={0}>
        {lines.map((line) => (
          <div key={line.key} className={line.sign}>
            <span aria-hidden>{line.sign === "a" ? "− " : line.sign === "b" ? "+ " : "  "}</span>
            {line.sign && (
              <span className="unseen">{text.conflict.onlyOn(sides[line.sign === "a" ? 0 : 1] ?? "")}</span>
            )}
            <Name of={line.text} />
          </div>
        ))}
      </div>
    </section>
  );
}

export function compare(a: string, b: string): Line[] {
  const lines: Line[] = [];
  const parts = diffLines(a, b);
  for (const [index, part] of parts.entries()) {
    const found = part.value.replace(/\n$/, "").split("\n");
    const sign = part.removed ? "a" : part.added ? "b" : "";
    const before = index === 0 ? 0 : AROUND;
    const after = index === parts.length - 1 ? 0 : AROUND;
    const skipped = sign === "" && found.length > before + after + 1 ? found.length - before - after : 0;
    const shown = skipped ? [...found.slice(0, before), `⋯ ${skipped}`, ...found.slice(found.length - after)] : found;
    for (const text of shown) lines.push({ key: lines.length, sign, text });
  }
  return lines;
}
