import { useState } from "react";
import { useControl } from "../api/actions";
import type { Keep } from "../api/client";
import type { ConflictQuery } from "../api/queries";
import { text } from "../text";
import { Dialog } from "./dialog";

interface Props {
  filter: ConflictQuery;
  total: number;
  onClose: () => void;
}

const CHOICES: Keep[] = ["newest", "largest", "both", "a", "b", "merged"];

/** One choice for all conflicts that are listed, confirmed once, taken back at once. */
export function SettleMany({ filter, total, onClose }: Props) {
  const control = useControl();
  const [keep, setKeep] = useState<Keep>("newest");
  const [busy, setBusy] = useState(false);
  const { handler, item, kind, folder } = filter;
  const settle = async () => {
    setBusy(true);
    const all = {
      ...(handler ? { handler } : {}),
      ...(item ? { item } : {}),
      ...(kind ? { kind } : {}),
      ...(folder ? { folder } : {}),
    };
    await control.settle(keep, undefined, all);
    onClose();
  };
  return (
    <Dialog
      title={text.many.title(total)}
      onClose={onClose}
      alert
      actions={
        <>
          <button type="button" onClick={onClose}>
            {text.cancel}
          </button>
          <button type="button" className="main" disabled={busy} onClick={() => void settle()}>
            {text.many.confirm(total)}
          </button>
        </>
      }
    >
      <fieldset className="stack tight plain-set">
        <legend className="unseen">{text.many.which}</legend>
        {CHOICES.map((choice) => (
          <label key={choice} className="choice">
            <input type="radio" name="keep" value={choice} checked={keep === choice} onChange={() => setKeep(choice)} />
            <span>
              {text.many.choices[choice]}
              <br />
              <small className="quiet">{text.many.comes[choice]}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <p className="small quiet">{text.conflict.undoable}</p>
    </Dialog>
  );
}
