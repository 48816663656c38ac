// Code of the kit that runs in a worker, from TypeScript as it is.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The file and all that it imports, as the text of a CommonJS module. */
export async function bundled(file: URL, define: Readonly<Record<string, string>> = {}): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(file)],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
    define,
  });
  return result.outputFiles[0]!.text;
}
