import { MoreHorizontal } from "lucide-react";
import type { ReactNode } from "react";
import { Menu as AriaMenu, Button, MenuItem, MenuTrigger, Popover } from "react-aria-components";

export interface Action {
  id: string;
  text: string;
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  run: () => void;
}

interface Props {
  /** What the button is called for those who do not see it. */
  label: string;
  actions: Action[];
  /** What the button shows; three dots when nothing is given. */
  children?: ReactNode;
}

/** A button with a list of what can be done. */
export function Menu({ label, actions, children }: Props) {
  return (
    <MenuTrigger>
      <Button aria-label={label} className={children ? "" : "icon plain"}>
        {children ?? <MoreHorizontal aria-hidden />}
      </Button>
      <Popover className="menu" placement="bottom end">
        <AriaMenu
          aria-label={label}
          onAction={(key) => actions.find((action) => action.id === key)?.run()}
          disabledKeys={actions.filter((action) => action.disabled).map((action) => action.id)}
        >
          {actions.map((action) => (
            <MenuItem key={action.id} id={action.id} textValue={action.text} className={action.danger ? "danger" : ""}>
              {action.icon}
              {action.text}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
