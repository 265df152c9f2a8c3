import { MoreHorizontal } from "lucide-react";
import { type ReactNode, useCallback, useRef, useState } from "react";
import { Menu as AriaMenu, MenuItem, Popover } from "react-aria-components";

export interface Action {
  id: string;
  text: string;
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  run: () => void;
}

interface ButtonProps {
  /** What the button is called for those who do not see it. */
  label: string;
  /** What the button shows; three dots when nothing is given. */
  shows?: ReactNode;
  /** The list, made when it opens: a screen has many of these buttons, and few are ever pressed. */
  children: (close: () => void) => ReactNode;
}

/**
 * Leads from the list itself, or the frame around it, to the first entry. There is where those come who press the button by
 * other means than a hand: with a key, or by a screen reader.
 */
function lead(frame: HTMLElement | null): void {
  frame?.addEventListener("focusin", ({ target }) => {
    const role = (target as HTMLElement).role;
    if (role !== "menu" && role !== "dialog") return;
    frame.querySelector<HTMLElement>('[role="menuitem"]:not([aria-disabled="true"])')?.focus();
  });
}

/** A button that opens a list of what can be done. */
export function MenuButton({ label, shows, children }: ButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  return (
    <>
      <button
        ref={button}
        type="button"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        className={shows ? "" : "icon plain"}
        onClick={() => setOpen(true)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {shows ?? <MoreHorizontal aria-hidden />}
      </button>
      {open && (
        <Popover
          ref={lead}
          className="menu"
          placement="bottom end"
          trigger="MenuTrigger"
          aria-label={label}
          triggerRef={button}
          isOpen
          onOpenChange={setOpen}
        >
          {children(close)}
        </Popover>
      )}
    </>
  );
}

interface ActionsProps {
  label: string;
  actions: Action[];
  onClose: () => void;
}

/** What can be done, one beneath the other. */
export function Actions({ label, actions, onClose }: ActionsProps) {
  return (
    <AriaMenu
      aria-label={label}
      autoFocus="first"
      onClose={onClose}
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
  );
}

interface Props {
  label: string;
  actions: Action[];
  children?: ReactNode;
}

/** A button with a list that is known beforehand. */
export function Menu({ label, actions, children }: Props) {
  return (
    <MenuButton label={label} shows={children}>
      {(close) => <Actions label={label} actions={actions} onClose={close} />}
    </MenuButton>
  );
}
