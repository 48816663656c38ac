// The canonical names of a host, one for each of its addresses: what Kerberos wants (client.dns.lookup). @thread main
import { lookupService } from 'node:dns';
import { FAMILIES, type Lookup, systemLookup } from './addresses.ts';

/** Gives the name of an address, or null where it has none; like dns.lookupService. Never calls back reentrantly. */
export type ReverseLookup = (address: string, found: (name: string | null) => void) => void;

/** The operating system's resolver (getnameinfo, in Node's thread pool). */
const systemReverseLookup: ReverseLookup = (address, found) => {
  lookupService(address, 0, (error, name) => found(error === null ? name : null));
};

/**
 * Looks up all addresses of `host` and the name of each, in their order and each once; an address without a name stands
 * for itself. `found` with an error where there is no address.
 */
export function canonicalNames(
  host: string,
  family: keyof typeof FAMILIES,
  found: (error: Error | null, names: readonly string[]) => void,
  lookup: Lookup = systemLookup,
  reverse: ReverseLookup = systemReverseLookup,
): void {
  lookup(host, FAMILIES[family], (error, list) => {
    if (error !== null || list.length === 0) {
      found(error ?? new Error('no address of the wanted family'), []);
      return;
    }
    const names: string[] = [];
    let open = list.length;
    list.forEach(({ address }, i) => {
      reverse(address, (name) => {
        names[i] = name ?? address;
        if (--open === 0) found(null, [...new Set(names)]);
      });
    });
  });
}
