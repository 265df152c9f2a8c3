import type { Conflict, ConflictChoices, ConflictVersion, VersionDetails } from "../api/client";
import { useVersionContent } from "../api/queries";
import { count, exactly, size, toTheMillisecond } from "../format";
import { text } from "../text";
import { Difference } from "./difference";
import { Name } from "./name";

interface Props {
  of: Conflict;
  /** What is known only when somebody looks; the rest is shown without it. */
  more: ConflictChoices | undefined;
}

/** Both versions side by side, what tells them apart marked; texts line by line. */
export function Versions({ of, more }: Props) {
  const contents = [useVersionContent(of, 0), useVersionContent(of, 1)] as const;
  const [a, b] = [contents[0].data, contents[1].data];
  const facts = of.versions.map((version, index) => factsOf(version, more?.versions[index], of));
  return (
    <>
      <div className="versions">
        {of.versions.map((version, index) => (
          <section key={version.side} className="version" aria-label={version.side}>
            <h2>
              <Name of={version.side} />
            </h2>
            {version.state === "deleted" ? (
              <p>{text.conflict.deleted}</p>
            ) : (
              <Facts of={facts[index] ?? {}} beside={facts[1 - index] ?? {}} marks={marks(of, index)} />
            )}
            {contents[index as 0 | 1]?.data?.image && (
              <img src={contents[index as 0 | 1].data?.image} alt={text.conflict.picture(version.side)} />
            )}
          </section>
        ))}
      </div>
      {of.kind === "metadata" && <p>{text.conflict.sameContent}</p>}
      {a?.text !== undefined && b?.text !== undefined && a.text !== b.text && (
        <Difference a={a.text} b={b.text} sides={of.versions.map((version) => version.side)} />
      )}
    </>
  );
}

type Fact = keyof typeof text.conflict.facts;
type FactList = Partial<Record<Fact, string>>;

/** What there is to say of a version, by what it is about. */
function factsOf(version: ConflictVersion, details: VersionDetails | undefined, of: Conflict): FactList {
  const files = of.versions.every(({ kind }) => kind === "file");
  const said: Record<Fact, string | null | undefined> = {
    at: version.at?.path,
    // Of two files it tells nothing.
    kind: files ? null : (text.conflict.kinds[version.kind] ?? version.kind),
    changed: version.modified && told(version.modified, of),
    // What a directory or a link takes for itself tells nothing.
    size: version.kind === "file" && version.size !== null && version.size !== undefined ? size(version.size) : null,
    owner: details?.owner,
    permissions: details?.permissions,
    target: details?.target?.path,
    entries: typeof details?.entries === "number" ? count(details.entries) : null,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value)) as FactList;
}

/** A time as exactly as it must be for one to be seen to be the newer. */
function told(at: string, of: Conflict): string {
  const seconds = of.versions.map(({ modified }) => (modified ? exactly(modified) : undefined));
  return of.newest !== null && seconds[0] === seconds[1] ? toTheMillisecond(at) : exactly(at);
}

/** What makes a version the greatest. */
const marks = (of: Conflict, index: number): FactList => ({
  ...(of.newest === index ? { changed: text.conflict.newest } : {}),
  ...(of.largest === index ? { size: text.conflict.largest } : {}),
});

function Facts({ of, beside, marks }: { of: FactList; beside: FactList; marks: FactList }) {
  return (
    <dl className="facts">
      {(Object.entries(of) as [Fact, string][]).map(([fact, value]) => {
        const differs = beside[fact] !== undefined && beside[fact] !== value;
        return (
          <div key={fact} className={differs ? "differs" : undefined}>
            <dt>{text.conflict.facts[fact]}</dt>
            <dd>
              <Name of={value} /> {marks[fact] && <span className="mark">{marks[fact]}</span>}
              {differs && <span className="unseen">{text.conflict.differs}</span>}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
