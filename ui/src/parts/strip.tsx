import type { Mark } from "../api/client";
import { outcomes, text } from "../text";
import { outcomeTone } from "./headline";
import { useNow } from "./now";

/** The last runs of an item at a glance: the newest at the right. */
export function Strip({ of }: { of: Mark[] }) {
  const now = useNow();
  const told = of.map((mark) => `${outcomes[mark.outcome ?? "running"]}, ${text.when(mark.started, now)}`);
  return (
    <span
      className="strip"
      role="img"
      aria-label={of.length > 0 ? text.lastRuns(told.at(-1) ?? "", of.length) : text.noRuns}
    >
      {of.map((mark, index) => (
        <i key={mark.run} className={outcomeTone(mark.outcome)} title={told[index]} />
      ))}
    </span>
  );
}
