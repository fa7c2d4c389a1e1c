// What a browser has and Node lacks, for the guide's code that follows. Arguments: the server's
// origin and a photo.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const require = createRequire(import.meta.url);
const [origin, photo] = process.argv.slice(2);

// Node 22 has WebSocket, 20 behind --experimental-websocket, 18 only inside its undici: Debian's as
// a package of its own, nodejs.org's behind --expose-internals.
function findWebSocket() {
    for (const name of ['undici', 'internal/deps/undici/undici']) {
        try { return require(name).WebSocket; } catch { /* the next one */ }
    }
}
globalThis.WebSocket ??= findWebSocket();
globalThis.File ??= require('node:buffer').File;

const browserFetch = globalThis.fetch;
globalThis.fetch = (path, options) => browserFetch(new URL(path, origin), options);

const seen = { progress: [], results: [], errors: [] };
console.log = (text, value) => {
    if (text.startsWith('진행률')) seen.progress.push(text);
    if (text.startsWith('분석')) seen.results.push(value);
};
console.error = (text, value) => seen.errors.push(`${text} ${value?.message ?? value}`);

const elements = {};
globalThis.document = {
    getElementById: (id) => elements[id] ??= {
        style: {},
        files: [new File([readFileSync(photo)], basename(photo), { type: 'image/jpeg' })],
        listeners: {},
        addEventListener(kind, listener) { this.listeners[kind] = listener; },
    },
};
