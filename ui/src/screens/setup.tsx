import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FolderOpen } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useControl } from "../api/actions";
import type { Settings } from "../api/queries";
import { type Choice, useComing, usePreview, useSettings } from "../api/queries";
import {
  type Draft,
  EMPTY,
  freeId,
  isPath,
  itemOf,
  type Mode,
  runsByItself,
  scheduleKeys,
  sideName,
  USUAL,
  type Usual,
} from "../draft";
import { Asking } from "../parts/asking";
import { Detected } from "../parts/detected";
import { Check, Field, SelectField, TextField } from "../parts/field";
import { FolderPicker } from "../parts/folder-picker";
import { Screen } from "../parts/frame";
import { Plan } from "../parts/plan";
import { WhenForm } from "../parts/when-form";
import { text } from "../text";

const STEPS = ["sides", "rules", "when", "look"] as const;
type Step = (typeof STEPS)[number];

/** A pair of folders in four steps; nothing is touched before the last one was looked at. */
export function Setup() {
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [step, setStep] = useState<Step>("sides");
  const settings = useSettings();
  const heading = useRef<HTMLHeadingElement>(null);
  const at = STEPS.indexOf(step);
  const go = (to: number) => setStep(STEPS[to] ?? "sides");
  // Who listens hears which step begins.
  useEffect(() => {
    if (step !== "sides") heading.current?.focus();
  }, [step]);
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }));
  const wrong = mistakes(draft);
  return (
    <Screen title={text.rooms.setup}>
      <ol className="steps" aria-label={text.setup.steps}>
        {STEPS.map((each, place) => (
          <li
            key={each}
            className={place < at ? "done" : undefined}
            {...(each === step ? { "aria-current": "step" as const } : {})}
          >
            {text.setup.step[each]}
          </li>
        ))}
      </ol>
      <section className="card stack" aria-labelledby="step">
        <h2 id="step" ref={heading} tabIndex={-1}>
          {text.setup.step[step]}
        </h2>
        {step === "sides" && <Sides draft={draft} set={set} wrong={wrong} />}
        {step === "rules" && <Rules draft={draft} set={set} />}
        {step === "when" && <WhenForm value={draft.when} onChange={(when) => set({ when })} />}
        {step === "look" && (
          <Asking query={settings}>
            {(settings) => <Look draft={draft} settings={settings} onBack={() => go(2)} />}
          </Asking>
        )}
        {step !== "look" && (
          <div className="row">
            {at > 0 && (
              <button type="button" onClick={() => go(at - 1)}>
                {text.back}
              </button>
            )}
            <button
              type="button"
              className="main"
              disabled={Object.values(wrong).some(Boolean) || !draft.name.trim() || !draft.a || !draft.b}
              onClick={() => go(at + 1)}
            >
              {text.next}
            </button>
          </div>
        )}
      </section>
      {step === "sides" && <Detected />}
    </Screen>
  );
}

interface Mistakes {
  a?: string | undefined;
  b?: string | undefined;
  label?: string | undefined;
}

/** What cannot be meant; what is empty is only not done yet. */
function mistakes(draft: Draft): Mistakes {
  const path = (value: string) => (value.trim() !== "" && !isPath(value) ? text.setup.wrong.path : undefined);
  const same = draft.a.trim() !== "" && draft.a.trim() === draft.b.trim();
  const labels = draft.a !== "" && draft.b !== "" && !same && sideName(draft, "a") === sideName(draft, "b");
  return {
    a: path(draft.a),
    b: path(draft.b) ?? (same ? text.setup.wrong.same : undefined),
    label: labels ? text.setup.wrong.label : undefined,
  };
}

interface StepProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

function Sides({ draft, set, wrong }: StepProps & { wrong: Mistakes }) {
  const [choosing, setChoosing] = useState<"a" | "b" | undefined>();
  return (
    <>
      <TextField
        label={text.setup.name}
        tip={text.setup.nameTip}
        value={draft.name}
        onChange={(name) => set({ name })}
      />
      {(["a", "b"] as const).map((side) => (
        <fieldset key={side} className="pair plain-set">
          <legend className="unseen">{text.setup.side[side]}</legend>
          <Field label={text.setup.side[side]} wrong={wrong[side]}>
            {(ties) => (
              <div className="row nowrap">
                <input
                  {...ties}
                  className="grow"
                  value={draft[side]}
                  placeholder={side === "a" ? "~/Photos" : "/media/nas/Photos"}
                  spellCheck={false}
                  autoComplete="off"
                  onChange={(event) => set(side === "a" ? { a: event.target.value } : { b: event.target.value })}
                />
                <button type="button" onClick={() => setChoosing(side)}>
                  <FolderOpen aria-hidden />
                  {text.setup.choose}
                </button>
              </div>
            )}
          </Field>
          <TextField
            label={text.setup.label}
            tip={side === "a" ? text.setup.labelTip : undefined}
            wrong={side === "b" ? wrong.label : undefined}
            placeholder={draft[side] ? sideName(draft, side) : ""}
            value={side === "a" ? draft.aLabel : draft.bLabel}
            onChange={(label) => set(side === "a" ? { aLabel: label } : { bLabel: label })}
          />
        </fieldset>
      ))}
      {choosing && (
        <FolderPicker
          side={text.setup.side[choosing]}
          onClose={() => setChoosing(undefined)}
          onChoose={(path) => {
            set(choosing === "a" ? { a: path } : { b: path });
            setChoosing(undefined);
          }}
        />
      )}
    </>
  );
}

const MODES = ["two-way", "mirror", "copy"] as const satisfies readonly Mode[];
const USUALS = Object.keys(USUAL) as Usual[];

function Rules({ draft, set }: StepProps) {
  const [a, b] = [sideName(draft, "a"), sideName(draft, "b")];
  return (
    <>
      <fieldset className="stack tight plain-set">
        <legend>{text.setup.mode}</legend>
        {MODES.map((mode) => (
          <label key={mode} className="choice">
            <input type="radio" name="mode" value={mode} checked={draft.mode === mode} onChange={() => set({ mode })} />
            <span>
              {text.setup.modes[mode](a, b)}
              <br />
              <small className="quiet">{text.setup.modeTips[mode](a, b)}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {draft.mode !== "mirror" && (
        <SelectField
          label={text.setup.conflict}
          value={draft.policy}
          choices={(Object.keys(text.setup.policies) as Draft["policy"][]).map((policy) => [
            policy,
            text.setup.policies[policy],
          ])}
          onChange={(policy) => set({ policy })}
        />
      )}
      <fieldset className="stack tight plain-set">
        <legend>{text.setup.exclude}</legend>
        {USUALS.map((usual) => (
          <Check
            key={usual}
            label={text.setup.usual[usual]}
            checked={draft.usual.includes(usual)}
            onChange={(on) =>
              set({ usual: on ? [...draft.usual, usual] : draft.usual.filter((each) => each !== usual) })
            }
          />
        ))}
        <Field label={text.setup.excludeTip} tip={text.setup.nothingDeleted}>
          {(ties) => (
            <textarea
              {...ties}
              rows={4}
              spellCheck={false}
              value={draft.exclude}
              onChange={(event) => set({ exclude: event.target.value })}
            />
          )}
        </Field>
      </fieldset>
    </>
  );
}

/** Adds the pair without its schedule, and shows what the first run would do. */
function Look({ draft, settings, onBack }: { draft: Draft; settings: Settings; onBack: () => void }) {
  const control = useControl();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [choices, setChoices] = useState<Choice[]>([]);
  const [id] = useState(() => freeId(draft.name, Object.keys((settings.values?.items as object | undefined) ?? {})));
  const added = useRef(false);
  const known = useComing("folders", id).isSuccess;
  const preview = usePreview("folders", id, choices, known);
  const [failed, setFailed] = useState(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: it is added once, when the step begins
  useEffect(() => {
    if (added.current) return;
    added.current = true;
    void control.change([{ path: ["items", id], value: itemOf(draft) }]).then((done) => {
      setFailed(!done);
      void queries.invalidateQueries({ queryKey: ["items"] });
    });
  }, []);

  const back = async () => {
    if (!failed) await control.change([{ path: ["items", id], value: null }]);
    queries.removeQueries({ queryKey: ["items", "coming", "folders", id] });
    onBack();
  };
  /** From now on it runs by itself, if that was wanted. */
  const finish = async () => {
    const keys = Object.entries(scheduleKeys(draft.when)).filter(([, value]) => value !== null);
    if (runsByItself(draft.when)) {
      await control.change(keys.map(([key, value]) => ({ path: ["items", id, "schedule", key], value })));
    }
    void navigate({ to: "/items/$handler/$item", params: { handler: "folders", item: id } });
  };
  const run = async (options: Record<string, unknown>) => {
    if (await control.sync({ handler: "folders", id, name: draft.name.trim() }, options)) await finish();
  };
  const buttons = (
    <>
      <button type="button" onClick={() => void finish()} disabled={!known}>
        {text.setup.addOnly}
      </button>
      <button type="button" onClick={() => void back()}>
        {text.back}
      </button>
    </>
  );
  if (failed) {
    return (
      <div className="row">
        <button type="button" onClick={() => void back()}>
          {text.back}
        </button>
      </div>
    );
  }
  if (!known) return <p role="status">{text.setup.taking}</p>;
  return (
    <>
      <p className="quiet small">{text.setup.runTip}</p>
      {preview.isPending ? (
        <p role="status">{text.preview.looking}</p>
      ) : preview.data === undefined ? (
        <>
          <Asking query={preview}>{() => null}</Asking>
          <div className="row">{buttons}</div>
        </>
      ) : (
        <Plan
          of={preview.data}
          choices={choices}
          onChoose={setChoices}
          stale={preview.isFetching}
          onRun={run}
          actions={buttons}
        />
      )}
    </>
  );
}
