import { describe, expect, it } from "vitest";
import { distance, duration, pieces, size } from "./format";

describe("names", () => {
  it("are left alone when they are harmless", () => {
    expect(pieces("Fotos 2026/été 猫.jpg")).toEqual([{ text: "Fotos 2026/été 猫.jpg", odd: false }]);
  });

  it("show what would be invisible or turn the text around", () => {
    expect(pieces("a\u202egpj.exe")).toEqual([
      { text: "a", odd: false },
      { text: "U+202E", odd: true },
      { text: "gpj.exe", odd: false },
    ]);
    expect(pieces("x\n\u0000").map((piece) => piece.text)).toEqual(["x", "U+000A", "U+0000"]);
    expect(pieces("\ud800")).toEqual([{ text: "U+D800", odd: true }]);
    expect(pieces("")).toEqual([]);
  });
});

describe("figures", () => {
  it("are rounded to what a person wants to know", () => {
    expect(size(0)).toBe("0 bytes");
    expect(size(1)).toBe("1 byte");
    expect(size(1_540)).toBe("1.5 kB");
    expect(size(73_400_000_000)).toBe("73 GB");
    expect(duration(340)).toBe("340 ms");
    expect(duration(4_200)).toBe("4.2 sec");
    expect(duration(7_200_000)).toBe("2 hr");
  });

  it("tell how far away a moment is", () => {
    const now = Date.UTC(2026, 5, 1);
    const at = (offset: number) => distance(new Date(now + offset).toISOString(), now);
    expect(at(-180_000)).toBe("3 minutes ago");
    expect(at(86_400_000)).toBe("tomorrow");
    expect(at(0)).toBe("now");
  });
});
