// How the worker of a program loads the user's module. @thread app
//
// As any worker would, with what the process preloads (--import, --require) running in it first. tsx leaves workers alone
// below Node 22.22 and 24.11, and Node 20 and early 22 then know no .ts; so a worker that failed at that is started once
// more with a few lines that call tsx's own API.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Entry {
  /** For `new Worker`. */
  readonly source: string | URL;
  readonly eval: boolean;
  /** The program's arguments. */
  readonly argv: readonly string[];
}

export function entryOf(module: string | URL): Entry {
  return { source: module, eval: false, argv: process.argv.slice(2) };
}

/** The same behind tsx's API; null where the process does not run on tsx, or `error` is another. */
export function entryByTsx(module: string | URL, error: unknown): Entry | null {
  if ((error as { code?: unknown } | null)?.code !== 'ERR_UNKNOWN_FILE_EXTENSION') return null;
  const apis = tsxApis();
  if (apis === null) return null;
  const url = typeof module === 'string' ? pathToFileURL(module) : module;
  const source = `(async () => {
    process.argv[1] = ${JSON.stringify(fileURLToPath(url))};
    for (const api of ${JSON.stringify(apis)}) (await import(api)).register();
    await import(${JSON.stringify(url.href)});
  })().catch((error) => setImmediate(() => { throw error; }));`;
  return { source, eval: true, argv: process.argv.slice(2) };
}

interface Manifest {
  readonly exports?: { readonly [name: string]: { readonly import?: { readonly default?: string } } | undefined };
}

/** Its ES modules, which `require.resolve` would not give. */
function tsxApis(): readonly string[] | null {
  const home = tsxHome();
  if (home === null) return null;
  const { exports } = home('tsx/package.json') as Manifest;
  const paths = ['./cjs/api', './esm/api'].map((name) => exports?.[name]?.import?.default);
  if (paths.includes(undefined)) return null;
  const base = pathToFileURL(home.resolve('tsx/package.json'));
  return paths.map((path) => new URL(path!, base).href);
}

/** Where its package can be found from. */
function tsxHome(): ReturnType<typeof createRequire> | null {
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  for (const option of options) {
    const value = option.replace(/^--(import|require)=/, '');
    if (value === 'tsx') return createRequire(join(process.cwd(), 'tsx'));
    if (!/[\\/]tsx[\\/]/.test(value)) continue;
    return createRequire(value.startsWith('file:') ? value : join(value, 'tsx'));
  }
  return null;
}
