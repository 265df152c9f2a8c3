import { useState } from "react";
import type { Conflict } from "../api/client";
import { text } from "../text";
import { Dialog } from "./dialog";
import { TextField } from "./field";

interface Props {
  of: Conflict;
  /** A name for each version that would stand beside the other. */
  names: string[];
  busy: boolean;
  onKeep: (names: { name_a: string; name_b: string }) => void;
  onClose: () => void;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Both versions, each under a name that the person chooses. */
export function KeepNames({ of, names, busy, onKeep, onClose }: Props) {
  const [a, setA] = useState(() => nameOf(of.versions[0]?.at?.path ?? of.path));
  const [b, setB] = useState(() => names[1] ?? "");
  const wrong = (name: string, other: string) =>
    name === "" || name.includes("/") ? text.conflict.noName : name === other ? text.conflict.sameName : undefined;
  const [wrongA, wrongB] = [wrong(a, ""), wrong(b, a)];
  return (
    <Dialog
      title={text.conflict.keepNamed}
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {text.cancel}
          </button>
          <button
            type="button"
            className="main"
            disabled={busy || !!wrongA || !!wrongB}
            onClick={() => onKeep({ name_a: a, name_b: b })}
          >
            {text.conflict.keepBoth}
          </button>
        </>
      }
    >
      <TextField label={text.conflict.nameFor(of.versions[0]?.side ?? "A")} value={a} onChange={setA} wrong={wrongA} />
      <TextField label={text.conflict.nameFor(of.versions[1]?.side ?? "B")} value={b} onChange={setB} wrong={wrongB} />
      <p className="small quiet">{text.conflict.namesTip}</p>
    </Dialog>
  );
}
