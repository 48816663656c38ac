// Builds the package into dist/: the worker's text, the doors as ESM and as CommonJS, their declarations, the commands.
// Everything is built aside and then moved into place, so that a failed build leaves the last good one.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bins, doors } from './doors.mjs';
import { writeThirdParty } from './third_party.mjs';
import { buildWorkerText } from './worker_text.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const out = join(root, 'dist.new');

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  legalComments: 'inline',
  logLevel: 'warning',
  metafile: true,
};

function fail(text) {
  console.error(`build: ${text}`);
  process.exit(1);
}

// package.json and the sources must name the same doors and commands, in both directions.
function checkManifest() {
  const { exports, bin = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = new Map(doors.map((door) => [door === 'index' ? '.' : `./${door}`, door]));
  for (const [path, door] of wanted) {
    const want = {
      import: { types: `./dist/types/${door}.d.ts`, default: `./dist/esm/${door}.js` },
      require: { types: `./dist/types-cjs/${door}.d.ts`, default: `./dist/cjs/${door}.cjs` },
    };
    if (JSON.stringify(exports[path]) !== JSON.stringify(want))
      fail(`src/${door}.ts wants this in package.json's exports: "${path}": ${JSON.stringify(want)}`);
  }
  for (const path of Object.keys(exports))
    if (path !== './package.json' && !wanted.has(path)) fail(`package.json exports ${path}, which has no source`);
  for (const name of bins)
    if (bin[name] !== `./dist/bin/${name}.js`) fail(`package.json's bin wants "${name}": "./dist/bin/${name}.js"`);
  for (const name of Object.keys(bin))
    if (!bins.includes(name)) fail(`package.json's bin names ${name}, which has no src/bin/${name}.ts`);
}

// The doors and the commands in one run: what they share becomes chunks, so that there is one of each thing.
async function buildEsm() {
  const entries = [
    ...doors.map((door) => ({ in: `src/${door}.ts`, out: `esm/${door}` })),
    ...bins.map((bin) => ({ in: `src/bin/${bin}.ts`, out: `bin/${bin}` })),
  ];
  const result = await build({
    ...common,
    entryPoints: entries,
    outdir: out,
    format: 'esm',
    splitting: true,
    chunkNames: 'esm/shared-[hash]',
  });
  for (const bin of bins) chmodSync(join(out, `bin/${bin}.js`), 0o755);
  return result.metafile;
}

// One file holds all doors, for CommonJS cannot be split; each door is a small file that picks its part. The list of
// names in it is for Node's reader of CommonJS exports, which runs nothing.
async function buildCjs() {
  await build({
    ...common,
    stdin: {
      contents: doors.map((door) => `export * as ${door} from './src/${door}.ts';`).join('\n'),
      resolveDir: root,
      sourcefile: 'doors.ts',
    },
    outfile: join(out, 'cjs/all.cjs'),
    format: 'cjs',
  });
  const all = createRequire(import.meta.url)(join(out, 'cjs/all.cjs'));
  for (const door of doors) {
    const names = Object.keys(all[door]);
    // `yield` cannot be an identifier in strict code, and everything here is (api.md, section 5).
    const bad = names.filter((name) => name === 'yield' || name === 'default');
    if (bad.length > 0) fail(`src/${door}.ts exports ${bad.join(', ')}`);
    // A keyword can't stand in shorthand, and the reader wants an identifier as a value: any will do.
    const listed = names.map((name) => (name === 'new' ? 'new: exports' : name)).join(', ');
    const text = `'use strict';
Object.defineProperty(exports, '__esModule', { value: true });
Object.assign(exports, require('./all.cjs').${door});
// 0 && (module.exports = names) tells import statements of ES modules what is in here.
0 && (module.exports = { ${listed} });
`;
    writeFileSync(join(out, `cjs/${door}.cjs`), text);
  }
}

function emitDeclarations(folder) {
  const args = ['-p', 'tsconfig.build.json', '--noEmit', 'false', '--emitDeclarationOnly', '--outDir', folder];
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, ...args, '--rootDir', 'src'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail('tsc found errors');
}

const SPECIFIER = /(\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)(["'])(\.{1,2}\/[^"']+?)\.(?:ts|js)\2/g;

// Only the declarations that a door leads to are shipped, with `.js` endings (older compilers know no others here).
function collectDeclarations(from) {
  const done = new Set();
  const todo = doors.map((door) => join(from, `${door}.d.ts`));
  while (todo.length > 0) {
    const file = todo.pop();
    if (done.has(file)) continue;
    done.add(file);
    const text = readFileSync(file, 'utf8').replace(SPECIFIER, (_, before, quote, path) => {
      todo.push(join(dirname(file), `${path}.d.ts`));
      return `${before}${quote}${path}.js${quote}`;
    });
    for (const folder of ['types', 'types-cjs']) {
      const target = join(out, folder, relative(from, file));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
  }
  writeFileSync(join(out, 'types-cjs/package.json'), '{ "type": "commonjs" }\n');
  return done.size;
}

function checkOutside(metafile) {
  for (const [file, { imports }] of Object.entries(metafile.outputs))
    for (const { path, external } of imports)
      if (external && !path.startsWith('node:')) fail(`${file} imports ${path}: only node: modules stay outside`);
}

const started = performance.now();
if (doors.length === 0) fail('there is no door in src/ yet');
checkManifest();
rmSync(out, { recursive: true, force: true });
const hash = await buildWorkerText();
const metafile = await buildEsm();
checkOutside(metafile);
await buildCjs();
const declarations = join(out, 'types-all');
emitDeclarations(declarations);
const count = collectDeclarations(declarations);
rmSync(declarations, { recursive: true });
await writeThirdParty();
if (existsSync(dist)) renameSync(dist, `${out}.old`);
renameSync(out, dist);
rmSync(`${out}.old`, { recursive: true, force: true });
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`dist: doors ${doors.join(', ')}; ${bins.length > 0 ? `commands ${bins.join(', ')}` : 'no commands yet'}`);
console.log(`dist: ${count} declaration files, worker ${hash}, ${seconds} s`);
