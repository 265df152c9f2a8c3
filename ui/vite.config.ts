import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2023",
    // The policy of the page allows files of its own only: nothing may be inlined as a data address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    // `npm run dev` beside a running daemon that listens on loopback.
    proxy: { "/api": "http://127.0.0.1:8384" },
  },
  test: { include: ["src/**/*.test.ts"] },
});
