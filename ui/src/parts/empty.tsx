import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface Props {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
}

/** A place where nothing is yet: says why, and what would bring something here. */
export function Empty({ icon: Icon, title, children }: Props) {
  return (
    <div className="empty">
      <Icon aria-hidden strokeWidth={1.5} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}
