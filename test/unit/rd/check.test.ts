import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import * as check from '../../../src/rd/check.ts';

function thrownBy(call: () => unknown): Error & { code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error('did not throw');
}

describe('strings', () => {
  test('a wrong type is a TypeError that names function and parameter', () => {
    const error = thrownBy(() => check.checkString('conf_set', 'name', undefined));

    expect(error.name).toBe('TypeError');
    expect(error.message).toBe('conf_set: name must be a string, not undefined');
  });

  test('a NUL inside is refused', () => {
    expect(() => check.checkString('f', 'p', 'a\0b')).toThrow(/^f: p .* without a NUL/);
    expect(() => check.checkStringOrNull('f', 'p', '\0')).toThrow(TypeError);
  });

  test('null stands for null where C takes it', () => {
    expect(check.checkStringOrNull('f', 'p', null)).toBeNull();
    expect(check.checkStringOrNull('f', 'p', 'x')).toBe('x');
    expect(() => check.checkStringOrNull('f', 'p', 1)).toThrow('f: p must be a string or null, not the number 1');
  });
});

describe('numbers', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53])(
    '%d is no int32: RangeError',
    (value) => {
      expect(thrownBy(() => check.checkInt32('poll', 'timeout_ms', value)).name).toBe('RangeError');
    },
  );

  test.each([-(2 ** 31), -1, 0, 2 ** 31 - 1])('%d is an int32', (value) => {
    expect(check.checkInt32('f', 'p', value)).toBe(value);
  });

  test.each(['1', null, undefined, true, 1n, {}])('%s is no number: TypeError', (value) => {
    expect(thrownBy(() => check.checkInt32('f', 'p', value)).name).toBe('TypeError');
  });

  test('an int64 ends where numbers stop being exact', () => {
    expect(check.checkInt64('f', 'p', Number.MAX_SAFE_INTEGER)).toBe(2 ** 53 - 1);
    expect(thrownBy(() => check.checkInt64('f', 'p', 2 ** 53)).name).toBe('RangeError');
    expect(thrownBy(() => check.checkInt64('f', 'p', -(2 ** 53))).name).toBe('RangeError');
  });

  test('a size is not negative', () => {
    expect(thrownBy(() => check.checkSize('f', 'p', -1)).message).toContain('f: p must be within 0 and');
  });

  test('yes and no are booleans or numbers', () => {
    expect([true, false, 1, 0, -1].map((value) => check.checkYesNo('f', 'p', value))).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    expect(thrownBy(() => check.checkYesNo('f', 'p', 'yes')).name).toBe('TypeError');
    expect(thrownBy(() => check.checkYesNo('f', 'p', Number.NaN)).name).toBe('RangeError');
  });
});

describe('functions, bytes, out-parameters', () => {
  test('a function may come from another realm', () => {
    expect(check.checkFunction('f', 'p', runInNewContext('() => 1') as () => number)()).toBe(1);
    expect(() => check.checkFunction('f', 'p', {} as never)).toThrow('f: p must be a function, not an object');
    expect(check.checkFunctionOrNull('f', 'p', null)).toBeNull();
  });

  test('bytes are a Uint8Array of any realm, a string as UTF-8, or null', () => {
    expect(check.checkBytes('f', 'p', 'é')).toEqual(Buffer.from([0xc3, 0xa9]));
    expect(check.checkBytes('f', 'p', null)).toBeNull();
    expect(check.checkBytes('f', 'p', runInNewContext('new Uint8Array([7])'))?.[0]).toBe(7);
  });

  test.each([1, true, {}, [1], new Uint16Array(1), new ArrayBuffer(1), new DataView(new ArrayBuffer(1))])(
    '%o is no bytes',
    (value) => {
      expect(thrownBy(() => check.checkBytes('f', 'p', value)).name).toBe('TypeError');
    },
  );

  test('anything with a value is an out-parameter', () => {
    const out = { value: 1 };

    expect(check.checkOut('f', 'p', out)).toBe(out);
    expect(check.checkOut('f', 'p', null)).toBeNull();
    expect(() => check.checkOut('f', 'p', 5 as never)).toThrow(
      'f: p must be an object { value } or null, not the number 5',
    );
  });
});

describe('objects of the library', () => {
  class Thing {
    [check.GONE] = '';
    get '~type'(): string {
      return 'rd_kafka_thing_t';
    }
  }

  test('a living object of the brand passes, whatever class it is of', () => {
    const thing = new Thing();

    expect(check.checkBrand('f', 'p', thing, 'rd_kafka_thing_t')).toBe(thing);
  });

  test('another brand, a plain object and a structured clone are refused', () => {
    expect(() => check.checkBrand('f', 'p', new Thing(), 'rd_kafka_conf_t')).toThrow(
      'f: p must be a rd_kafka_conf_t, not a rd_kafka_thing_t',
    );
    expect(() => check.checkBrand('f', 'p', {}, 'rd_kafka_thing_t')).toThrow(TypeError);
    expect(() => check.checkBrand('f', 'p', structuredClone(new Thing()), 'rd_kafka_thing_t')).toThrow(TypeError);
  });

  test('a destroyed one is refused with a code of its own', () => {
    const thing = new Thing();
    thing[check.GONE] = 'has been destroyed';

    const error = thrownBy(() => check.checkBrand('poll', 'rk', thing, 'rd_kafka_thing_t'));

    expect(error.name).toBe('TypeError');
    expect(error.code).toBe('ERR_RDKAFKA_DESTROYED');
    expect(error.message).toBe('poll: rk has been destroyed');
  });

  test('the text of an error never calls into the value', () => {
    const hostile = {
      toString(): string {
        throw new Error('called');
      },
    };

    expect(thrownBy(() => check.checkString('f', 'p', hostile)).message).toBe('f: p must be a string, not an object');
  });
});
