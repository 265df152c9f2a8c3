import { Fragment } from "react";
import { Name } from "./name";

/** A sentence of the program or of a handler: what stands between backticks is to be typed, and looks like it. */
export function Prose({ of }: { of: string }) {
  return of.split(/`([^`]+)`/).map((part, place) =>
    place % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place in the sentence
      <code key={place} className="typed">
        <Name of={part} />
      </code>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place in the sentence
      <Fragment key={place}>{part && <Name of={part} />}</Fragment>
    ),
  );
}
