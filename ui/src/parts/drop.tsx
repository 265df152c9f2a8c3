import { X } from "lucide-react";
import { Name } from "./name";

/** A filter that holds, and a press takes away. */
export function Drop({ of, drop }: { of: string; drop: () => void }) {
  return (
    <button type="button" className="chip" onClick={drop}>
      <Name of={of} />
      <X aria-hidden />
    </button>
  );
}
