/**
 * Identifiers as segments of an address, of the page's own and of the API's.
 *
 * Any text may be an identifier. Percent encoding says all of it but `.` and `..`, which browsers take for directions, also
 * when encoded. So those two, and whatever begins with `~`, get a `~` in front.
 */

export const segment = (id: string): string => (id === "." || id === ".." || id.startsWith("~") ? `~${id}` : id);

/** The identifier that a (percent-decoded) segment means. */
export const identifier = (segment: string): string => (segment.startsWith("~") ? segment.slice(1) : segment);
