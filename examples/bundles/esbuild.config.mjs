// esbuild: the library needs no setting of its own.
import { build } from 'esbuild';

const common = { bundle: true, platform: 'node', target: 'node20', minify: true, logLevel: 'warning' };

await build({ ...common, entryPoints: ['service.mjs'], format: 'esm', outfile: 'dist/esbuild.mjs' });
await build({ ...common, entryPoints: ['service.mjs'], format: 'cjs', outfile: 'dist/esbuild.cjs' });
await build({ ...common, entryPoints: ['service.cjs'], format: 'cjs', outfile: 'dist/esbuild-required.cjs' });
