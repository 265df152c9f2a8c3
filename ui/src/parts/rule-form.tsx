import { useState } from "react";
import { useControl } from "../api/actions";
import type { Headline } from "../api/client";
import { useFirstItems } from "../api/queries";
import type { Values } from "../draft";
import { listed } from "../format";
import { headlines, text } from "../text";
import { Dialog } from "./dialog";
import { Check, SelectField, TextField } from "./field";
import { Name } from "./name";

type Looks = "state" | "age" | "event";

const STATES: (Headline | "attention")[] = [
  "attention",
  "safety_stop",
  "failed",
  "overdue",
  "conflicts",
  "not_responding",
  "gaps",
  "interrupted",
  "never_run",
  "waiting",
  "paused",
];
const PERIODS = ["15m", "1h", "6h", "1d", "2d", "3d", "1w"];
const LEVELS = ["information", "warning", "error"] as const;

const words = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];

const stateName = (state: string): string =>
  state === "attention" ? text.alerts.rule.attention : (headlines[state as Headline] ?? state);

/** A rule as a person says it. */
export function ruleSentence(rule: Values): string {
  const say = text.alerts.rule;
  const what =
    rule.age !== undefined
      ? say.toldAge(String(rule.age))
      : rule.event !== undefined
        ? say.toldEvent(text.levels[rule.event as "error"] ?? String(rule.event), String(rule.text ?? ""))
        : say.toldState(listed(words(rule.state).map(stateName)));
  return say.sentence(
    what,
    [
      rule.held === undefined ? "" : say.toldHeld(String(rule.held)),
      rule.remind === undefined ? "" : say.toldRemind(String(rule.remind)),
      words(rule.items).length === 0 ? "" : say.toldItems(listed(words(rule.items))),
      words(rule.channels).length === 0 ? "" : say.toldChannels(listed(words(rule.channels))),
    ].filter(Boolean),
  );
}

/** How many items are there to be chosen; those that a rule names already are always among them. */
const LISTED = 200;

interface Props {
  /** Its place in the list; the one after the last adds one. */
  at: number;
  of: Values | undefined;
  channels: string[];
  onClose: () => void;
}

/** When somebody is told. Keys that the form does not show stay as they are. */
export function RuleForm({ at, of, channels, onClose }: Props) {
  const control = useControl();
  const say = text.alerts.rule;
  const found = useFirstItems({ sort: "name" }, LISTED).data?.items ?? [];
  const chosen = words(of?.items).filter((id) => found.every((item) => item.id !== id));
  const items = [...found, ...chosen.map((id) => ({ id, name: id, href: id }))];
  const [rule, setRule] = useState<Values>(() => of ?? { state: ["attention"] });
  const looks: Looks = rule.age !== undefined ? "age" : rule.event !== undefined ? "event" : "state";
  const set = (change: Values) =>
    setRule((before) =>
      Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined)),
    );
  const toggle = (key: string, word: string, on: boolean) => {
    const next = on ? [...words(rule[key]), word] : words(rule[key]).filter((each) => each !== word);
    set({ [key]: next.length > 0 ? next : key === "state" ? [] : undefined });
  };
  const begin = (chosen: Looks) =>
    set({
      state: chosen === "state" ? ["attention"] : undefined,
      age: chosen === "age" ? "3d" : undefined,
      event: chosen === "event" ? "error" : undefined,
      text: undefined,
    });
  const complete = looks !== "state" || words(rule.state).length > 0;
  const save = async () => {
    if (await control.change([{ path: ["alerts", String(at)], value: rule }])) onClose();
  };
  const periods = (chosen: unknown, none: string): [string, string][] => [
    ["", none],
    ...[...new Set([...PERIODS, ...words(chosen)])].map((period): [string, string] => [period, period]),
  ];
  return (
    <Dialog
      title={of ? text.alerts.changeRule : text.alerts.addRule}
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="button" className="main" disabled={!complete} onClick={() => void save()}>
            {text.save}
          </button>
        </>
      }
    >
      <SelectField
        label={say.looks}
        value={looks}
        onChange={begin}
        choices={[
          ["state", say.state],
          ["age", say.age],
          ["event", say.event],
        ]}
      />
      {looks === "state" && (
        <fieldset className="checks plain-set">
          <legend>{say.states}</legend>
          {STATES.map((state) => (
            <Check
              key={state}
              label={stateName(state)}
              checked={words(rule.state).includes(state)}
              onChange={(on) => toggle("state", state, on)}
            />
          ))}
        </fieldset>
      )}
      {looks === "age" && (
        <SelectField
          label={say.ageLabel}
          value={String(rule.age)}
          onChange={(age) => set({ age })}
          choices={periods(rule.age, "").slice(1)}
        />
      )}
      {looks === "event" && (
        <>
          <SelectField
            label={say.level}
            value={String(rule.event) as (typeof LEVELS)[number]}
            onChange={(event) => set({ event })}
            choices={LEVELS.map((level) => [level, text.levels[level]])}
          />
          <TextField
            label={say.text}
            value={String(rule.text ?? "")}
            onChange={(typed) => set({ text: typed || undefined })}
          />
        </>
      )}
      <SelectField
        label={say.held}
        value={String(rule.held ?? "")}
        onChange={(held) => set({ held: held || undefined })}
        choices={periods(rule.held, say.atOnce)}
      />
      <SelectField
        label={say.remind}
        value={String(rule.remind ?? "")}
        onChange={(remind) => set({ remind: remind || undefined })}
        choices={periods(rule.remind, say.never)}
      />
      {items.length > 1 && (
        <fieldset className="checks plain-set">
          <legend>
            {say.items} <small className="quiet">{say.itemsTip}</small>
          </legend>
          {items.map((item) => (
            <Check
              key={item.href}
              label={<Name of={item.name} />}
              checked={words(rule.items).includes(item.id)}
              onChange={(on) => toggle("items", item.id, on)}
            />
          ))}
        </fieldset>
      )}
      {channels.length > 1 && (
        <fieldset className="checks plain-set">
          <legend>
            {say.channels} <small className="quiet">{say.itemsTip}</small>
          </legend>
          {channels.map((channel) => (
            <Check
              key={channel}
              label={<Name of={channel} />}
              checked={words(rule.channels).includes(channel)}
              onChange={(on) => toggle("channels", channel, on)}
            />
          ))}
        </fieldset>
      )}
      <Check
        label={say.resolved}
        checked={rule.resolved !== false}
        onChange={(on) => set({ resolved: on ? undefined : false })}
      />
    </Dialog>
  );
}
