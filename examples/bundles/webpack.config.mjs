// webpack: nothing but the target. An ES module needs `outputModule`.
const common = { mode: 'production', target: 'node20', performance: { hints: false } };
const esm = { module: true, library: { type: 'module' }, chunkFormat: 'module' };

export default [
  {
    ...common,
    entry: './service.mjs',
    experiments: { outputModule: true },
    output: { ...esm, filename: 'webpack.mjs' },
  },
  { ...common, entry: './service.mjs', output: { filename: 'webpack.cjs' } },
  { ...common, entry: './service.cjs', output: { filename: 'webpack-required.cjs' } },
];
