/** Calls of the API, typed from its document. */

import createClient from "openapi-fetch";
import { segment } from "../segment";
import type { Fault, paths } from "./schema";

export type * from "./schema";

/** What stands in paths for identifiers that may be any text. */
const NAMED = ["handler", "item"];

/** A path of the document with values in the place of its names. */
function addressed(path: string, values: Record<string, unknown>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(values[name]);
    return encodeURIComponent(NAMED.includes(name) ? segment(value) : value);
  });
}

/** Everything the page asks for goes to the program that served it. The header keeps other pages from asking. */
export const api = createClient<paths>({
  baseUrl: "/",
  credentials: "same-origin",
  headers: { "X-Instep": "1" },
  pathSerializer: addressed,
});

/** A request that was not carried out, in the program's own words. */
export class Refused extends Error {
  readonly code: string;
  readonly status: number;
  readonly fix: string | undefined;

  constructor(fault: Pick<Fault, "detail" | "code" | "status"> & { fix?: string }) {
    super(fault.detail);
    this.code = fault.code;
    this.status = fault.status;
    this.fix = fault.fix;
  }
}

/** The program did not answer at all. */
export class Away extends Error {}

/** Gives what was asked for, or throws why not. */
export async function asked<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer: Awaited<typeof call>;
  try {
    answer = await call;
  } catch (error) {
    throw new Away(String(error));
  }
  // An answer without a body is an answer, too.
  if (answer.response.ok) return (answer.data ?? null) as T;
  const fault = answer.error as Partial<Fault> | undefined;
  throw new Refused({
    detail: fault?.detail ?? answer.response.statusText,
    code: fault?.code ?? "unknown",
    status: answer.response.status,
    ...(fault?.fix === undefined ? {} : { fix: fault.fix }),
  });
}
