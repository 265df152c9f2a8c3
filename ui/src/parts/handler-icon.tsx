import {
  AppWindow,
  Archive,
  ArrowLeftRight,
  ArrowRightLeft,
  Cloud,
  Folders,
  GitBranch,
  HardDrive,
  type LucideIcon,
  Monitor,
  Plug,
  Share2,
  SquareTerminal,
} from "lucide-react";
import { useState } from "react";
import type { HandlerKind, Item } from "../api/client";
import { useHandler } from "../api/queries";

/** Handlers that everybody knows by a sign. */
const KNOWN: Record<string, LucideIcon> = {
  folders: Folders,
  jobs: SquareTerminal,
  rsync: ArrowRightLeft,
  rclone: Cloud,
  restic: Archive,
  borg: Archive,
  unison: ArrowLeftRight,
  git: GitBranch,
  syncthing: Share2,
};

/** Those that bring no picture of their own look like what they are. */
const KINDS: Record<HandlerKind, LucideIcon> = {
  unspecified: Plug,
  application: AppWindow,
  device: HardDrive,
  folder: Folders,
  service: Cloud,
  computer: Monitor,
};

interface Props {
  handler: string;
  /** One of its items, which may have a picture of its own. */
  item?: Item;
}

/** The picture of a handler or item: its own, else one for what kind it is. Said to nobody, its name stands beside it. */
export function HandlerIcon({ handler: id, item }: Props) {
  const handler = useHandler(id);
  const own = item?.icon ? `${item.href}/icon` : handler?.icon ? `${handler.href}/icon` : undefined;
  const [broken, setBroken] = useState<string>();
  // A partner of a collection is called by it: `rclone:cloud`.
  const Icon = KNOWN[id.split(":")[0] ?? id] ?? KINDS[handler?.kind ?? "unspecified"];
  return (
    <span className={`picture kind-${handler?.kind ?? "unspecified"}`} aria-hidden>
      {own && own !== broken ? (
        <img src={own} alt="" loading="lazy" onError={() => setBroken(own)} />
      ) : (
        <Icon strokeWidth={1.8} />
      )}
    </span>
  );
}
