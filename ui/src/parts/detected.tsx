import { useState } from "react";
import { useControl } from "../api/actions";
import type { Found, RunIt, WatchIt } from "../api/client";
import { useDetected } from "../api/queries";
import { text } from "../text";
import { Asking } from "./asking";
import { CopyButton } from "./copy";
import { Dialog } from "./dialog";
import { TextField } from "./field";
import { Name } from "./name";

type Asked = { title: string; watch: WatchIt } | { title: string; run: RunIt };

/** What this machine synchronizes already. It was only looked at; what is chosen here is the first thing that changes. */
export function Detected() {
  const detected = useDetected();
  const [asked, setAsked] = useState<Asked | undefined>();
  return (
    <section className="stack tight" aria-labelledby="detected">
      <h2 id="detected">{text.detected.title}</h2>
      {detected.isPending ? (
        <p className="quiet" role="status">
          {text.detected.looking}
        </p>
      ) : (
        <Asking query={detected}>
          {({ found, unread }) => (
            <>
              <p className="quiet small">{found.length > 0 ? text.detected.tip : text.detected.none}</p>
              {found.length > 0 && (
                <ul className="card flush list">
                  {found.map((each) => (
                    <li key={each.key}>
                      <One of={each} onAsk={setAsked} />
                    </li>
                  ))}
                </ul>
              )}
              {unread.length > 0 && (
                <details className="small quiet">
                  <summary>{text.detected.unread(unread.length)}</summary>
                  <ul>
                    {unread.map(({ file, why }) => (
                      <li key={file.path_base64 ?? file.path}>
                        <Name of={file.path} />: <Name of={why} />
                      </li>
                    ))}
                  </ul>
                </details>
              )}
            </>
          )}
        </Asking>
      )}
      {asked && "watch" in asked && <Watch of={asked.watch} title={asked.title} onClose={() => setAsked(undefined)} />}
      {asked && "run" in asked && <Run of={asked.run} title={asked.title} onClose={() => setAsked(undefined)} />}
    </section>
  );
}

function One({ of, onAsk }: { of: Found; onAsk: (asked: Asked) => void }) {
  const { watch, run, title } = of;
  return (
    <div className="row apart">
      <div className="stack tight grow">
        <strong>
          <Name of={title} />
        </strong>
        <span className="small quiet">
          {[of.tool, text.detected.kinds[of.kind], of.schedule].filter(Boolean).join(" · ")}
        </span>
        <span className="small quiet">
          <Name of={text.detected.at(of.file.path, of.line)} />
        </span>
        {of.note && (
          <span className="small tone-warn">
            <Name of={of.note} />
          </span>
        )}
      </div>
      {of.known ? (
        <span className="small tone-good">{text.detected.known}</span>
      ) : (
        <div className="row">
          {watch && (
            <button
              type="button"
              aria-label={`${text.detected.watch}: ${title}`}
              onClick={() => onAsk({ title, watch })}
            >
              {text.detected.watch}
            </button>
          )}
          {run && (
            <button type="button" aria-label={`${text.detected.run}: ${title}`} onClick={() => onAsk({ title, run })}>
              {text.detected.run}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** The line to be put where the old one stands: we change nothing there. */
function Watch({ of, title, onClose }: { of: WatchIt; title: string; onClose: () => void }) {
  return (
    <Dialog
      title={text.detected.watchTitle(title)}
      onClose={onClose}
      actions={
        <button type="button" onClick={onClose}>
          {text.close}
        </button>
      }
    >
      <p>{text.detected.watchTip}</p>
      <div className="row nowrap">
        <code className="name grow">{of.line}</code>
        <CopyButton of={of.line} />
      </div>
    </Dialog>
  );
}

/** The item that it becomes, with what is still to be said of it. */
function Run({ of, title, onClose }: { of: RunIt; title: string; onClose: () => void }) {
  const control = useControl();
  const [said, setSaid] = useState<Record<string, string>>({});
  const complete = of.missing.every((key) => (said[key] ?? "").trim() !== "");
  const take = async () => {
    const value = { ...(of.settings as Record<string, unknown>), ...said };
    if (await control.change([{ path: ["items", of.item], value }], text.detected.taken(of.item))) onClose();
  };
  return (
    <Dialog
      title={text.detected.runTitle(title)}
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="button" className="main" disabled={!complete} onClick={() => void take()}>
            {text.add}
          </button>
        </>
      }
    >
      <p>{text.detected.runTip}</p>
      <pre className="output">{of.text}</pre>
      {of.missing.map((key) => (
        <TextField
          key={key}
          label={key}
          value={said[key] ?? ""}
          onChange={(typed) => setSaid((before) => ({ ...before, [key]: typed }))}
        />
      ))}
    </Dialog>
  );
}
