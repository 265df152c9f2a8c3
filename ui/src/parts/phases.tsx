import type { Phase } from "../api/client";
import { phases } from "../text";

const PHASES = Object.keys(phases) as Phase[];

/** Where a run is on its way through what every run does. */
export function Phases({ at }: { at: Phase }) {
  return (
    <ol className="steps">
      {PHASES.map((phase, place) => (
        <li
          key={phase}
          className={place < PHASES.indexOf(at) ? "done" : undefined}
          aria-current={phase === at ? "step" : undefined}
        >
          {phases[phase]}
        </li>
      ))}
    </ol>
  );
}
