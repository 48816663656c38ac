import { expect, test } from 'vitest';
import type { Lookup } from '../../../src/transport/addresses.ts';
import { canonicalNames, type ReverseLookup } from '../../../src/transport/canonical.ts';

const addresses =
  (...list: readonly string[]): Lookup =>
  (_host, _family, found) =>
    setImmediate(() =>
      found(
        null,
        list.map((address) => ({ address, family: 4 })),
      ),
    );

const names =
  (known: Readonly<Record<string, string>>): ReverseLookup =>
  (address, found) =>
    setImmediate(() => found(known[address] ?? null));

function ask(lookup: Lookup, reverse: ReverseLookup): Promise<{ error: Error | null; names: readonly string[] }> {
  return new Promise((resolve) => {
    canonicalNames('host', 'any', (error, list) => resolve({ error, names: list }), lookup, reverse);
  });
}

test('a host stands for the names of its addresses, each once and in their order', async () => {
  const known = { '10.0.0.1': 'b.example', '10.0.0.2': 'a.example', '10.0.0.3': 'b.example' };

  const found = await ask(addresses('10.0.0.1', '10.0.0.2', '10.0.0.3'), names(known));

  expect(found).toEqual({ error: null, names: ['b.example', 'a.example'] });
});

test('an address without a name stands for itself', async () => {
  const found = await ask(addresses('10.0.0.1', '10.0.0.2'), names({ '10.0.0.2': 'a.example' }));

  expect(found.names).toEqual(['10.0.0.1', 'a.example']);
});

test('names are told when the last one is known, whatever the order of the answers', async () => {
  const late: (() => void)[] = [];
  const reverse: ReverseLookup = (address, found) => {
    late.push(() => found(`name of ${address}`));
    if (late.length === 2) for (const answer of late.reverse()) answer();
  };

  const found = await ask(addresses('1', '2'), reverse);

  expect(found.names).toEqual(['name of 1', 'name of 2']);
});

test('a host without an address is an error', async () => {
  const failing: Lookup = (_host, _family, found) => setImmediate(() => found(new Error('no such host'), []));

  expect((await ask(failing, names({}))).error?.message).toBe('no such host');
  expect((await ask(addresses(), names({}))).error?.message).toContain('no address');
});
