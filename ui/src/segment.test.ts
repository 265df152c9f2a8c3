import { expect, test } from "vitest";
import { api } from "./api/client";
import { identifier, segment } from "./segment";

const SEGMENTS = [
  ["photos", "photos"],
  [".", "~."],
  ["..", "~.."],
  ["~home", "~~home"],
  ["...", "..."],
  ["a/b?c#d e%", "a/b?c#d e%"],
] as const;

test("every identifier has a segment that no browser bends, and comes back from it", () => {
  for (const [id, expected] of SEGMENTS) {
    expect(segment(id)).toBe(expected);
    expect(identifier(segment(id))).toBe(id);
  }
});

test("what is asked of the program names handlers and items by their segments, and all else as it is", async () => {
  const asked: string[] = [];
  const fetch = async (request: Request) => {
    asked.push(new URL(request.url).pathname);
    return Response.json({});
  };
  const baseUrl = "http://localhost/";
  const path = { handler: "~shelf", item: "..", conflict: "~x" };
  await api.GET("/api/v1/conflicts/{handler}/{item}/{conflict}", { baseUrl, fetch, params: { path } });
  await api.GET("/api/v1/items/{handler}/{item}", {
    baseUrl,
    fetch,
    params: { path: { handler: "a/b?", item: "d%" } },
  });
  await api.GET("/api/v1/runs/{run}", { baseUrl, fetch, params: { path: { run: 7 } } });
  expect(asked).toEqual(["/api/v1/conflicts/~~shelf/~../~x", "/api/v1/items/a%2Fb%3F/d%25", "/api/v1/runs/7"]);
});
