import { useState } from "react";
import { useControl } from "../api/actions";
import type { Role } from "../api/client";
import { useTokens } from "../api/queries";
import { text } from "../text";
import { Asking } from "./asking";
import { SelectField, TextField } from "./field";
import { Name } from "./name";
import { Notice } from "./notice";

const ROLES: Role[] = ["viewer", "operator", "admin"];
const LASTS = ["7", "30", "365", ""];
const DAY = 86_400_000;

/** Who may ask from the network. A token itself is told once. */
export function Tokens() {
  const tokens = useTokens();
  const control = useControl();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [lasts, setLasts] = useState("365");
  const [secret, setSecret] = useState<string | undefined>();
  const make = async () => {
    const expires = lasts ? { expires: new Date(Date.now() + Number(lasts) * DAY).toISOString() } : {};
    const made = await control.newToken({ name: name.trim(), role, ...expires });
    if (made) {
      setSecret(made.secret);
      setName("");
    }
  };
  return (
    <section className="card stack" aria-labelledby="tokens">
      <h2 id="tokens">{text.settings.tokens}</h2>
      <Asking query={tokens}>
        {({ tokens }) =>
          tokens.length === 0 ? (
            <p className="quiet">{text.settings.noTokens}</p>
          ) : (
            <ul className="stack tight">
              {tokens.map((token) => (
                <li key={token.id} className="row">
                  <span className="grow">
                    <Name of={token.name} />{" "}
                    <span className="small quiet">
                      {[
                        token.kind === "page" ? text.settings.page : "",
                        text.settings.roles[token.role],
                        token.expires ? text.settings.until(token.expires) : "",
                      ]
                        .filter(Boolean)
                        .join(" · ")}
                    </span>
                  </span>
                  <button
                    type="button"
                    aria-label={`${text.settings.revoke}: ${token.name}`}
                    onClick={() => void control.revoke(token.id)}
                  >
                    {text.settings.revoke}
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Asking>
      {secret !== undefined && (
        <Notice tone="good" title={text.settings.tokenOnce}>
          <code className="name">{secret}</code>
        </Notice>
      )}
      <form
        className="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <TextField label={text.settings.tokenName} value={name} onChange={setName} />
        <SelectField
          label={text.settings.role}
          value={role}
          onChange={setRole}
          choices={ROLES.map((each) => [each, text.settings.roles[each] ?? each])}
        />
        <SelectField
          label={text.settings.expires}
          value={lasts}
          onChange={setLasts}
          choices={LASTS.map((each) => [each, text.settings.lasts[each] ?? each])}
        />
        <div className="row end">
          <button type="submit" disabled={!name.trim()}>
            {text.settings.newToken}
          </button>
        </div>
      </form>
    </section>
  );
}
