import { useState } from "react";
import type { Conflict } from "../api/client";
import { useVersionContent } from "../api/queries";
import { size } from "../format";
import { text } from "../text";
import { Dialog } from "./dialog";
import { Field } from "./field";

interface Props {
  of: Conflict;
  /** Both texts in one, if they can be merged. */
  merge: string | undefined;
  busy: boolean;
  /** Called with the version in base64. */
  onKeep: (content: string) => void;
  onClose: () => void;
}

/** A place that both changed, as a merge marks it. */
const MARKED = /^(<{7,}|={7,}|>{7,})( |$)/m;

/** A version that neither side has: written here, or taken from a file. */
export function OwnVersion({ of, merge, busy, onKeep, onClose }: Props) {
  const a = useVersionContent(of, 0).data?.text;
  const b = useVersionContent(of, 1).data?.text;
  const [written, setWritten] = useState(merge ?? a);
  const [file, setFile] = useState<File>();
  // A field for text knows one kind of line ends: the file's own come back when it is kept.
  const ends = (merge ?? a)?.includes("\r\n") ? "\r\n" : "\n";
  const begins = [
    { name: text.conflict.theMerge, text: merge },
    ...of.versions.map((version, index) => ({ name: version.side, text: index === 0 ? a : b })),
  ];
  const keep = async () => {
    const typed = () => new TextEncoder().encode((written ?? "").replace(/\r?\n/g, ends));
    onKeep(base64(file ? new Uint8Array(await file.arrayBuffer()) : typed()));
  };
  const tooLarge = file !== undefined && file.size > LARGEST;
  return (
    <Dialog
      title={text.conflict.own}
      wide
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {text.cancel}
          </button>
          <button
            type="button"
            className="main"
            disabled={busy || tooLarge || (file === undefined && written === undefined)}
            onClick={() => void keep()}
          >
            {text.conflict.keepOwn}
          </button>
        </>
      }
    >
      {written !== undefined && file === undefined && (
        <>
          <div className="row small">
            {text.conflict.beginWith}
            {begins.map(
              (begin) =>
                begin.text !== undefined && (
                  <button key={begin.name} type="button" onClick={() => setWritten(begin.text)}>
                    {begin.name}
                  </button>
                ),
            )}
          </div>
          <Field
            label={text.conflict.written}
            tip={MARKED.test(written) ? <span className="tone-warn">{text.conflict.stillMarked}</span> : undefined}
          >
            {(ties) => (
              <textarea
                {...ties}
                className="code"
                rows={14}
                spellCheck={false}
                value={written}
                onChange={(event) => setWritten(event.target.value)}
              />
            )}
          </Field>
        </>
      )}
      <Field
        label={text.conflict.fromFile}
        wrong={tooLarge ? text.conflict.fileTooLarge(size(LARGEST)) : undefined}
        tip={text.conflict.ownTip}
      >
        {(ties) => <input {...ties} type="file" onChange={(event) => setFile(event.target.files?.[0])} />}
      </Field>
    </Dialog>
  );
}

/** The largest file that the program takes by this way, in bytes. */
const LARGEST = 700_000;

function base64(bytes: Uint8Array): string {
  let binary = "";
  // A call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}
