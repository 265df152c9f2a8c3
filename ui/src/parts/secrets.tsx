import { useState } from "react";
import { useControl } from "../api/actions";
import { useSecrets } from "../api/queries";
import { text } from "../text";
import { Asking } from "./asking";
import { Confirm } from "./confirm";
import { TextField } from "./field";
import { Name } from "./name";

/** Secrets by name: they can be set and forgotten, never read. */
export function Secrets() {
  const secrets = useSecrets();
  const control = useControl();
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [forgetting, setForgetting] = useState<string | undefined>();
  const keep = async () => {
    if (await control.keepSecret(name.trim(), value)) {
      setName("");
      setValue("");
    }
  };
  return (
    <section className="card stack" aria-labelledby="secrets">
      <div className="stack tight">
        <h2 id="secrets">{text.settings.secrets}</h2>
        <span className="small quiet">{text.settings.secretsTip}</span>
      </div>
      <Asking query={secrets}>
        {({ secrets }) =>
          secrets.length === 0 ? (
            <p className="quiet">{text.settings.noSecrets}</p>
          ) : (
            <ul className="stack tight">
              {secrets.map((secret) => (
                <li key={secret.name} className="row">
                  <span className="grow">
                    <Name of={secret.name} /> <span className="small quiet">{secret.place}</span>
                  </span>
                  <button
                    type="button"
                    aria-label={`${text.settings.forget}: ${secret.name}`}
                    onClick={() => setForgetting(secret.name)}
                  >
                    {text.settings.forget}
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Asking>
      <form
        className="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void keep();
        }}
      >
        <TextField label={text.settings.secretName} value={name} onChange={setName} />
        <TextField label={text.settings.secretValue} type="password" value={value} onChange={setValue} />
        <div className="row end">
          <button type="submit" disabled={!name.trim() || !value}>
            {text.save}
          </button>
        </div>
      </form>
      {forgetting !== undefined && (
        <Confirm
          title={text.alerts.removeSure(forgetting)}
          confirm={text.settings.forget}
          onConfirm={() => void control.forgetSecret(forgetting)}
          onClose={() => setForgetting(undefined)}
        />
      )}
    </section>
  );
}
