import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Props {
  title: string;
  /** Closes it without doing anything: Escape, or a press beside it. */
  onClose: () => void;
  /** It asks for consent to something that cannot be seen coming: read out at once. */
  alert?: boolean;
  /** There is something to read or to write in it. */
  wide?: boolean;
  children: ReactNode;
  actions: ReactNode;
}

/** A question above the page. It is open for as long as it is rendered. */
export function Dialog({ title, onClose, alert = false, wide = false, children, actions }: Props) {
  return (
    <ModalOverlay className="veil" isOpen isDismissable={!alert} onOpenChange={(open) => !open && onClose()}>
      <Modal className={wide ? "dialog wide" : "dialog"}>
        <AriaDialog role={alert ? "alertdialog" : "dialog"}>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
          <div className="actions">{actions}</div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
