import { Copy } from "lucide-react";
import { text } from "../text";
import { useSay } from "./toasts";

/** Copies a command. */
export function CopyButton({ of }: { of: string }) {
  const say = useSay();
  return (
    <button
      type="button"
      className="icon plain"
      aria-label={text.item.copy}
      onClick={() =>
        void navigator.clipboard
          .writeText(of)
          .then(() => say("good", text.item.copied))
          .catch(() => say("bad", text.item.notCopied))
      }
    >
      <Copy aria-hidden />
    </button>
  );
}
