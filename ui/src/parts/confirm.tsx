import type { ReactNode } from "react";
import { text } from "../text";
import { Dialog } from "./dialog";

interface Props {
  title: string;
  children?: ReactNode;
  confirm: string;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks once before something goes. */
export function Confirm({ title, children, confirm, onConfirm, onClose }: Props) {
  return (
    <Dialog
      title={title}
      alert
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {text.cancel}
          </button>
          <button
            type="button"
            className="danger"
            onClick={() => {
              onConfirm();
              onClose();
            }}
          >
            {confirm}
          </button>
        </>
      }
    >
      {children}
    </Dialog>
  );
}
