import { useState } from "react";
import { useControl } from "../api/actions";
import type { KeyChange } from "../api/client";
import { type Settings as SettingsText, useSettings } from "../api/queries";
import { lines, type Values } from "../draft";
import { Asking } from "../parts/asking";
import { Field, TextField } from "../parts/field";
import { Screen } from "../parts/frame";
import { Secrets } from "../parts/secrets";
import { Segments } from "../parts/segments";
import { SettingsFile } from "../parts/settings-file";
import { Tokens } from "../parts/tokens";
import { text } from "../text";
import { setTheme, type Theme, theme } from "../theme";

/** What a person decides about the program itself: forms for what is common, the file for everything. */
export function Settings() {
  const settings = useSettings();
  return (
    <Screen title={text.rooms.settings}>
      <Look />
      <Asking query={settings}>
        {(settings) => (
          <>
            <Common key={settings.digest} of={settings} />
            <Secrets />
            <Tokens />
            <SettingsFile of={settings} />
          </>
        )}
      </Asking>
    </Screen>
  );
}

const THEMES: Theme[] = ["system", "light", "dark"];

function Look() {
  const [chosen, setChosen] = useState(theme);
  return (
    <section className="card stack tight" aria-labelledby="look">
      <h2 id="look">{text.settings.look}</h2>
      <div className="row">
        <Segments
          label={text.settings.look}
          value={chosen}
          onChange={(next) => {
            setTheme(next);
            setChosen(next);
          }}
          choices={THEMES.map((value) => ({ value, text: text.settings.themes[value] }))}
        />
        <small className="quiet">{text.settings.onlyHere}</small>
      </div>
    </section>
  );
}

/** A key that has a field: where it is, and what holds if nothing is said. */
interface Key {
  section: string;
  key: string;
  label: string;
  tip?: string;
  number?: boolean;
  default: string;
}

const KEYS: Key[] = [
  { section: "results", key: "keep_days", label: text.settings.keepDays, number: true, default: "365" },
  { section: "results", key: "keep_runs", label: text.settings.keepRuns, number: true, default: "100000" },
  { section: "results", key: "keep_events", label: text.settings.keepEvents, number: true, default: "1000000" },
  { section: "stop", key: "grace", label: text.settings.grace, tip: text.settings.graceTip, default: "10s" },
];

function Common({ of }: { of: SettingsText }) {
  const control = useControl();
  const said = (of.values ?? {}) as Record<string, Values | undefined>;
  const was = Object.fromEntries(KEYS.map(({ section, key }) => [key, String(said[section]?.[key] ?? "")]));
  const listenWas = ((said.server?.listen as string[] | undefined) ?? []).join("\n");
  const [typed, setTyped] = useState<Record<string, string>>(was);
  const [listen, setListen] = useState(listenWas);
  const changes: KeyChange[] = KEYS.filter(({ key }) => typed[key] !== was[key]).map(({ section, key, number }) => {
    const value = typed[key] ?? "";
    return { path: [section, key], value: value === "" ? null : number ? Number(value) : value };
  });
  if (listen !== listenWas) {
    const addresses = lines(listen);
    changes.push({ path: ["server", "listen"], value: addresses.length > 0 ? addresses : null });
  }
  const fields = (section: string) =>
    KEYS.filter((key) => key.section === section).map((key) => (
      <TextField
        key={key.key}
        label={key.label}
        tip={key.tip}
        type={key.number ? "number" : "text"}
        placeholder={text.settings.default(key.default)}
        value={typed[key.key] ?? ""}
        onChange={(value) => setTyped((before) => ({ ...before, [key.key]: value }))}
      />
    ));
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault();
        void control.change(changes, undefined, of.digest);
      }}
    >
      <section className="stack tight" aria-labelledby="kept">
        <h2 id="kept">{text.settings.keep}</h2>
        <div className="fields">{fields("results")}</div>
        <small className="quiet">{text.settings.keepTip}</small>
      </section>
      <section className="stack tight" aria-labelledby="stopping">
        <h2 id="stopping">{text.settings.stop}</h2>
        <div className="fields">{fields("stop")}</div>
      </section>
      <section className="stack tight" aria-labelledby="reached">
        <h2 id="reached">{text.settings.server}</h2>
        <Field label={text.settings.listen} tip={text.settings.listenTip}>
          {(ties) => (
            <textarea
              {...ties}
              rows={2}
              spellCheck={false}
              value={listen}
              onChange={(event) => setListen(event.target.value)}
            />
          )}
        </Field>
      </section>
      <div className="row">
        <button type="submit" className="main" disabled={changes.length === 0}>
          {text.save}
        </button>
        {changes.length > 0 && <span className="small quiet">{text.settings.unsaved}</span>}
      </div>
    </form>
  );
}
