// The rules of style.md section 4 that a machine can check: who may import whom, what node: modules are for whom, file
// sizes, no module-level mutable state, generated files that are fresh.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Folder -> folders it may import (itself always). Changing this table is a design change. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  doors: ['api', 'promise', 'cpp', 'testing', 'program', 'conf', 'defs'],
  worker: ['main', 'broker', 'mock', 'ops', 'defs'],
  api: ['app', 'partitioners', 'conf', 'defs', 'rd'],
  promise: ['api', 'app', 'conf', 'defs', 'rd'],
  cpp: ['api', 'defs'],
  testing: ['promise', 'api', 'app', 'conf', 'defs', 'rd'],
  program: ['api', 'app', 'ops', 'defs', 'rd'],
  bin: ['testing', 'promise', 'api', 'app', 'conf', 'defs', 'rd'],
  app: ['ops', 'records', 'partitioners', 'stats', 'conf', 'defs', 'rd'],
  main: ['ops', 'wire', 'records', 'compression', 'partitioners', 'stats', 'protocol', 'conf', 'defs', 'rd'],
  broker: ['ops', 'wire', 'records', 'compression', 'stats', 'protocol', 'conf', 'defs', 'rd'],
  mock: ['ops', 'protocol', 'records', 'compression', 'defs', 'rd'],
  ops: ['conf', 'protocol', 'defs', 'rd'],
  wire: ['transport', 'protocol', 'stats', 'conf', 'defs', 'rd'],
  transport: ['conf', 'defs', 'rd'],
  partitioners: ['defs', 'rd'],
  records: ['compression', 'defs', 'rd'],
  compression: ['rd'],
  protocol: ['defs', 'rd'],
  stats: ['defs', 'rd'],
  conf: ['defs', 'rd'],
  defs: ['rd'],
  rd: [],
};
/** Edges that a folder may have only to these files of another, or only for types. */
const ONLY: Readonly<Record<string, (target: string, isType: boolean) => boolean>> = {
  'app > records': (target) => /^records\/record_(writer|reader)\.ts$/.test(target),
  'ops > protocol': (_target, isType) => isType,
};
/** node: modules that are not for everybody: module -> who may. */
const NODE_MODULES: Readonly<Record<string, (path: string) => boolean>> = {
  net: (path) => /^(transport|mock)\//.test(path),
  tls: (path) => /^(transport|mock)\//.test(path),
  dns: (path) => /^(transport|mock)\//.test(path),
  'dns/promises': (path) => /^(transport|mock)\//.test(path),
  http: (path) => /^(transport|mock)\//.test(path),
  https: (path) => /^(transport|mock)\//.test(path),
  http2: () => false,
};
/** The only files that start threads. */
const STARTS_WORKERS = /^(ops\/spawn\.ts|program\/)/;
/** npm package -> the one file that imports it. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  'crc-32': /^rd\/crc32\.ts$/,
  'crc-32/crc32c.js': /^rd\/crc32c\.ts$/,
  murmurhash: /^rd\/murmur2\.ts$/,
};
const PACKAGE_WRAPPERS = /^(rd|compression)\//;
/** Files that may be longer than 500 lines: schemas, tables, the header. */
const MAY_BE_LONG =
  /^(protocol\/schemas\/|protocol\/messages\.ts|rdkafka\.ts|index\.ts|defs\/types\.ts|conf\/properties)|\.generated\.ts$/;
/** The one file with state of its own. */
const MAY_HOLD_STATE = new Set(['app/registry.ts']);
/** Rooms whose objects users hold. */
const HELD_BY_USERS = new Set(['api', 'app', 'promise', 'conf', 'defs', 'cpp', 'testing', 'program', 'doors']);
/** The only file that reads time; and a record's timestamp is Date.now at the call, so that it follows a faked Date. */
const READS_TIME = new Set(['rd/clock.ts', 'app/wall.ts', 'app/thread.ts']);

interface Import {
  readonly from: string;
  readonly names: string;
  readonly isType: boolean;
}
interface Source {
  /** From src/, with slashes: `app/poll.ts`. */
  readonly path: string;
  readonly room: string;
  readonly text: string;
  /** The text without comments and the contents of strings. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const sources: readonly Source[] = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts'))
  .sort()
  .map((path) => {
    const text = readFileSync(join(ROOT, 'src', path), 'utf8');
    return { path, room: roomOf(path), text, code: stripped(text), imports: importsOf(text) };
  });

describe('imports', () => {
  test('there is something to check', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(50);
  });

  test('every folder is in the table', () => {
    expect([...new Set(sources.map(({ room }) => room))].filter((room) => MAY_IMPORT[room] === undefined)).toEqual([]);
  });

  test('no import goes where the table does not let it', () => {
    const wrong = relativeImports().filter(({ source, target, isType }) => {
      const to = roomOf(target);
      if (to === source.room) return false;
      const allowed = MAY_IMPORT[source.room]?.includes(to) ?? false;
      return !allowed || ONLY[`${source.room} > ${to}`]?.(target, isType) === false;
    });

    expect(wrong.map(({ source, target }) => `${source.path} -> ${target}`)).toEqual([]);
  });

  test('every relative import names a .ts file that exists', () => {
    const wrong = relativeImports().filter(
      ({ target }) => !existsSync(join(ROOT, 'src', target)) && target !== 'app/worker_text.generated.ts',
    );

    expect(wrong.map(({ source, target }) => `${source.path} -> ${target}`)).toEqual([]);
  });

  test('only the app imports the embedded text of the worker', () => {
    const wrong = relativeImports().filter(
      ({ source, target }) => /^app\/worker_text/.test(target) && !/^(app|api|promise)\//.test(source.path),
    );

    expect(wrong.map(({ source }) => source.path)).toEqual([]);
  });

  test('sockets, names and HTTP are for transport and mock only', () => {
    const wrong = nodeImports().filter(({ source, module }) => NODE_MODULES[module]?.(source.path) === false);

    expect(wrong.map(({ source, module }) => `${source.path} -> node:${module}`)).toEqual([]);
  });

  test('only ops/spawn and program start threads', () => {
    const wrong = nodeImports().filter(
      ({ source, module, names, isType }) =>
        module === 'worker_threads' &&
        !isType &&
        /\bWorker\b/.test(names.replace(/type Worker\b/g, '')) &&
        !STARTS_WORKERS.test(source.path),
    );

    expect(wrong.map(({ source }) => source.path)).toEqual([]);
  });

  test('node: modules are imported with their prefix, npm packages by one wrapper each', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ from }) => !from.startsWith('.') && !from.startsWith('node:'))
        .filter(({ from }) => !PACKAGE_WRAPPERS.test(path) || !PACKAGES[from]?.test(path))
        .map(({ from }) => `${path} -> ${from}`),
    );

    expect(wrong).toEqual([]);
  });
});

describe('files', () => {
  test('none has more than 500 lines, but schemas, tables and the header', () => {
    const long = sources.filter(({ path, text }) => !MAY_BE_LONG.test(path) && text.trimEnd().split('\n').length > 500);

    expect(long.map(({ path, text }) => `${path}: ${text.split('\n').length}`)).toEqual([]);
  });

  test('each opens with what it is and which thread runs it', () => {
    const silent = sources.filter(({ text }) => {
      const opening = /^(?:#![^\n]*\n)?(?:\/\/[^\n]*\n|\/\*[\s\S]*?\*\/\s*)+/.exec(text)?.[0] ?? '';
      return !/@thread (app|main|broker|mock|any)|@thread main or broker/.test(opening);
    });

    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test('none has a default export, an enum or a namespace', () => {
    const wrong = sources.filter(({ code }) =>
      /^export default\b|^(?:export )?(?:const )?enum \w|^(?:export )?namespace \w/m.test(code),
    );

    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test('no object that users may hold has a #private member: the other module kind has another class', () => {
    const wrong = sources.filter(({ room, code }) => HELD_BY_USERS.has(room) && /^\s+(?:readonly )?#\w/m.test(code));

    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

describe('state', () => {
  test('no module holds mutable state, but app/registry', () => {
    const wrong = sources
      .filter(({ path }) => !MAY_HOLD_STATE.has(path))
      .flatMap(({ path, code }) => mutableState(code).map((line) => `${path}: ${line}`));

    expect(wrong).toEqual([]);
  });

  test('the check sees the state it looks for', () => {
    const code =
      'let a = 1;\nexport let b: number;\nvar c;\nconst d = new Map();\nexport const e: string[] = [];\nconst f = {};\n';
    const harmless =
      'const g: ReadonlyMap<string, number> = new Map();\nconst h = [1, 2];\nfunction i() {\n  let j = 1;\n}\n';

    expect(mutableState(code)).toHaveLength(6);
    expect(mutableState(harmless)).toEqual([]);
  });

  test('nothing asks a built-in class by instanceof: a second realm has its own', () => {
    const builtIn =
      /\binstanceof (Error|TypeError|RangeError|Map|Set|WeakMap|Date|RegExp|Promise|Array|Object|Function|ArrayBuffer|SharedArrayBuffer|DataView|Buffer|\w*Array|URL|AbortSignal|MessagePort|Worker)\b/;

    expect(sources.filter(({ code }) => builtIn.test(code)).map(({ path }) => path)).toEqual([]);
  });

  test('only rd/clock reads time and sets timers', () => {
    const time = /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bprocess\.hrtime\b|\b(?:setTimeout|setInterval)\(/;
    const wrong = sources.filter(({ path, code }) => !READS_TIME.has(path) && time.test(code));

    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

describe('generated files', () => {
  test.each([
    ['scripts/generate_enums.mjs', 'generateEnums'],
    ['scripts/generate_doors.mjs', 'generateDoors'],
    ['scripts/generate_statistics.mjs', 'generateStatistics'],
  ])('%s would write what is there', async (script, generate) => {
    const module = (await import(/* @vite-ignore */ pathToFileURL(join(ROOT, script)).href)) as Record<
      string,
      () => Record<string, string>
    >;

    const stale = Object.entries(module[generate]?.() ?? { [script]: '' }).filter(
      ([path, text]) => !existsSync(join(ROOT, path)) || readFileSync(join(ROOT, path), 'utf8') !== text,
    );

    expect(stale.map(([path]) => path)).toEqual([]);
  });
});

function roomOf(path: string): string {
  const folder = path.split('/')[0] as string;
  if (folder === 'worker.ts') return 'worker';
  return folder.endsWith('.ts') ? 'doors' : folder;
}

/** Every `import ... from`, `export ... from`, `import '...'` and `import('...')`. */
function importsOf(text: string): Import[] {
  const statement = /^(import|export)\s+(type\s+)?((?:\*|\{)?[^'";]*?)\s*\bfrom\s+'([^']+)'/gm;
  const found = [...text.matchAll(statement)].map((m) => ({
    from: m[4] as string,
    names: m[3] as string,
    isType: m[2] !== undefined || onlyTypes(m[3] as string),
  }));
  const bare = [...text.matchAll(/^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|\brequire\(\s*'([^']+)'\s*\)/gm)];
  return [...found, ...bare.map((m) => ({ from: (m[1] ?? m[2] ?? m[3]) as string, names: '', isType: false }))];
}

/** `{ type A, type B }` */
function onlyTypes(names: string): boolean {
  const inner = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
  const parts =
    inner
      ?.split(',')
      .map((one) => one.trim())
      .filter(Boolean) ?? [];
  return parts.length > 0 && parts.every((one) => one.startsWith('type '));
}

function relativeImports(): { source: Source; target: string; isType: boolean }[] {
  return sources.flatMap((source) =>
    source.imports
      .filter(({ from }) => from.startsWith('.'))
      .map(({ from, isType }) => {
        const url = new URL(from, `file:///${source.path}`);
        return { source, target: url.pathname.slice(1), isType };
      }),
  );
}

function nodeImports(): { source: Source; module: string; names: string; isType: boolean }[] {
  return sources.flatMap((source) =>
    source.imports
      .filter(({ from }) => from.startsWith('node:'))
      .map(({ from, names, isType }) => ({ source, module: from.slice('node:'.length), names, isType })),
  );
}

function mutableState(code: string): string[] {
  const lines = code.split('\n');
  const variable = /^(?:export )?(?:let|var) /;
  // An empty container can only be there to be filled; declared Readonly it can't be.
  const container =
    /^(?:export )?const \w+(?::(?! *(?:Readonly|readonly))[^=]*)? = (?:new (?:Map|Set|WeakMap|WeakSet)(?:<[^(]*>)?\(|\[\];|\{\};)/;
  return lines.filter((line) => variable.test(line) || container.test(line));
}

/** Comments and string contents blanked, line breaks kept. */
function stripped(text: string): string {
  return text.replace(
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/g,
    (hit) => (hit.startsWith('/') ? hit.replace(/[^\n]/g, ' ') : `''${'\n'.repeat(hit.split('\n').length - 1)}`),
  );
}
