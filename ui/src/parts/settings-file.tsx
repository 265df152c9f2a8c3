import { useEffect, useRef, useState } from "react";
import { useControl } from "../api/actions";
import type { Mistake } from "../api/client";
import { type Settings, useMistakes } from "../api/queries";
import { text } from "../text";
import { Name } from "./name";
import { Notice } from "./notice";

/** How long typing pauses before the text is looked at, in milliseconds. */
const PAUSE = 300;

/** The file as text: mistakes are shown where they are while one types, and nothing is written before there is none. */
export function SettingsFile({ of }: { of: Settings }) {
  const control = useControl();
  const field = useRef<HTMLTextAreaElement>(null);
  const [base, setBase] = useState(of);
  const [typed, setTyped] = useState(of.text);
  const [looked, setLooked] = useState(of.text);
  const edited = typed !== base.text;
  // What was changed elsewhere is shown at once, unless that would throw away what was typed.
  useEffect(() => {
    if (!edited && of.digest !== base.digest) {
      setBase(of);
      setTyped(of.text);
    }
  }, [of, base, edited]);
  useEffect(() => {
    const timer = setTimeout(() => setLooked(typed), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  const check = useMistakes(looked, edited);
  const mistakes = edited ? (check.data?.mistakes ?? []) : [];
  const fine = edited && looked === typed && check.isSuccess && !check.isFetching && mistakes.length === 0;
  const stale = edited && of.digest !== base.digest;
  const show = ({ line, column, width }: Mistake) => {
    const before = typed.split("\n").slice(0, line - 1);
    const at = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
    field.current?.focus();
    field.current?.setSelectionRange(at, at + Math.max(1, width));
  };
  const save = async () => {
    if (await control.write(typed, base.digest)) setBase({ ...base, text: typed });
  };
  return (
    <section className="card stack" aria-labelledby="file">
      <div className="stack tight">
        <h2 id="file">{text.settings.file}</h2>
        <span className="small quiet">
          <code className="name">{of.file.path}</code> · {text.settings.fileTip}
        </span>
      </div>
      {stale && (
        <Notice
          tone="warn"
          title={text.settings.changed}
          actions={
            <button
              type="button"
              onClick={() => {
                setBase(of);
                setTyped(of.text);
              }}
            >
              {text.settings.reload}
            </button>
          }
        />
      )}
      <textarea
        ref={field}
        className="code"
        rows={Math.min(30, Math.max(10, typed.split("\n").length + 1))}
        spellCheck={false}
        autoComplete="off"
        wrap="off"
        aria-label={text.settings.text}
        aria-invalid={mistakes.length > 0}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div role="status" className="stack tight">
        {fine && <span className="small tone-good">{text.settings.fine}</span>}
        {mistakes.map((mistake) => (
          <Notice
            key={`${mistake.line} ${mistake.column} ${mistake.text}`}
            tone="bad"
            title={
              <>
                <button type="button" className="plain link" onClick={() => show(mistake)}>
                  {text.settings.at(mistake.line, mistake.column)}
                </button>{" "}
                <Name of={mistake.text} />
              </>
            }
          >
            <code className="name">{mistake.excerpt}</code>
          </Notice>
        ))}
      </div>
      <div className="row">
        <button type="button" className="main" disabled={!fine || stale} onClick={() => void save()}>
          {text.save}
        </button>
        {edited && (
          <button type="button" onClick={() => setTyped(base.text)}>
            {text.cancel}
          </button>
        )}
      </div>
    </section>
  );
}
