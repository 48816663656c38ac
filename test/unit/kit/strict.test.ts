import { expect, test } from 'vitest';

test('the suite runs with --unhandled-rejections=strict', () => {
  expect(process.execArgv).toContain('--unhandled-rejections=strict');
});
