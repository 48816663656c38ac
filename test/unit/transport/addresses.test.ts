import { expect, test } from 'vitest';
import { hostPort } from '../../../src/rd/host_port.ts';
import { Addresses, type Lookup, reasonOf } from '../../../src/transport/addresses.ts';
import { FakeClock } from '../../kit/fake_clock.ts';

/** Addresses of a name that stands for `list`; the number of look-ups. */
function someAddresses(ttl: number, list: string[]) {
  const clock = new FakeClock();
  const count = { lookups: 0, family: -1 };
  const lookup: Lookup = (_host, family, found) => {
    count.lookups++;
    count.family = family;
    found(
      null,
      list.map((address) => ({ address, family: 4 })),
    );
  };
  const addresses = new Addresses(lookup, clock, ttl, 4);
  const next = (host = 'kafka') => {
    let got = '';
    addresses.next(host, (address) => {
      got = address?.address ?? 'none';
    });
    return got;
  };
  return { addresses, next, clock, count };
}

test('a list is used again for broker.address.ttl ms, and until each address has been tried', () => {
  const { next, clock, count } = someAddresses(1000, ['a', 'b']);
  const got = [next()];

  clock.advance(5000);
  got.push(next());
  clock.advance(1001);
  got.push(next(), next(), next());

  expect(got).toEqual(['a', 'b', 'a', 'b', 'a']);
  expect(count.lookups).toBe(2);
});

test('a new list goes on where the old one stopped', () => {
  const { addresses, next, clock } = someAddresses(1000, ['a', 'b', 'c']);
  next();
  addresses.reached();

  clock.advance(5000);

  expect(next()).toBe('b');
});

test('an address needs no look-up, a wish for a family goes to the resolver', () => {
  const { next, count } = someAddresses(1000, []);

  const got = [next('10.0.0.1'), next('::1'), next('kafka')];

  expect(got).toEqual(['10.0.0.1', '::1', 'none']);
  expect(count).toEqual({ lookups: 1, family: 4 });
});

test('errors are told in words', () => {
  const reasons = [{ errno: -111, code: 'ECONNREFUSED' }, { code: 'EAI_AGAIN' }, new Error('odd')].map(reasonOf);

  expect(reasons).toEqual(['connection refused', 'temporary failure in name resolution', 'odd']);
});

test('an IPv6 address stands in brackets before its port', () => {
  expect([hostPort('::1', 9), hostPort('kafka', 9)]).toEqual(['[::1]:9', 'kafka:9']);
});
