import type { Item, LiveItem } from "../api/client";
import { phases, text } from "../text";
import { Bar } from "./bar";
import { Name } from "./name";

/** What runs in a process that nobody here can see into or stop. */
export function Elsewhere({ of }: { of: Item }) {
  return (
    <div className="stack tight">
      <Bar share={undefined} label={text.moving.label(of.name)} />
      <span className="small quiet">{text.moving.elsewhere}</span>
    </div>
  );
}

interface MovingProps {
  of: LiveItem & { rate?: number | undefined };
  /** Its phases stand above it. */
  phased?: boolean;
}

/** What is happening with an item: bar, words, how fast and how long still. */
export function Moving({ of, phased }: MovingProps) {
  const share = of.bar === "determinate" ? (of.percent ?? 0) : undefined;
  const left = of.rate && of.max > of.step ? ((of.max - of.step) / of.rate) * 1000 : undefined;
  return (
    <div className="stack tight">
      <Bar share={share} label={text.moving.label(of.name)} />
      <span className="small quiet">
        {of.cancel !== "none" ? (
          of.stop ? (
            text.moving.stages[of.stop]
          ) : (
            text.moving.stopping
          )
        ) : (
          <>
            {of.phase && !phased ? `${phases[of.phase] ?? of.phase} · ` : ""}
            {of.percent !== null && of.percent !== undefined ? `${of.percent} % · ` : ""}
            {left !== undefined ? `${text.moving.left(left)} · ` : ""}
            <Name of={of.text} />
          </>
        )}
      </span>
    </div>
  );
}
