import { useNavigate } from "@tanstack/react-router";
import { CirclePlay, CircleStop, Eye, ListChecks, Power, ShieldCheck } from "lucide-react";
import { useControl } from "../api/actions";
import type { Item } from "../api/client";
import { text } from "../text";
import { type Action, Actions, MenuButton } from "./menu";

/** Whether anybody here knows beforehand what a run would do: of what others start and only report, nobody does. */
export const isForeseeable = ({ handler }: Item): boolean => handler !== "jobs";

/** A button for everything that can be done with an item. */
export function ItemMenu({ of: item }: { of: Item }) {
  const label = text.menu.of(item.name);
  return <MenuButton label={label}>{(close) => <ItemActions of={item} label={label} onClose={close} />}</MenuButton>;
}

interface Props {
  of: Item;
  label: string;
  onClose: () => void;
}

function ItemActions({ of: item, label, onClose }: Props) {
  const control = useControl();
  const navigate = useNavigate();
  const at = { handler: item.handler, item: item.id };
  const running = item.working !== null;
  const actions: Action[] = [
    running
      ? {
          id: "stop",
          text: text.menu.stop,
          icon: <CircleStop aria-hidden />,
          danger: true,
          run: () => void control.stop(item),
        }
      : {
          id: "sync",
          text: text.menu.sync,
          icon: <CirclePlay aria-hidden />,
          disabled: item.refusal !== null,
          run: () => void control.sync(item),
        },
    ...(isForeseeable(item)
      ? [
          {
            id: "preview",
            text: text.menu.preview,
            icon: <Eye aria-hidden />,
            run: () => void navigate({ to: "/preview/$handler/$item", params: at }),
          },
          {
            id: "verify",
            text: text.menu.verify,
            icon: <ShieldCheck aria-hidden />,
            run: () => void navigate({ to: "/verify/$handler/$item", params: at }),
          },
        ]
      : []),
    {
      id: "results",
      text: text.menu.results,
      icon: <ListChecks aria-hidden />,
      run: () => void navigate({ to: "/results", search: at }),
    },
    ...(item.paused
      ? [{ id: "resume", text: text.menu.resume, run: () => void control.resume(item) }]
      : control.pauses(item)),
    {
      id: "switch",
      text: item.enabled ? text.menu.disable : text.menu.enable,
      icon: <Power aria-hidden />,
      run: () => void control.enable(item, !item.enabled),
    },
  ];
  return <Actions label={label} actions={actions} onClose={onClose} />;
}
