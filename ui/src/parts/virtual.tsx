import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";

interface Props<Row> {
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** About how high a row is, in pixels; what is shown is measured. */
  height: number;
  label: string;
  children: (row: Row) => ReactNode;
  /** Called when the end comes near, to fetch more. */
  /** How many rows there are, also those that are not fetched yet. */
  total?: number | undefined;
  onEnd?: (() => void) | undefined;
}

/** A list of any length: only the rows near what is seen are there. */
export function VirtualList<Row>({ rows, keyOf, height, label, children, onEnd, total }: Props<Row>) {
  const list = useRef<HTMLUListElement>(null);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: 8,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : keyOf(row);
    },
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - 10) onEnd?.();
  }, [last, rows.length, onEnd]);
  return (
    <ul ref={list} className="list" aria-label={label} style={{ height: virtual.getTotalSize() }}>
      {shown.map((place) => {
        const row = rows[place.index];
        return (
          row !== undefined && (
            <li
              key={place.key}
              ref={virtual.measureElement}
              data-index={place.index}
              aria-setsize={total ?? rows.length}
              aria-posinset={place.index + 1}
              style={{
                position: "absolute",
                insetInline: 0,
                top: 0,
                transform: `translateY(${place.start - virtual.options.scrollMargin}px)`,
              }}
            >
              {children(row)}
            </li>
          )
        );
      })}
    </ul>
  );
}
