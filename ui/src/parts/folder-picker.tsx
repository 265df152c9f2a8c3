import { CornerLeftUp, Folder as FolderIcon } from "lucide-react";
import { useState } from "react";
import type { PathText } from "../api/client";
import { useFolders } from "../api/queries";
import { pathWord } from "../draft";
import { text } from "../text";
import { Asking } from "./asking";
import { Dialog } from "./dialog";
import { Name } from "./name";

interface Props {
  side: string;
  onChoose: (path: string) => void;
  onClose: () => void;
}

/** Walks the machine's folders; nothing but folders is ever listed. */
export function FolderPicker({ side, onChoose, onClose }: Props) {
  const [at, setAt] = useState<PathText | undefined>();
  const folders = useFolders(at);
  const here = folders.data;
  return (
    <Dialog
      title={text.setup.chooseTitle(side)}
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {text.cancel}
          </button>
          <button
            type="button"
            className="main"
            disabled={!here}
            onClick={() => {
              if (here) onChoose(pathWord(here));
            }}
          >
            {text.setup.chooseThis}
          </button>
        </>
      }
    >
      <div className="row apart">
        <strong aria-live="polite" className="grow">
          <Name of={here?.path ?? ""} />
        </strong>
        <button type="button" disabled={!here?.parent} onClick={() => here?.parent && setAt(here.parent)}>
          <CornerLeftUp aria-hidden />
          {text.setup.up}
        </button>
      </div>
      <Asking query={folders}>
        {({ folders, more }) => (
          <ul className="folders" aria-label={text.setup.chooseTitle(side)}>
            {folders.map((folder) => (
              <li key={folder.path_base64 ?? folder.path}>
                <button type="button" className="plain" onClick={() => setAt(folder)}>
                  <FolderIcon aria-hidden />
                  <Name of={folder.name} />
                </button>
              </li>
            ))}
            {folders.length === 0 && <li className="quiet small">{text.setup.noFolders}</li>}
            {more && <li className="quiet small">{text.setup.moreFolders}</li>}
          </ul>
        )}
      </Asking>
    </Dialog>
  );
}
