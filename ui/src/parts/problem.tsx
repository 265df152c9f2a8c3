import { Prose } from "./prose";

interface Props {
  of: { text: string; fix?: string | null };
}

/** What is wrong, in the program's own words, and beneath it what to do. */
export function Problem({ of: { text, fix } }: Props) {
  return (
    <span>
      <Prose of={text} />
      {fix && (
        <span className="fix small quiet">
          <Prose of={fix} />
        </span>
      )}
    </span>
  );
}

/** What to do about what stands above it. */
export function Fix({ of }: { of: string | null | undefined }) {
  if (!of) return null;
  return (
    <span className="small">
      <Prose of={of} />
    </span>
  );
}
