import { expect, test } from 'vitest';
import { RD_KAFKA_RESP_ERR__UNKNOWN_BROKER } from '../../../../src/defs/enums.ts';
import { remedyOf } from '../../../../src/main/group/errors.ts';

test('a coordinator that metadata no longer knows is looked for anew', () => {
  expect(remedyOf(RD_KAFKA_RESP_ERR__UNKNOWN_BROKER)).toBe('coordinator');
});
