import { useState } from "react";
import { useControl } from "../api/actions";
import { freeId, lines } from "../draft";
import { text } from "../text";
import { Dialog } from "./dialog";
import { Field, SelectField, TextField } from "./field";

type Kind = keyof typeof KEYS;

/** What each kind is asked for; a star marks what must be said, an exclamation mark what is kept as a secret. */
const KEYS = {
  desktop: [],
  mail: ["host*", "user", "password!", "from*", "to*"],
  webhook: ["url*", "token!"],
  ntfy: ["topic!*", "server", "token!"],
  command: ["command*"],
} as const;

const KINDS = Object.keys(KEYS) as Kind[];

/** A new way to be told. What is secret goes to the secrets, and only its name into the settings. */
export function ChannelForm({ taken, onClose }: { taken: string[]; onClose: () => void }) {
  const control = useControl();
  const [kind, setKind] = useState<Kind>("desktop");
  const [said, setSaid] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const keys = KEYS[kind].map((key) => ({
    name: key.replace(/[*!]/g, ""),
    secret: key.includes("!"),
    needed: key.includes("*"),
  }));
  const complete = keys.every((key) => !key.needed || (said[key.name] ?? "").trim() !== "");
  const save = async () => {
    setBusy(true);
    const id = freeId(kind, taken);
    const value: Record<string, unknown> = { kind };
    let done = true;
    for (const { name, secret } of keys) {
      const typed = (said[name] ?? "").trim();
      if (!done || typed === "") continue;
      if (secret) {
        done = await control.keepSecret(`${id}-${name}`, typed);
        value[name] = `secret:${id}-${name}`;
      } else {
        value[name] =
          name === "command" ? lines(typed) : name === "to" ? typed.split(",").map((to) => to.trim()) : typed;
      }
    }
    done = done && (await control.change([{ path: ["channels", id], value }]));
    setBusy(false);
    if (done) onClose();
  };
  return (
    <Dialog
      title={text.alerts.addChannel}
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="button" className="main" disabled={!complete || busy} onClick={() => void save()}>
            {text.add}
          </button>
        </>
      }
    >
      <SelectField
        label={text.alerts.kind}
        value={kind}
        onChange={setKind}
        choices={KINDS.map((each) => [each, text.alerts.kinds[each] ?? each])}
      />
      {keys.map(({ name, secret }) => {
        const field = {
          label: text.alerts.keys[name] ?? name,
          tip: secret ? text.alerts.secretTip : undefined,
        };
        const value = said[name] ?? "";
        const set = (typed: string) => setSaid((before) => ({ ...before, [name]: typed }));
        return name === "command" ? (
          <Field key={name} {...field}>
            {(ties) => (
              <textarea
                {...ties}
                rows={3}
                spellCheck={false}
                value={value}
                onChange={(event) => set(event.target.value)}
              />
            )}
          </Field>
        ) : (
          <TextField key={name} {...field} type={secret ? "password" : "text"} value={value} onChange={set} />
        );
      })}
    </Dialog>
  );
}
