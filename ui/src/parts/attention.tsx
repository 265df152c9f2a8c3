import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useControl } from "../api/actions";
import type { Headline, Item } from "../api/client";
import { useLive } from "../live/live";
import { text } from "../text";
import { Name } from "./name";
import { Notice, type Tone } from "./notice";
import { useNow } from "./now";
import { Problem } from "./problem";

const TONES: Partial<Record<Headline, Tone>> = { conflicts: "warn", gaps: "warn", interrupted: "warn" };

/** What an item needs of a person: a sentence, the reason, and the buttons that settle it. */
export function Attention({ of: item }: { of: Item }) {
  const now = useNow();
  const sentence = text.attention.sentences[item.headline];
  const problem = item.headline === "conflicts" ? undefined : item.last_run?.problem;
  return (
    <Notice
      tone={TONES[item.headline] ?? "bad"}
      title={
        <strong>
          <Name of={item.name} /> {sentence}
        </strong>
      }
      actions={<Buttons item={item} />}
    >
      {problem && <Problem of={problem} />}
      {item.headline === "conflicts" && <span>{text.attention.conflicts(item.conflicts)}</span>}
      {item.headline === "overdue" && (
        <span>{item.last_good ? text.attention.lastGood(item.last_good.ended, now) : text.attention.neverGood}</span>
      )}
    </Notice>
  );
}

function Buttons({ item }: { item: Item }): ReactNode {
  const control = useControl();
  const { away } = useLive();
  const at = { handler: item.handler, item: item.id };
  const details = item.last_run && (
    <Link to="/runs/$run" params={{ run: String(item.last_run.run) }} className="button">
      {text.attention.details}
    </Link>
  );
  // What starts elsewhere is tried again there.
  const again = (words: string) =>
    item.refusal === null && (
      <button
        type="button"
        className="main"
        disabled={away || item.working !== null}
        onClick={() => void control.sync(item)}
      >
        {words}
      </button>
    );
  switch (item.headline) {
    case "safety_stop":
      return (
        <>
          <Link to="/preview/$handler/$item" params={at} className="button main">
            {text.attention.look}
          </Link>
          {details}
        </>
      );
    case "conflicts":
      return (
        <Link to="/conflicts" search={at} className="button main">
          {text.attention.settle}
        </Link>
      );
    case "not_responding":
      return (
        <button type="button" className="danger" onClick={() => void control.stop(item)}>
          {text.attention.stop}
        </button>
      );
    case "overdue":
    case "interrupted":
      return (
        <>
          {again(text.attention.syncNow)}
          {details}
        </>
      );
    default:
      return (
        <>
          {again(text.attention.again)}
          {details}
        </>
      );
  }
}
