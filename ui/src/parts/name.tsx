import { Fragment } from "react";
import { type Piece, pieces } from "../format";

interface Props {
  /** Any name: of a file, an item, a side. */
  of: string;
  oneLine?: boolean;
}

/** A name that may hold anything, shown so that it cannot hide, reorder or break what stands around it. */
export function Name({ of, oneLine = false }: Props) {
  return (
    <bdi className={oneLine ? "name one-line" : "name"} title={oneLine ? of : undefined}>
      {placed(of).map(({ text, odd, at }) =>
        odd ? (
          <span key={at} className="odd">
            {text}
          </span>
        ) : (
          <Fragment key={at}>{text}</Fragment>
        ),
      )}
    </bdi>
  );
}

/** The pieces with where each begins: that is what tells one from another. */
function placed(name: string): (Piece & { at: number })[] {
  let at = 0;
  return pieces(name).map((piece) => {
    const here = at;
    at += piece.text.length;
    return { ...piece, at: here };
  });
}
