// Whose line of a stack it is: as V8 writes stacks, for each way that the library can be there.
import { expect, test } from 'vitest';
import { birth, birthplace } from '../../../src/app/birth.ts';

const stack = (...frames: string[]): { stack: string } => ({
  stack: ['Error: made here', ...frames.map((frame) => `    at ${frame}`)].join('\n'),
});

test.each([
  [
    'the ES modules of the package',
    [
      'birth (file:///p/node_modules/rdkafka-ts/dist/esm/shared-A.js:1:2)',
      'new Handle (file:///p/node_modules/rdkafka-ts/dist/esm/shared-A.js:1:2)',
      'producer_new (file:///p/node_modules/rdkafka-ts/dist/esm/shared-B.js:1:2)',
      'openShop (file:///p/src/shop.ts:14:9)',
      'file:///p/test/shop.test.ts:5:1',
    ],
    'openShop (file:///p/src/shop.ts:14:9)',
  ],
  [
    'CommonJS, in a test of jest',
    [
      'birth (/p/node_modules/rdkafka-ts/dist/cjs/all.cjs:1:2)',
      'new_ (/p/node_modules/rdkafka-ts/dist/cjs/all.cjs:1:2)',
      'Object.<anonymous> (/p/shop.test.js:3:7)',
      'Promise.then.completed (/p/node_modules/jest-circus/build/utils.js:2:3)',
    ],
    'Object.<anonymous> (/p/shop.test.js:3:7)',
  ],
  [
    'Windows',
    ['birth (C:\\p\\node_modules\\rdkafka-ts\\dist\\cjs\\all.cjs:1:2)', 'async make (C:\\p\\my shop\\shop.js:3:7)'],
    'async make (C:\\p\\my shop\\shop.js:3:7)',
  ],
  [
    'the sources of this repository',
    ['birth (/r/src/app/birth.ts:1:2)', 'new_ (/r/src/api/handle.ts:1:2)', 'async /r/test/a.test.ts:3:7'],
    'async /r/test/a.test.ts:3:7',
  ],
  [
    'a library between ours and the program',
    [
      'birth (/p/node_modules/rdkafka-ts/dist/cjs/all.cjs:1:2)',
      'connect (/p/node_modules/transport/index.js:9:9)',
      'process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
      'async main (/p/main.js:1:1)',
    ],
    'async main (/p/main.js:1:1)',
  ],
  [
    'nothing of the program, only a library',
    ['birth (/p/node_modules/rdkafka-ts/dist/cjs/all.cjs:1:2)', 'connect (/p/node_modules/transport/index.js:9:9)'],
    'connect (/p/node_modules/transport/index.js:9:9)',
  ],
  [
    'a bundle of library and program',
    [
      'birth (file:///p/dist/service.mjs:1:2)',
      'new_ (file:///p/dist/service.mjs:3:4)',
      'main (file:///p/dist/service.mjs:99:1)',
      'ModuleJob.run (node:internal/modules/esm/module_job:222:25)',
    ],
    'main (file:///p/dist/service.mjs:99:1)',
  ],
])('%s', (_what, frames, line) => {
  expect(birthplace(stack(...frames))).toBe(line);
});

test.each([undefined, {}, { stack: undefined }, { stack: '' }, { stack: 'Error: made here' }])(
  '%j has none',
  (born) => {
    expect(birthplace(born)).toBe('');
  },
);

test('the line is the one that made it', () => {
  const make = function maker(): string {
    return birthplace(birth());
  };

  expect(make()).toMatch(/^(maker|make) \(.*birth\.test\.ts:\d+:\d+\)$/);
});
