// The addresses of one host: looked up, kept for a while, tried in turn. @thread main|broker
import { lookup as dnsLookup } from 'node:dns';
import { isIP } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import type { Clock } from '../rd/clock.ts';

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** Gives all addresses of a host name, or an error; like dns.lookup with `all`. Never calls back reentrantly. */
export type Lookup = (
  host: string,
  family: 0 | 4 | 6,
  found: (error: Error | null, list: readonly Address[]) => void,
) => void;

/** The operating system's resolver (getaddrinfo, in Node's thread pool), in the order it answers. */
export const systemLookup: Lookup = (host, family, found) => {
  dnsLookup(host, { all: true, family, verbatim: true }, (error, list) => found(error, list ?? []));
};

/** `broker.address.family` as dns.lookup takes it. */
export const FAMILIES: { readonly any: 0; readonly v4: 4; readonly v6: 6 } = { any: 0, v4: 4, v6: 6 };

/** What went wrong, in the operating system's words; `connection refused` rather than ECONNREFUSED. */
export function reasonOf(error: unknown): string {
  const { code, errno, message } = error as { code?: string; errno?: number; message?: string };
  if (code === 'ENOTFOUND') return 'no such host';
  if (code === 'EAI_AGAIN') return 'temporary failure in name resolution';
  const known = typeof errno === 'number' ? getSystemErrorMap().get(errno) : undefined;
  return known?.[1] ?? message ?? code ?? String(error);
}

/** A list for one host at a time. A new look-up goes on where the last one stopped, if the list is the same. */
export class Addresses {
  private readonly lookup: Lookup;
  private readonly clock: Clock;
  private readonly ttl: number;
  private readonly family: 0 | 4 | 6;
  private host: string;
  private list: readonly Address[];
  private lookedUpAt: number;
  private index: number;
  private untriedCount: number;

  /** @param ttl ms for which a list may be used again. */
  constructor(lookup: Lookup, clock: Clock, ttl: number, family: 0 | 4 | 6) {
    this.lookup = lookup;
    this.clock = clock;
    this.ttl = ttl;
    this.family = family;
    this.host = '';
    this.list = [];
    this.lookedUpAt = 0;
    this.index = 0;
    this.untriedCount = 0;
  }

  /** How many of the list have not been tried since the list came or since `reached`. */
  get untried(): number {
    return this.untriedCount;
  }

  /** The address that was given last works: there is no hurry to try the others. */
  reached(): void {
    this.untriedCount = 0;
  }

  /** Gives the next address to try, at once if it is known; `found` with null tells why there is none. */
  next(host: string, found: (address: Address | null, reason: string) => void): void {
    const literal = isIP(host);
    const fresh = this.untriedCount > 0 || this.lookedUpAt + this.ttl >= this.clock.now();
    if (literal !== 0) this.adopt(host, [{ address: host, family: literal }], found);
    else if (this.host === host && this.list.length > 0 && fresh) this.take(found);
    else this.lookUp(host, found);
  }

  private lookUp(host: string, found: (address: Address | null, reason: string) => void): void {
    this.lookup(host, this.family, (error, list) => {
      if (error !== null || list.length === 0) {
        this.untriedCount = 0;
        found(null, error === null ? 'no address of the wanted family' : reasonOf(error));
      } else this.adopt(host, list, found);
    });
  }

  private adopt(host: string, list: readonly Address[], found: (address: Address, reason: string) => void): void {
    const goesOn = host === this.host && this.index < list.length;
    this.host = host;
    this.list = list;
    this.lookedUpAt = this.clock.now();
    this.untriedCount = list.length;
    if (!goesOn) this.index = 0;
    this.take(found);
  }

  private take(found: (address: Address, reason: string) => void): void {
    const address = this.list[this.index] as Address;
    this.index = (this.index + 1) % this.list.length;
    this.untriedCount = Math.max(0, this.untriedCount - 1);
    found(address, '');
  }
}
