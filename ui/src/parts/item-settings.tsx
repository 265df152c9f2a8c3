import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useControl } from "../api/actions";
import type { Item, KeyChange } from "../api/client";
import { useSettings } from "../api/queries";
import { calledIn, lines, type Mode, type Policy, scheduleKeys, type Values, whenOf } from "../draft";
import { text } from "../text";
import { Confirm } from "./confirm";
import { Field, SelectField, TextField } from "./field";
import { WhenForm } from "./when-form";

const MODES = ["two-way", "mirror", "copy"] as const satisfies readonly Mode[];
const POLICIES = Object.keys(text.setup.policies) as Policy[];

/** What was decided about an item; only what is in the settings can be changed. */
export function ItemSettings({ of: item }: { of: Item }) {
  const settings = useSettings();
  const [removing, setRemoving] = useState(false);
  const control = useControl();
  const navigate = useNavigate();
  const items = settings.data?.values?.items as Record<string, Values> | undefined;
  const said = items?.[item.id];
  const remove = async () => {
    // What the settings say would come back; what only reported is forgotten by its handler.
    const done = said
      ? await control.change([{ path: ["items", item.id], value: null }], text.settings.removed(item.name))
      : await control.remove(item);
    if (done) void navigate({ to: "/" });
  };
  return (
    <section className={said ? "card stack" : "stack"} aria-label={text.settings.pair}>
      {said && <h2>{text.settings.pair}</h2>}
      {said && settings.data && (
        <Form key={settings.data.digest} item={item} said={said} digest={settings.data.digest} />
      )}
      <div className="row">
        <button type="button" className="danger" onClick={() => setRemoving(true)}>
          {text.menu.remove}
        </button>
      </div>
      {removing && (
        <Confirm
          title={text.settings.removeTitle(item.name)}
          confirm={text.remove}
          onConfirm={() => void remove()}
          onClose={() => setRemoving(false)}
        >
          <p className="quiet">{text.settings.removeTip}</p>
        </Confirm>
      )}
    </section>
  );
}

const list = (value: unknown): string => (Array.isArray(value) ? value.join("\n") : String(value ?? ""));

function Form({ item, said, digest }: { item: Item; said: Values; digest: string }) {
  const control = useControl();
  const pair = said.handler === undefined || said.handler === "folders";
  const was = {
    name: String(said.name ?? ""),
    a_label: String(said.a_label ?? ""),
    b_label: String(said.b_label ?? ""),
    mode: String(said.mode ?? "two-way"),
    on_conflict: String(said.on_conflict ?? "ask"),
    exclude: list(said.exclude),
    max_delete: String(said.max_delete ?? ""),
    trash_days: String(said.trash_days ?? ""),
  };
  const [typed, setTyped] = useState(was);
  const [when, setWhen] = useState(() => whenOf(said.schedule));
  const set = (change: Partial<typeof was>) => setTyped((before) => ({ ...before, ...change }));
  const at = ["items", item.id];
  const changes: KeyChange[] = (Object.keys(was) as (keyof typeof was)[])
    .filter((key) => typed[key] !== was[key])
    .map((key) => ({ path: [...at, key], value: keyValue(key, typed[key]) }));
  const before = scheduleKeys(whenOf(said.schedule));
  for (const [key, value] of Object.entries(scheduleKeys(when))) {
    if (JSON.stringify(before[key]) !== JSON.stringify(value)) {
      changes.push({ path: [...at, "schedule", key], value });
    }
  }
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void control.change(changes, undefined, digest);
      }}
    >
      <div className="fields">
        <TextField
          label={text.setup.name}
          value={typed.name}
          placeholder={item.id}
          onChange={(name) => set({ name })}
        />
        {pair && (
          <>
            <TextField
              label={text.settings.sideName.a}
              tip={String(said.a ?? "")}
              placeholder={calledIn(said, "a")}
              value={typed.a_label}
              onChange={(a_label) => set({ a_label })}
            />
            <TextField
              label={text.settings.sideName.b}
              tip={String(said.b ?? "")}
              placeholder={calledIn(said, "b")}
              value={typed.b_label}
              onChange={(b_label) => set({ b_label })}
            />
          </>
        )}
      </div>
      {pair && (
        <>
          <div className="fields long">
            <SelectField
              label={text.setup.mode}
              value={typed.mode}
              onChange={(mode) => set({ mode })}
              choices={MODES.map((mode) => [
                mode,
                text.setup.modes[mode](calledIn({ ...said, ...typed }, "a"), calledIn({ ...said, ...typed }, "b")),
              ])}
            />
            <SelectField
              label={text.setup.conflict}
              value={typed.on_conflict}
              onChange={(on_conflict) => set({ on_conflict })}
              choices={POLICIES.map((policy) => [policy, text.setup.policies[policy]])}
            />
            <TextField
              label={text.settings.maxDelete}
              placeholder={text.settings.default("50%")}
              value={typed.max_delete}
              onChange={(max_delete) => set({ max_delete })}
            />
            <TextField
              label={text.settings.trashDays}
              type="number"
              placeholder={text.settings.default("30")}
              value={typed.trash_days}
              onChange={(trash_days) => set({ trash_days })}
            />
          </div>
          <Field label={text.setup.exclude} tip={text.setup.excludeTip}>
            {(ties) => (
              <textarea
                {...ties}
                rows={Math.min(8, Math.max(3, typed.exclude.split("\n").length))}
                spellCheck={false}
                value={typed.exclude}
                onChange={(event) => set({ exclude: event.target.value })}
              />
            )}
          </Field>
        </>
      )}
      <h3>{text.settings.when}</h3>
      <WhenForm value={when} onChange={setWhen} />
      <div className="row">
        <button type="submit" className="main" disabled={changes.length === 0}>
          {text.save}
        </button>
        {changes.length > 0 && <span className="small quiet">{text.settings.unsaved}</span>}
      </div>
    </form>
  );
}

/** A field's text as a value of the settings; none when it is empty. */
function keyValue(key: string, typed: string): unknown {
  const text = typed.trim();
  if (text === "") return null;
  if (key === "exclude") return lines(typed);
  return key === "trash_days" || (key === "max_delete" && /^\d+$/.test(text)) ? Number(text) : text;
}
