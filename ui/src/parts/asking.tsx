import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Away, Refused } from "../api/client";
import { text } from "../text";
import { Screen } from "./frame";
import { Notice } from "./notice";
import { Fix } from "./problem";

interface Props<T> {
  query: UseQueryResult<T>;
  /** What the screen is called while there is nothing of it but this. */
  title?: string;
  children: (data: T) => ReactNode;
}

/** What was asked for, or why it is not there. */
export function Asking<T>({ query, title, children }: Props<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  const instead = query.error ? (
    <Trouble error={query.error} again={() => query.refetch()} />
  ) : (
    <p className="quiet" role="status">
      {text.loading}
    </p>
  );
  return title === undefined ? instead : <Screen title={title}>{instead}</Screen>;
}

/** An error in the program's words, with what to do. */
export function Trouble({ error, again }: { error: Error; again?: () => void }) {
  const signedOut = error instanceof Refused && error.status === 401;
  const title = signedOut ? text.signedOut : error instanceof Away ? text.away : error.message;
  const fix = signedOut ? text.signedOutTip : error instanceof Refused ? error.fix : undefined;
  return (
    <div role="alert">
      <Notice
        tone="bad"
        title={title}
        actions={
          again && (
            <button type="button" onClick={again}>
              {text.tryAgain}
            </button>
          )
        }
      >
        <Fix of={fix} />
      </Notice>
    </div>
  );
}
