import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

export type Tone = "good" | "warn" | "bad" | "live" | "quiet";

const ICONS = { good: CircleCheck, warn: TriangleAlert, bad: CircleAlert, live: Info, quiet: Info };

interface Props {
  tone: Tone;
  title: ReactNode;
  children?: ReactNode;
  /** What can be done about it. */
  actions?: ReactNode;
}

/** Something a person should read, with its buttons. */
export function Notice({ tone, title, children, actions }: Props) {
  const Icon = ICONS[tone];
  return (
    <div className={`notice ${tone}`}>
      <Icon aria-hidden />
      <div className="body">
        <div>{title}</div>
        {children}
      </div>
      {actions && <div className="row actions">{actions}</div>}
    </div>
  );
}
