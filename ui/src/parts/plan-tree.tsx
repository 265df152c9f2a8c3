import { ChevronDown, ChevronRight, FolderOpen } from "lucide-react";
import { useMemo, useState } from "react";
import type { Action, PathText, Verb } from "../api/client";
import type { Choice } from "../api/queries";
import { size } from "../format";
import { text } from "../text";
import { type Line, treeLines } from "../tree";
import { Menu, type Action as MenuAction } from "./menu";
import { Name } from "./name";
import { VirtualList } from "./virtual";

/** What has a version on either side that can win. */
const TURNABLE: Verb[] = ["delete", "update", "create", "metadata"];
/** From this depth on lines move no further to the side. */
const DEEPEST = 8;
/** How far a line moves to the side for each folder, in pixels. */
const STEP = 20;

interface Props {
  rows: Action[];
  label: string;
  sides: readonly string[] | null | undefined;
  /** None where nothing can be decided. */
  onChoose: ((choice: Choice) => void) | undefined;
  onEnd: () => void;
}

/** Changes in the folders that they belong to. */
export function PlanTree({ rows, label, sides, onChoose, onEnd }: Props) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const lines = useMemo(() => treeLines(rows, folded), [rows, folded]);
  const fold = (path: string) =>
    setFolded((before) => {
      const next = new Set(before);
      if (!next.delete(path)) next.add(path);
      return next;
    });
  return (
    <div className="card flush">
      <VirtualList rows={lines} keyOf={keyOf} height={45} label={label} onEnd={onEnd}>
        {(line) => (
          <div style={{ paddingInlineStart: Math.min(line.depth, DEEPEST) * STEP }}>
            {line.kind === "folder" ? (
              <FolderLine of={line} fold={fold} onChoose={onChoose} />
            ) : (
              <ActionLine of={line.action} name={line.name} sides={sides} onChoose={onChoose} />
            )}
          </div>
        )}
      </VirtualList>
    </div>
  );
}

const keyOf = (line: Line): string =>
  line.kind === "folder" ? `/${line.path}` : `${line.action.side} ${line.action.path} ${line.action.path_base64 ?? ""}`;

interface FolderProps {
  of: Extract<Line, { kind: "folder" }>;
  fold: (path: string) => void;
  onChoose: Props["onChoose"];
}

function FolderLine({ of: { path, name, within, open }, fold, onChoose }: FolderProps) {
  const Sign = open ? ChevronDown : ChevronRight;
  return (
    <div className="plan-row folder">
      <button
        type="button"
        className="plain fold"
        aria-expanded={open}
        aria-label={text.preview.folder(path, open)}
        onClick={() => fold(path)}
      >
        <Sign aria-hidden />
        <FolderOpen aria-hidden />
        <Name of={name} />
      </button>
      <span className="small quiet">{text.run.changes(within)}</span>
      {onChoose && (
        <Menu
          label={text.preview.of(path)}
          actions={[{ id: "skip", text: text.preview.skip, run: () => onChoose({ skip: { path } }) }]}
        />
      )}
    </div>
  );
}

interface ActionProps {
  of: Action;
  name: string;
  sides: Props["sides"];
  onChoose: Props["onChoose"];
}

function ActionLine({ of, name, sides, onChoose }: ActionProps) {
  const side = sides?.[of.side === "a" ? 0 : 1];
  const path: PathText = { path: of.path, ...(of.path_base64 ? { path_base64: of.path_base64 } : {}) };
  // The side that would be changed keeps what it has when its version wins.
  const wins = of.side === "a" ? "a" : "b";
  const actions: MenuAction[] = [
    { id: "skip", text: text.preview.skip, run: () => onChoose?.({ skip: path }) },
    ...(TURNABLE.includes(of.verb) && side
      ? [{ id: "flip", text: text.preview.keep(side), run: () => onChoose?.({ flip: path, wins } as Choice) }]
      : []),
  ];
  return (
    <div className="plan-row">
      <span>
        {of.from && (
          <>
            <Name of={of.from.path} /> →{" "}
          </>
        )}
        <Name of={of.from ? of.path : name} />
        {of.entries > 1 && <span className="quiet"> · {text.entries(of.entries)}</span>}
        {of.size > 0 && <span className="quiet"> · {size(of.size)}</span>}
      </span>
      <span className="small">
        {side && (
          <>
            {text.preview.on} <Name of={side} />
          </>
        )}
      </span>
      <span className="small quiet">
        <Name of={of.why} />
      </span>
      {onChoose && <Menu label={text.preview.of(of.path)} actions={actions} />}
    </div>
  );
}
