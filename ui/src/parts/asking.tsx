import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Away, Refused } from "../api/client";
import { text } from "../text";
import { Notice } from "./notice";

interface Props<T> {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}

/** What was asked for, or why it is not there. */
export function Asking<T>({ query, children }: Props<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Trouble error={query.error} again={() => query.refetch()} />;
  return (
    <p className="quiet" role="status">
      {text.loading}
    </p>
  );
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
        {fix && <span className="small">{fix}</span>}
      </Notice>
    </div>
  );
}
