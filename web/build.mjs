// Builds the page into dist/: one script and one style sheet, named by their content so that browsers
// may keep them for ever, and index.html, which names them.
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';

for (const old of readdirSync('dist')) {
  if (old !== '.gitkeep') rmSync(`dist/${old}`, { recursive: true }); // .gitkeep: Go embeds dist before the first build, too
}
const { metafile } = await build({
  entryPoints: ['src/main.tsx'],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2021',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  outdir: 'dist/assets',
  entryNames: '[name]-[hash]',
  metafile: true,
  logLevel: 'warning',
});
const [script, style] = ['.js', '.css'].map((ending) => {
  const file = Object.keys(metafile.outputs).find((name) => name.endsWith(ending));
  return `/assets/${basename(file)}`;
});
const source = '<script type="module" src="/src/main.tsx"></script>';
const page = readFileSync('index.html', 'utf8');
if (!page.includes(source)) throw new Error(`index.html lacks ${source}`);
cpSync('public', 'dist', { recursive: true });
writeFileSync(
  'dist/index.html',
  page
    .replace(source, '')
    .replace('</head>', `  <script type="module" src="${script}"></script>\n    <link rel="stylesheet" href="${style}" />\n  </head>`),
);
