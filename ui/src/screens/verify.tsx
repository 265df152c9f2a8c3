import { getRouteApi, Link } from "@tanstack/react-router";
import { Eye, RefreshCw } from "lucide-react";
import { useState } from "react";
import { useItem, usePair, useVerification } from "../api/queries";
import { calledIn } from "../draft";
import { Asking } from "../parts/asking";
import { Check } from "../parts/field";
import { Screen } from "../parts/frame";
import { Name } from "../parts/name";
import { Verification } from "../parts/verification";
import { text } from "../text";

const route = getRouteApi("/verify/$handler/$item");

/** Whether an item is as its last run left it. */
export function Verify() {
  const { handler, item: id } = route.useParams();
  const [byContent, setByContent] = useState(false);
  const item = useItem(handler, id);
  const pair = usePair(handler, id);
  const found = useVerification(handler, id, byContent);
  const title = text.verify.title(item.data?.name ?? id);
  return (
    <Screen
      title={title}
      heading={<Name of={title} />}
      tip={pair ? text.verify.tip.pair : text.verify.tip.other}
      actions={
        <>
          <button type="button" disabled={found.isFetching} onClick={() => void found.refetch()}>
            <RefreshCw aria-hidden />
            {text.verify.again}
          </button>
          <Link to="/preview/$handler/$item" params={{ handler, item: id }} className="button">
            <Eye aria-hidden />
            {text.verify.preview}
          </Link>
        </>
      }
    >
      <section className="card">
        <Check
          label={text.verify.byContent}
          tip={text.verify.byContentTip}
          checked={byContent}
          onChange={setByContent}
        />
      </section>
      {found.isFetching ? (
        <p role="status">{text.verify.looking}</p>
      ) : (
        <Asking query={found}>
          {(data) => (
            <Verification
              of={data}
              item={{ handler, item: id }}
              sides={pair && [calledIn(pair, "a"), calledIn(pair, "b")]}
              at={found.dataUpdatedAt}
            />
          )}
        </Asking>
      )}
    </Screen>
  );
}
