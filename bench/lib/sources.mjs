// The client's own TypeScript for what is measured without the library around it.
import { buildSync } from 'esbuild';

/** What `contents` (TypeScript, paths from the repository's root) exports, bundled as a worker's text would be. */
export async function fromSources(contents) {
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: new URL('../..', import.meta.url).pathname },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}
