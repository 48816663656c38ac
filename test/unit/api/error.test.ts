import { constants } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as api from '../../../src/api/error.ts';
import { nextInstance, registry, setLastError } from '../../../src/app/registry.ts';
import { out } from '../../../src/defs/out.ts';
import type { rd_kafka_err_desc } from '../../../src/defs/types.ts';

afterEach(() => setLastError(0));

describe('codes', () => {
  test('err2str and err2name answer for known and unknown codes', () => {
    expect(api.err2name(-184)).toBe('_QUEUE_FULL');
    expect(api.err2str(-184)).toBe('Local: No room in the queue');
    expect(api.err2name(9999)).toBe('ERR_9999?');
    expect(api.err2str(9999)).toBe('Err-9999?');
  });

  test('a code that is no int32 is misuse', () => {
    expect(() => api.err2str(Number.NaN)).toThrow(RangeError);
    expect(() => api.err2name('x' as never)).toThrow('err2name: err must be a number, not a string');
  });

  test('get_err_descs gives every code that has a name', () => {
    const descs = out<rd_kafka_err_desc[]>();

    api.get_err_descs(descs);

    expect(descs.value).toHaveLength(188);
    expect(descs.value.find(({ code }) => code === 0)).toEqual({ code: 0, name: 'NO_ERROR', desc: 'Success' });
    expect(() => api.get_err_descs(null)).not.toThrow();
  });

  test.each([
    ['EINVAL', -186],
    ['EBUSY', -173],
    ['ENOENT', -188],
    ['ESRCH', -190],
    ['ETIMEDOUT', -185],
    ['EMSGSIZE', 10],
    ['ENOBUFS', -184],
    ['ECANCELED', -150],
    ['EPERM', -196],
  ] as const)('errno %s is code %d', (name, code) => {
    expect(api.errno2err(constants.errno[name])).toBe(code);
  });
});

describe('the last error', () => {
  test('is what was set last, with its errno', () => {
    setLastError(-184, constants.errno.ENOBUFS);

    expect([api.last_error(), api.errno()]).toEqual([-184, constants.errno.ENOBUFS]);
  });

  test('is the same in every copy of the library', async () => {
    vi.resetModules();
    const copy = await import('../../../src/app/registry.ts');
    expect(copy.setLastError).not.toBe(setLastError);

    copy.setLastError(-186);

    expect(api.last_error()).toBe(-186);
    expect(copy.registry()).toBe(registry());
    expect(copy.nextInstance()).toBe(nextInstance() - 1);
  });
});

describe('error objects', () => {
  test('an own error has its code, name and text and no flags', () => {
    const error = api.error_new(-172, 'not now');

    expect(api.error_code(error)).toBe(-172);
    expect(api.error_name(error)).toBe('_STATE');
    expect(api.error_string(error)).toBe('not now');
    expect([api.error_is_fatal(error), api.error_is_retriable(error), api.error_txn_requires_abort(error)]).toEqual([
      0, 0, 0,
    ]);
  });

  test('an empty text stands for the code', () => {
    expect(api.error_string(api.error_new(-172, ''))).toBe(api.err2str(-172));
  });

  test('null is no error', () => {
    expect([api.error_code(null), api.error_name(null), api.error_string(null)]).toEqual([0, '', '']);
    expect([api.error_is_fatal(null), api.error_is_retriable(null), api.error_txn_requires_abort(null)]).toEqual([
      0, 0, 0,
    ]);
    expect(() => api.error_destroy(null)).not.toThrow();
  });

  test('it can be thrown', () => {
    expect(() => {
      throw api.error_new(-172, 'x');
    }).toThrow(Error);
  });

  test('a destroyed one refuses to be read or destroyed again, but for dispose', () => {
    const error = api.error_new(-172, 'x');
    api.error_destroy(error);

    for (const call of [api.error_code, api.error_string, api.error_destroy]) {
      expect(() => call(error)).toThrow(expect.objectContaining({ code: 'ERR_RDKAFKA_DESTROYED' }));
    }
    expect(() => error[Symbol.dispose]()).not.toThrow();
  });

  test('another error is none of ours', () => {
    expect(() => api.error_code(new Error('x') as never)).toThrow(
      'error_code: error must be a rd_kafka_error_t, not an object',
    );
  });
});
