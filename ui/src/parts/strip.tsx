import type { Mark } from "../api/client";
import { outcomes, text } from "../text";
import { outcomeTone } from "./headline";
import { useNow } from "./now";

/** The last runs of an item at a glance: the newest at the right. */
export function Strip({ of }: { of: Mark[] }) {
  const now = useNow();
  const told = (mark: Mark | undefined) =>
    mark ? `${outcomes[mark.outcome ?? "running"]}, ${text.when(mark.started, now)}` : "";
  return (
    <span
      className="strip"
      role="img"
      aria-label={of.length > 0 ? text.lastRuns(told(of.at(-1)), of.length) : text.noRuns}
      onPointerOver={({ currentTarget, target }) => {
        // Said only of the mark that is pointed at: a long list has hundreds of them.
        const at = Array.prototype.indexOf.call(currentTarget.children, target);
        if (at >= 0) (target as HTMLElement).title = told(of[at]);
      }}
    >
      {of.map((mark) => (
        <i key={mark.run} className={outcomeTone(mark.outcome)} />
      ))}
    </span>
  );
}
