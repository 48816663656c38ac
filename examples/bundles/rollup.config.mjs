// rollup: it has to be told to look into node_modules, and `commonjs` is for services that call `require`.
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';

const external = /^node:/;
const plugins = [nodeResolve(), commonjs()];

export default [
  {
    input: 'service.mjs',
    external,
    plugins,
    output: [
      { file: 'dist/rollup.mjs', format: 'es' },
      { file: 'dist/rollup.cjs', format: 'cjs' },
    ],
  },
  { input: 'service.cjs', external, plugins, output: { file: 'dist/rollup-required.cjs', format: 'cjs' } },
];
