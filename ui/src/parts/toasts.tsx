import { X } from "lucide-react";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { text } from "../text";
import { Notice, type Tone } from "./notice";

interface Toast {
  id: number;
  tone: Tone;
  message: string;
  undo?: (() => void) | undefined;
}

type Say = (tone: Tone, message: string, undo?: () => void) => void;

const Context = createContext<Say>(() => {});

/** Says what a button came to, for a while. What must not be missed is not said here. */
export const useSay = (): Say => useContext(Context);

const READING_TIME = 8_000;

export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const drop = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const say = useMemo<Say>(() => {
    let last = 0;
    return (tone, message, undo) => {
      last += 1;
      const id = last;
      setToasts((all) => [...all.slice(-3), { id, tone, message, undo }]);
      // A failure stays until it was read, and what can be taken back until somebody had the time to.
      if (tone !== "bad" && !undo) setTimeout(() => drop(id), READING_TIME);
    };
  }, [drop]);
  return (
    <Context value={say}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((toast) => (
          <Notice
            key={toast.id}
            tone={toast.tone}
            title={toast.message}
            actions={
              <>
                {toast.undo && (
                  <button
                    type="button"
                    onClick={() => {
                      drop(toast.id);
                      toast.undo?.();
                    }}
                  >
                    {text.undo}
                  </button>
                )}
                <button type="button" className="plain icon" aria-label={text.dismiss} onClick={() => drop(toast.id)}>
                  <X aria-hidden />
                </button>
              </>
            }
          />
        ))}
      </div>
    </Context>
  );
}
