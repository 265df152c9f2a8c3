import {
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CircleX,
  Clock,
  GitCompareArrows,
  Hourglass,
  type LucideIcon,
  OctagonAlert,
  PauseCircle,
  TriangleAlert,
  Unplug,
} from "lucide-react";
import type { Outcome, Headline as Word } from "../api/client";
import { headlines, outcomes, text } from "../text";
import type { Tone } from "./notice";

const LOOKS: Record<Word, [LucideIcon, Tone]> = {
  safety_stop: [OctagonAlert, "bad"],
  failed: [CircleX, "bad"],
  overdue: [Clock, "bad"],
  conflicts: [GitCompareArrows, "warn"],
  not_responding: [Unplug, "bad"],
  gaps: [TriangleAlert, "warn"],
  interrupted: [CircleHelp, "warn"],
  never_run: [CircleDashed, "quiet"],
  waiting: [Hourglass, "quiet"],
  paused: [PauseCircle, "quiet"],
  up_to_date: [CircleCheck, "good"],
};

/** How an item stands, in a word with its sign. `running`: one that never ran is at its first run then. */
export function Headline({ of, running = false }: { of: Word; running?: boolean }) {
  const [Icon, tone] = LOOKS[of] ?? [CircleHelp, "quiet"];
  const word = headlines[of] ?? of;
  return (
    <span className={`headline tone-${tone}`}>
      <Icon aria-hidden />
      {running && of === "never_run" ? text.firstRun : word}
    </span>
  );
}

const TONES: Record<Outcome, Tone> = {
  done: "good",
  pending: "quiet",
  waiting: "quiet",
  disconnected: "warn",
  canceled: "quiet",
  interrupted: "warn",
  needs_decision: "warn",
  gaps: "warn",
  failed: "bad",
  safety_stop: "bad",
};

export const outcomeTone = (outcome: Outcome | null | undefined): Tone => (outcome ? TONES[outcome] : "live");

/** What a run came to, in a word. */
export function OutcomeWord({ of }: { of: Outcome | null | undefined }) {
  return <span className={`headline tone-${outcomeTone(of)}`}>{of ? outcomes[of] : outcomes.running}</span>;
}
