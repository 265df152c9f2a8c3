import { getRouteApi, Link } from "@tanstack/react-router";
import { useChoices, useConflict } from "../api/queries";
import { exactly } from "../format";
import { Asking } from "../parts/asking";
import { Screen } from "../parts/frame";
import { Name } from "../parts/name";
import { SettleOne } from "../parts/settle-one";
import { Versions } from "../parts/versions";
import { conflictKinds, text } from "../text";

const route = getRouteApi("/conflicts/$handler/$item/$conflict");

/** One disagreement: both versions side by side, and what each choice comes to. */
export function Conflict() {
  const { handler, item, conflict: id } = route.useParams();
  const conflict = useConflict(handler, item, id);
  const choices = useChoices(conflict.data);
  return (
    <Asking query={conflict} title={text.rooms.conflicts}>
      {(conflict) => (
        <Screen
          title={conflict.path}
          heading={<Name of={conflict.path} />}
          tip={
            <>
              <Link to="/items/$handler/$item" params={{ handler, item }}>
                <Name of={conflict.item_name} />
              </Link>{" "}
              · {conflictKinds[conflict.kind]} · {text.conflict.since(exactly(conflict.detected))}
            </>
          }
        >
          <Versions of={conflict} more={choices.data} />
          <Asking query={choices}>{(choices) => <SettleOne of={conflict} choices={choices} />}</Asking>
        </Screen>
      )}
    </Asking>
  );
}
