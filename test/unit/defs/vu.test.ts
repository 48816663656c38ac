import { expect, test } from 'vitest';
import * as vu from '../../../src/defs/vu.ts';

test('a tag says its type and holds what it was given', () => {
  const bytes = new Uint8Array(1);

  expect(vu.RD_KAFKA_V_TOPIC('t')).toMatchObject({ vtype: 1, value: 't' });
  expect(vu.RD_KAFKA_V_PARTITION(3)).toMatchObject({ vtype: 3, value: 3 });
  expect(vu.RD_KAFKA_V_VALUE(bytes).value).toBe(bytes);
  expect(vu.RD_KAFKA_V_KEY(null)).toMatchObject({ vtype: 5, value: null });
  expect(vu.RD_KAFKA_V_MSGFLAGS(4)).toMatchObject({ vtype: 7, value: 4 });
  expect(vu.RD_KAFKA_V_TIMESTAMP(9)).toMatchObject({ vtype: 8, value: 9 });
  expect(vu.RD_KAFKA_V_HEADER('h', 'v')).toMatchObject({ vtype: 9, name: 'h', value: 'v' });
});
