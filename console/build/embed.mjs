// SPDX-License-Identifier: MIT
// node embed.mjs OUT.c: bundles the console and writes the table of src/console/files.h.
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle } from "./bundle.mjs";

const RAW_BYTES_MAX = 320 * 1024;
const GZIP_BYTES_MAX = 120 * 1024;
const GZIP_WORTH = 0.9;

function array(name, bytes) {
    const rows = [];
    for (let at = 0; at < bytes.length; at += 24)
        rows.push("    " + [...bytes.subarray(at, at + 24)].join(",") + ",");
    return `static const unsigned char ${name}[] = {\n${rows.join("\n")}\n};\n`;
}

function text(value) {
    return JSON.stringify(value);
}

function tag(bytes) {
    return `"${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}"`;
}

function compress(file) {
    const gzip = gzipSync(file.bytes, { level: 9 });
    gzip[9] = 255; // the system that it was made on: the same bytes everywhere
    return gzip.length < file.bytes.length * GZIP_WORTH ? gzip : null;
}

function write(files) {
    const arrays = [];
    const rows = files.map((file, index) => {
        const { gzip } = file;
        arrays.push(`/* ${file.name || "the page"} */\n` + array(`bytes_${index}`, file.bytes));
        if (gzip)
            arrays.push(array(`gzip_${index}`, gzip));
        const small = gzip ? `gzip_${index}, sizeof gzip_${index}` : "0, 0";
        return `    {${text(file.name)}, ${text(file.type)}, ${text(tag(file.bytes))}, ` +
            `${text(tag(gzip ?? file.bytes))},\n     bytes_${index}, sizeof bytes_${index}, ${small}, ` +
            `${file.isHashed ? 1 : 0}},\n`;
    });
    return `/* SPDX-License-Identifier: MIT */
/* Written by console/build/embed.mjs. */
#include "console/files.h"

${arrays.join("\n")}
const aurora__console_file aurora__console_files[] = {
${rows.join("")}};
const size_t aurora__console_file_count = ${files.length};
const char aurora__console_absence[] = "";
`;
}

function report(files) {
    const raw = files.reduce((sum, file) => sum + file.bytes.length, 0);
    const gzip = files.reduce((sum, file) => sum + (file.gzip ?? file.bytes).length, 0);
    const kib = (bytes) => (bytes / 1024).toFixed(1);
    console.log(`console: ${files.length} files, ${kib(raw)} KiB (at most ${kib(RAW_BYTES_MAX)}), ` +
        `by gzip ${kib(gzip)} KiB (at most ${kib(GZIP_BYTES_MAX)})`);
    if (raw > RAW_BYTES_MAX || gzip > GZIP_BYTES_MAX)
        throw new Error("console: the files are larger than they may be");
}

const out = process.argv[2];
const files = (await bundle()).map((file) => ({ ...file, gzip: compress(file) }));
report(files);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(`${out}.new`, write(files));
renameSync(`${out}.new`, out);
