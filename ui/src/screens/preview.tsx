import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { useControl } from "../api/actions";
import { type Choice, useItem, usePreview } from "../api/queries";
import { Asking } from "../parts/asking";
import { Screen } from "../parts/frame";
import { Name } from "../parts/name";
import { Plan } from "../parts/plan";
import { text } from "../text";

const route = getRouteApi("/preview/$handler/$item");

/** What a run would do, before it does anything. */
export function Preview() {
  const { handler, item: id } = route.useParams();
  const [choices, setChoices] = useState<Choice[]>([]);
  const item = useItem(handler, id);
  const preview = usePreview(handler, id, choices);
  const control = useControl();
  const navigate = useNavigate();
  const name = item.data?.name ?? id;
  const run = async (options: Record<string, unknown>) => {
    if (await control.sync({ handler, id, name }, options)) {
      void navigate({ to: "/items/$handler/$item", params: { handler, item: id } });
    }
  };
  return (
    <Screen
      title={text.preview.title(name)}
      heading={<Name of={text.preview.title(name)} />}
      actions={
        <button type="button" disabled={preview.isFetching} onClick={() => void preview.refetch()}>
          <RefreshCw aria-hidden />
          {text.preview.again}
        </button>
      }
    >
      {preview.isPending ? (
        <p role="status">{text.preview.looking}</p>
      ) : (
        <Asking query={preview}>
          {(found) => (
            <Plan of={found} choices={choices} onChoose={setChoices} stale={preview.isFetching} onRun={run} />
          )}
        </Asking>
      )}
    </Screen>
  );
}
