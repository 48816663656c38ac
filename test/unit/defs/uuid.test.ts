import { expect, test } from 'vitest';
import { Uuid, uuidFromBase64 } from '../../../src/defs/uuid.ts';

test('a uuid prints as Kafka prints it and is read back', () => {
  const uuid = new Uuid(-2n, 1n);

  expect(uuid.base64()).toHaveLength(22);
  expect(uuidFromBase64(uuid.base64())).toMatchObject({ most: -2n, least: 1n });
});

test('zero is 22 times A', () => {
  expect(new Uuid(0n, 0n).base64()).toBe('A'.repeat(22));
});

test.each(['', 'A', 'A'.repeat(23), `${'A'.repeat(21)}!`])('%j is no uuid', (text) => {
  expect(uuidFromBase64(text)).toBeNull();
});
