import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { text } from "../text";
import { Screen } from "./frame";
import { Notice } from "./notice";

/** A screen that threw: the frame stays, and the rest of the page works. */
export function Broken({ error, reset }: ErrorComponentProps) {
  return (
    <div role="alert">
      <Notice
        tone="bad"
        title={text.brokenPage}
        actions={
          <button type="button" onClick={reset}>
            {text.tryAgain}
          </button>
        }
      >
        <code className="name">{String(error)}</code>
      </Notice>
    </div>
  );
}

export function NotFound() {
  return (
    <Screen title={text.notFound}>
      <Link to="/">{text.rooms.home}</Link>
    </Screen>
  );
}
