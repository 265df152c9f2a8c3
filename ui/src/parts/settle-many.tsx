import { useState } from "react";
import { useControl } from "../api/actions";
import type { Keep } from "../api/client";
import { type ConflictQuery, useOutlook } from "../api/queries";
import { text } from "../text";
import { Asking } from "./asking";
import { Dialog } from "./dialog";
import { Name } from "./name";

interface Props {
  filter: ConflictQuery;
  total: number;
  /** What the sides are called, where all the conflicts have the same. */
  sides: string[] | undefined;
  onClose: () => void;
}

const CHOICES: Keep[] = ["newest", "largest", "both", "a", "b", "merged", "leave-out"];

/** One choice for all conflicts that are listed: what it comes to is said beforehand, it is confirmed once, and taken back at once. */
export function SettleMany({ filter, total, sides, onClose }: Props) {
  const control = useControl();
  const [keep, setKeep] = useState<Keep>("newest");
  const [busy, setBusy] = useState(false);
  const { handler, item, kind, folder } = filter;
  const all = {
    ...(handler ? { handler } : {}),
    ...(item ? { item } : {}),
    ...(kind ? { kind } : {}),
    ...(folder ? { folder } : {}),
  };
  const outlook = useOutlook(keep, all);
  const can = outlook.data?.settled;
  const settle = async () => {
    setBusy(true);
    await control.settle({ keep }, undefined, all);
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
          <button type="button" className="main" disabled={busy || !can} onClick={() => void settle()}>
            {busy ? text.many.busy : text.many.confirm(can ?? total)}
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
              <Name of={text.many.choices(choice, sides)} />
              <br />
              <small className="quiet">
                <Name of={text.many.comes(choice, sides)} />
              </small>
            </span>
          </label>
        ))}
      </fieldset>
      <div role="status">
        <Asking query={outlook}>
          {({ settled, left, reasons }) => (
            <>
              <p>{text.many.outlook(settled, left)}</p>
              {reasons.slice(0, 3).map((reason) => (
                <p key={reason} className="small quiet">
                  <Name of={reason} />
                </p>
              ))}
            </>
          )}
        </Asking>
      </div>
      <p className="small quiet">{text.many.undoable}</p>
    </Dialog>
  );
}
