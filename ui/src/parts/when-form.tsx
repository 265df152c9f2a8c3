import { useId } from "react";
import type { When } from "../draft";
import { dayNames } from "../format";
import { text } from "../text";
import { Check } from "./field";

interface Props {
  value: When;
  onChange: (value: When) => void;
}

const PERIODS = Object.keys(text.times.periods) as (keyof typeof text.times.periods)[];
/** Monday first. */
const WEEK = [1, 2, 3, 4, 5, 6, 0];

/** When something runs by itself: everything that is checked holds. */
export function WhenForm({ value, onChange }: Props) {
  const ids = { every: useId(), at: useId() };
  const set = (change: Partial<When>) => onChange({ ...value, ...change });
  const custom = value.every !== "" && !(PERIODS as string[]).includes(value.every);
  return (
    <fieldset className="stack tight plain-set">
      <legend className="unseen">{text.setup.step.when}</legend>
      <Check
        label={text.times.change}
        tip={text.times.changeTip}
        checked={value.change}
        onChange={(change) => set({ change })}
      />
      <div className="row">
        <Check
          label={text.times.every}
          checked={value.every !== ""}
          onChange={(on) => set({ every: on ? "1h" : "" })}
        />
        {value.every !== "" && (
          <select
            id={ids.every}
            aria-label={text.times.everyLabel}
            value={value.every}
            onChange={(event) => set({ every: event.target.value })}
          >
            {custom && <option value={value.every}>{value.every}</option>}
            {PERIODS.map((period) => (
              <option key={period} value={period}>
                {text.times.periods[period]}
              </option>
            ))}
          </select>
        )}
      </div>
      <div className="row">
        <Check
          label={text.times.at}
          checked={value.at !== ""}
          onChange={(on) => set({ at: on ? "02:30" : "", days: [], byHand: false })}
        />
        {value.at !== "" && (
          <>
            <input
              id={ids.at}
              type="time"
              aria-label={text.times.atLabel}
              value={value.at}
              onChange={(event) => event.target.value && set({ at: event.target.value })}
            />
            <fieldset className="segments" aria-label={text.times.days}>
              {WEEK.map((day) => {
                const on = value.days.length === 0 || value.days.includes(day);
                return (
                  <button
                    key={day}
                    type="button"
                    aria-pressed={on}
                    onClick={() => set({ days: toggled(value.days, day) })}
                  >
                    {dayNames[day]}
                  </button>
                );
              })}
            </fieldset>
          </>
        )}
      </div>
      <Check label={text.times.mount} checked={value.mount} onChange={(mount) => set({ mount })} />
      <Check label={text.times.wake} checked={value.wake} onChange={(wake) => set({ wake })} />
      {value.byHand && <p className="small quiet">{text.times.byHand}</p>}
    </fieldset>
  );
}

/** No days are all days: the first that is taken out leaves the six others, the last cannot be taken out. */
function toggled(days: number[], day: number): number[] {
  const all = days.length === 0 ? [...WEEK] : days;
  const next = all.includes(day) ? all.filter((each) => each !== day) : [...all, day];
  return next.length === WEEK.length || next.length === 0 ? [] : next;
}
