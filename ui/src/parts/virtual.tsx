import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { Fragment, type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { text } from "../text";

/** Rows by their place; none where they are not fetched yet. A plain array is one of these. */
export interface Rows<Row> {
  readonly length: number;
  at(index: number): Row | undefined;
}

interface Props<Row> {
  rows: Rows<Row>;
  keyOf: (row: Row) => string;
  /** About how high a row is, in pixels; what is shown is measured. */
  height: number;
  label: string;
  children: (row: Row) => ReactNode;
  /** How many rows there are, also those that `rows` does not know of yet. */
  total?: number | undefined;
  /** Called when the end comes near, to fetch more. */
  onEnd?: (() => void) | undefined;
  /** Called with the places that are near what is seen, to fetch what is there. */
  onLook?: ((from: number, until: number) => void) | undefined;
}

/** Browsers draw nothing that lies further down, in pixels; with room for rows that are higher than supposed. */
const TALLEST = 12_000_000;

/** How many rows are ready above and below what is seen. */
const AROUND = 6;

/** A list of any length: only the rows near what is seen are there. */
export function VirtualList<Row>({ rows, keyOf, height, label, children, onEnd, onLook, total }: Props<Row>) {
  const list = useRef<HTMLUListElement>(null);
  const listed = Math.min(rows.length, Math.floor(TALLEST / height));
  // Places are keys of measures: another key for each render would have all places measured anew.
  const virtual = useWindowVirtualizer({
    count: listed,
    estimateSize: () => height,
    overscan: AROUND,
    scrollMargin: useBegin(list),
  });
  const shown = virtual.getVirtualItems();
  const first = shown[0]?.index ?? 0;
  const last = shown.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - 10) onEnd?.();
  }, [last, rows.length, onEnd]);
  useEffect(() => onLook?.(first, last), [first, last, onLook]);
  return (
    <>
      <ul ref={list} className="list" aria-label={label} style={{ height: virtual.getTotalSize() }}>
        {shown.map(({ key, index, start }) => {
          const row = rows.at(index);
          return (
            <li
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              aria-setsize={total ?? rows.length}
              aria-posinset={index + 1}
              aria-busy={row === undefined}
              style={{
                position: "absolute",
                insetInline: 0,
                top: 0,
                transform: `translateY(${start - virtual.options.scrollMargin}px)`,
                ...(row === undefined ? { height } : {}),
              }}
            >
              {row !== undefined && <Fragment key={keyOf(row)}>{children(row)}</Fragment>}
            </li>
          );
        })}
      </ul>
      {listed < rows.length && <p className="small quiet beyond">{text.beyond(listed, rows.length)}</p>}
    </>
  );
}

/** How far below the top of the page an element begins: looked at when the page has grown, never while it is drawn. */
function useBegin(of: RefObject<HTMLElement | null>): number {
  const [begin, setBegin] = useState(0);
  useLayoutEffect(() => {
    const look = () => setBegin(of.current?.offsetTop ?? 0);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [of]);
  return begin;
}
