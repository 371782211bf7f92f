// SPDX-License-Identifier: MIT
// Bundles the console into files as a browser loads them: [{name, type, bytes, isHashed}].
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
};
/** Whose code is in the files. */
const SHIPPED = ["preact", "@preact/signals", "@preact/signals-core", "uplot"];

async function bundleSources() {
    const result = await build({
        absWorkingDir: root,
        entryPoints: { main: "src/main.tsx" },
        outdir: "out",
        bundle: true,
        splitting: true,
        preserveSymlinks: true, // paths go into names: where packages are must change nothing
        format: "esm",
        minify: true,
        write: false,
        metafile: true,
        jsx: "automatic",
        jsxImportSource: "preact",
        target: ["chrome105", "firefox110", "safari16"],
        entryNames: "[name]-[hash]",
        chunkNames: "part-[hash]",
        legalComments: "none",
        logLevel: "warning",
    });
    return result.outputFiles.map((file) => ({
        name: file.path.slice(join(root, "out").length + 1),
        bytes: Buffer.from(file.contents),
    }));
}

function hashed(name, bytes) {
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
    return { name: name.replace(/(\.\w+)$/, `-${hash}$1`), bytes };
}

/** What the licences of shipped packages ask to go with copies of them. */
function licences() {
    const texts = SHIPPED.map((name) => {
        const folder = join(root, "node_modules", name);
        const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
        return `${name} ${version}\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`;
    });
    return Buffer.from(texts.join("\n----\n\n"));
}

function fill(template, names) {
    return template.replace(/%(\w+)%/g, (_, word) => {
        if (names[word] === undefined)
            throw new Error(`index.html: no file for %${word}%`);
        return names[word];
    });
}

export async function bundle() {
    const files = await bundleSources();
    const icon = hashed("icon.svg", readFileSync(join(root, "public/icon.svg")));
    const texts = hashed("licences.txt", licences());
    files.push(icon, texts);
    const named = (pattern) => files.find((file) => pattern.test(file.name))?.name;
    const page = fill(readFileSync(join(root, "public/index.html"), "utf8"), {
        SCRIPT: named(/^main-\w+\.js$/),
        STYLE: named(/^main-\w+\.css$/),
        ICON: icon.name,
        LICENCES: texts.name,
    });
    return [
        { name: "", type: "text/html; charset=utf-8", bytes: Buffer.from(page), isHashed: false },
        ...files.map((file) => ({ ...file, type: TYPES[extname(file.name)], isHashed: true })),
    ];
}
