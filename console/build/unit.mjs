// SPDX-License-Identifier: MIT
// Runs test/*.test.ts by node's own runner, which reads no TypeScript before node 22.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = mkdtempSync(join(tmpdir(), "aurora-console-"));
const tests = readdirSync(join(root, "test")).filter((name) => name.endsWith(".test.ts"));
try {
    await build({
        absWorkingDir: root,
        entryPoints: tests.map((name) => join("test", name)),
        outdir: folder,
        outExtension: { ".js": ".mjs" },
        bundle: true,
        platform: "node",
        format: "esm",
        target: "node18",
        jsx: "automatic",
        jsxImportSource: "preact",
        banner: { js: 'import { webcrypto } from "node:crypto"; globalThis.crypto ??= webcrypto;' }, // node 18
        sourcemap: "inline",
        logLevel: "warning",
    });
    const files = tests.map((name) => join(folder, name.replace(/\.ts$/, ".mjs")));
    const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" });
    process.exitCode = run.status ?? 1;
} finally {
    rmSync(folder, { recursive: true });
}
