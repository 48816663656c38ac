// Judges what a user gets: packs the tarball, installs it into an empty folder and uses it there in every way.
// Run `npm run build` before. A part whose subject does not exist yet says so and is not run; everything else must pass.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rdkafka-ts-package-'));
const app = join(folder, 'app');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const doors = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => join(manifest.name, path));
let absent = 0;

class Failed extends Error {}

function heading(text) {
  console.log(`- ${text}`);
}

function say(text) {
  for (const line of text.trimEnd().split('\n')) console.log(`  ${line}`);
}

function isAbsent(text) {
  absent++;
  console.log(`  absent: ${text}`);
}

/** Runs a command to its end and gives what it wrote; a result other than 0 ends the check with that. */
function run(command, args, options) {
  return runBoth(command, args, options).out;
}

function runBoth(command, args, { cwd = app, timeout = 120_000 } = {}) {
  // What npm hands its scripts would point the inner npm at this repository.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|NODE_OPTIONS)/i.test(name)),
  );
  const result = spawnSync(command, args, { cwd, timeout, encoding: 'utf8', env: { ...env, NO_COLOR: '1', CI: '1' } });
  if (result.status === 0) return { out: result.stdout, err: result.stderr };
  const why =
    result.error?.code === 'ETIMEDOUT'
      ? `not done after ${timeout / 1000} s`
      : `ended with ${result.status ?? result.signal}`;
  throw new Failed(`${command} ${args.join(' ')}: ${why}\n${result.stdout ?? ''}${result.stderr ?? ''}`);
}

const tool = (name) => join(root, 'node_modules/.bin', name);
const npm = (cwd, ...args) =>
  run('npm', ['--no-audit', '--no-fund', '--loglevel=error', '--update-notifier=false', ...args], {
    cwd,
    timeout: 300_000,
  });

function pack() {
  heading('pack');
  if (!existsSync(join(root, 'dist'))) throw new Failed('there is no dist/: run npm run build first');
  mkdirSync(app);
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, '--loglevel=error'];
  const [info] = JSON.parse(run('npm', args, { cwd: root }));
  const wanted = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'THIRD_PARTY.md'];
  const files = info.files.map(({ path }) => path);
  for (const file of wanted) if (!files.includes(file)) throw new Failed(`the tarball lacks ${file}`);
  for (const file of files)
    if (!wanted.includes(file) && !file.startsWith('dist/')) throw new Failed(`the tarball holds ${file}`);
  say(
    `${info.filename}: ${files.length} files, ${Math.round(info.size / 1024)} KB, unpacked ${Math.round(info.unpackedSize / 1024)} KB`,
  );
  return join(folder, info.filename);
}

function judge(tarball) {
  heading('attw: types resolve under every module resolution');
  run(tool('attw'), ['--no-emoji', '--no-color', tarball], { cwd: root });
  heading('publint');
  run(tool('publint'), ['run', '--strict', tarball], { cwd: root });
}

function install(tarball) {
  heading('install into an empty folder');
  writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }\n');
  npm(app, 'install', tarball);
  const others = readdirSync(join(app, 'node_modules')).filter(
    (name) => !name.startsWith('.') && name !== manifest.name,
  );
  if (others.length > 0) throw new Failed(`rdkafka-ts brought along ${others.join(', ')}`);
  if (manifest.scripts.install || manifest.scripts.postinstall || manifest.scripts.preinstall)
    throw new Failed('the package has an install script');
}

/** The versions of Node that everything has to run on. */
function nodes() {
  heading('Node 20, 22 and 24');
  return [20, 22, 24].map((major) => {
    const path = nodePath(major);
    const version = run(path, ['-p', 'process.versions.node']).trim();
    if (!version.startsWith(`${major}.`)) throw new Failed(`${path} is Node ${version}, not ${major}`);
    say(`${version}: ${path}`);
    return { version, path };
  });
}

/** Where that Node is: the one that runs this, or the one of the npm package `node`, which npx keeps in npm's cache. */
function nodePath(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const args = ['--yes', '--prefer-offline', '-p', `node@${major}`, 'node', '-p', 'process.execPath'];
  try {
    return run('npx', args, { cwd: folder, timeout: 300_000 }).trim();
  } catch (error) {
    throw new Failed(`Node ${major} could not be fetched, so the package could not be tried on it: ${error.message}`);
  }
}

function importBoth(versions) {
  heading('ES module and CommonJS doors are one library');
  copyFileSync(join(root, 'test/package/one_library.mjs'), join(app, 'one_library.mjs'));
  for (const { version, path } of versions) {
    const output = run(path, ['one_library.mjs', ...doors]).trimEnd();
    absent += output.match(/^ {2}absent:/gm)?.length ?? 0;
    console.log(`${output}, Node ${version}`);
  }
}

// What the declarations promise as values is what the modules export, no more and no less.
function compareTypes() {
  heading('declared values are the exported ones');
  for (const [path, { import: door }] of Object.entries(manifest.exports).filter(([, target]) => target.import)) {
    const home = join(app, 'node_modules', manifest.name);
    const file = join(home, door.types);
    const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [] };
    const program = ts.createProgram([file], options);
    const checker = program.getTypeChecker();
    const real = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
    const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
    // A class that is exported as a type alone is no value.
    const isType = (symbol) => symbol.declarations?.every(ts.isTypeOnlyExportDeclaration) ?? false;
    const isValue = (symbol) => !isType(symbol) && (real(symbol).flags & ts.SymbolFlags.Value) !== 0;
    const declared = symbols.filter(isValue).map(({ name }) => name);
    const exported = Object.keys(createRequire(join(app, 'x.cjs'))(join(manifest.name, path)));
    const differ = [
      ...declared.filter((name) => !exported.includes(name)).map((name) => `${name} is only declared`),
      ...exported.filter((name) => !declared.includes(name)).map((name) => `${name} is not declared`),
    ];
    if (differ.length > 0) throw new Failed(`${path}: ${differ.join('; ')}`);
  }
}

/** The functions that a user's file says it needs and the package does not have yet. */
async function missingFor(file) {
  const needs = /^\/\/ needs: (.*)$/m.exec(readFileSync(file, 'utf8'))[1].split(' ');
  const {
    '.': { import: door },
  } = manifest.exports;
  const library = await import(pathToFileURL(join(app, 'node_modules', manifest.name, door.default)));
  return needs.filter((name) => !(name in library));
}

async function userFiles() {
  const files = [];
  for (const name of readdirSync(join(root, 'test/package')).filter((file) => file.endsWith('.ts'))) {
    const missing = await missingFor(join(root, 'test/package', name));
    if (missing.length > 0) isAbsent(`${name}: no ${missing.join(', ')} yet`);
    else files.push(name);
  }
  return files;
}

// Each way that a user's project may look things up. `node10` is gone from TypeScript 6 on.
const LOOKUPS = [
  { name: 'ES modules', kind: 'module', options: { module: 'nodenext', moduleResolution: 'nodenext' } },
  { name: 'CommonJS', kind: 'commonjs', options: { module: 'nodenext', moduleResolution: 'nodenext' } },
  { name: 'bundler', kind: 'module', options: { module: 'esnext', moduleResolution: 'bundler' } },
  { name: 'node10', kind: 'commonjs', options: { module: 'commonjs', moduleResolution: 'node10' }, below: 6 },
];

function compileUnder(compiler, files) {
  const home = join(app, `typescript-${compiler.tag}`);
  const packages = [`typescript@${compiler.tag}`, `@types/node@${compiler.types}`];
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n');
  npm(home, 'install', ...packages);
  const { version } = JSON.parse(readFileSync(join(home, 'node_modules/typescript/package.json'), 'utf8'));
  const lookups = LOOKUPS.filter(({ below }) => !below || Number.parseInt(version, 10) < below);
  for (const { name, kind, options } of lookups) {
    const project = join(home, name.replace(' ', '-'));
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: kind }));
    const common = { target: 'es2022', strict: true, skipLibCheck: false, noEmit: true, types: ['node'] };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...common, ...options } }));
    // Their endings say what they are, which older ways do not look at.
    const more = options.module === 'nodenext' ? PROGRAMS : [];
    for (const file of [...files, ...more]) copyFileSync(join(root, 'test/package', file), join(project, file));
    run(process.execPath, [join(home, 'node_modules/typescript/bin/tsc'), '-p', project], { cwd: home });
  }
  say(`TypeScript ${version}: ${files.join(', ')} as ${lookups.map(({ name }) => name).join(', ')}`);
}

async function compile() {
  heading("a user's files compile against the types, skipLibCheck off");
  const files = await userFiles();
  if (files.length === 0) return isAbsent('nothing to compile yet');
  for (const compiler of [
    { tag: '5.2', types: '20.11' },
    { tag: '5.6', types: '20' },
    { tag: 'latest', types: '20' },
  ])
    compileUnder(compiler, files);
}

/** What each bundler makes: of ES modules as such and as CommonJS, and of a service that calls `require`. */
const BUNDLES = ['esbuild', 'rollup', 'webpack'].flatMap((tool) =>
  ['.mjs', '.cjs', '-required.cjs'].map((ending) => `${tool}${ending}`),
);

function bundle(tarball, nodes) {
  heading('a service bundled by esbuild, rollup and webpack delivers to a mock cluster, on each Node');
  const project = join(folder, 'bundles');
  const alone = join(folder, 'alone'); // away from node_modules: the bundle must hold all it needs
  mkdirSync(project);
  mkdirSync(alone);
  const source = join(root, 'examples/bundles');
  for (const name of readdirSync(source).filter((one) => !['node_modules', 'dist'].includes(one)))
    copyFileSync(join(source, name), join(project, name));
  npm(project, 'install', tarball);
  npm(project, 'run', '--silent', 'build');
  for (const name of BUNDLES) copyFileSync(join(project, 'dist', name), join(alone, name));
  for (const { version, path } of nodes) {
    for (const name of BUNDLES) {
      const output = run(path, [join(alone, name)], { cwd: alone, timeout: 30_000 });
      if (!/^delivered a book to orders \[\d+\]\n$/.test(output))
        throw new Failed(`${name} on Node ${version} says: ${output}`);
    }
    say(`Node ${version}: ${BUNDLES.join(', ')}`);
  }
}

// As in a user's project: the tarball and the test runner are all that is installed.
function testingExamples(tarball) {
  heading('the example projects of rdkafka-ts/testing, each with its test runner');
  for (const name of readdirSync(join(root, 'examples')).filter((entry) => entry.startsWith('testing-'))) {
    const started = performance.now();
    const project = join(folder, name);
    cpSync(join(root, 'examples', name), project, { recursive: true });
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
    run('npm', ['install', ...quiet, tarball], { cwd: project, timeout: 300_000 });
    const installed = performance.now();
    const { out, err } = runBoth('npm', ['test'], { cwd: project, timeout: 180_000 });
    const passed = PASSED.map((pattern) => pattern.exec(`${out}${err}`)?.[1]).find(Boolean);
    if (passed === undefined || Number(passed) < 5) throw new Failed(`${name}: no tests were run\n${out}${err}`);
    const seconds = (from, to) => `${((to - from) / 1000).toFixed(1)} s`;
    say(
      `${name}: ${passed} tests passed in ${seconds(installed, performance.now())}, installed in ${seconds(started, installed)}`,
    );
  }
}

/** How vitest, jest and node:test say how many there were. */
const PASSED = [/Tests\s+(\d+) passed \(/, /Tests:\s+(\d+) passed, /, /^# pass (\d+)$/m, /pass (\d+)$/m];

const PROGRAMS = ['program.mts', 'program.cts'];

/** A program that blocks, by this command line, with a line of input and a SIGTERM. */
function runProgram(what, ...command) {
  run(process.execPath, [join(root, 'test/package/run_program.mjs'), ...command], { timeout: 90_000 });
  say(what);
}

function programs(versions) {
  heading('a program that blocks hears SIGTERM and ends with its own code, however it is run');
  for (const file of PROGRAMS) copyFileSync(join(root, 'test/package', file), join(app, file));
  const alone = join(folder, 'alone');
  for (const [format, source, ending] of [
    ['esm', PROGRAMS[0], 'mjs'],
    ['cjs', PROGRAMS[1], 'cjs'],
  ]) {
    const plain = join(app, `program.${ending}`);
    run(tool('esbuild'), [source, `--format=${format}`, `--outfile=${plain}`, '--log-level=warning']);
    runProgram(`JavaScript, ${format}`, process.execPath, plain);
    const bundled = join(alone, `program.${ending}`);
    const how = ['--bundle', '--platform=node', '--minify', `--format=${format}`, '--log-level=warning'];
    run(tool('esbuild'), [source, ...how, `--outfile=${bundled}`]);
    runProgram(`an esbuild bundle, ${format}`, process.execPath, bundled);
  }
  const tsx = join(runtime('tsx'), 'node_modules/tsx/dist/cli.mjs');
  for (const { version, path } of versions) {
    for (const file of PROGRAMS) runProgram(`Node ${version}, tsx, ${file}`, path, tsx, file);
    // From 22.18 on Node runs TypeScript by itself, but no `import` in CommonJS.
    if (!version.startsWith('20.')) runProgram(`Node ${version}, ${PROGRAMS[0]}`, path, PROGRAMS[0]);
  }
}

/** A folder where this package is installed. */
function runtime(name) {
  const home = join(folder, name.replace('@', '-'));
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n');
  npm(home, 'install', name);
  return home;
}

function demo() {
  heading('npx rdkafka-ts demo');
  if (!manifest.bin) return isAbsent('package.json has no bin yet');
  say(run('npx', ['--no-install', 'rdkafka-ts', 'demo'], { timeout: 60_000 }).split('\n').slice(-15).join('\n'));
}

try {
  const tarball = pack();
  judge(tarball);
  install(tarball);
  const versions = nodes();
  importBoth(versions);
  compareTypes();
  await compile();
  bundle(tarball, versions);
  testingExamples(tarball);
  programs(versions);
  demo();
  console.log(
    absent === 0 ? 'the package is fine' : `the package is fine as far as it goes: ${absent} parts are absent`,
  );
} catch (error) {
  if (!(error instanceof Failed)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
