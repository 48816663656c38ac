// The servers to begin with: `bootstrap.servers` and what brokers_add added, by their canonical names where
// `client.dns.lookup` wants that.
// @thread main

import type { Settings } from '../conf/settings_type.ts';
import { parseBrokerList } from '../defs/broker_list.ts';
import { hostPort } from '../rd/host_port.ts';
import { canonicalNames, reasonOf } from '../wire/canonical.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Names to use in place of `host`, never told from inside the call; with an error where there are none. */
export type Canonical = (host: string, found: (error: string | null, names: readonly string[]) => void) => void;

/** By `client.dns.lookup`. */
export function canonicalBy(settings: Settings): Canonical | null {
  if (settings['client.dns.lookup'] !== 'resolve_canonical_bootstrap_servers_only') return null;
  return (host, found) =>
    canonicalNames(host, settings['broker.address.family'], (error, names) =>
      found(error === null ? null : reasonOf(error), names),
    );
}

export interface BootstrapEnv {
  /** Of `bootstrap.servers`; null: they are used as they stand. */
  readonly canonical: Canonical | null;
  log(level: number, fac: string, text: string): void;
  /** There is a server more to try. */
  resolved(): void;
}

interface Entry extends Address {
  readonly canonical: Canonical | null;
  /** What `host` stands for; empty while that is looked up for the first time. */
  names: readonly string[];
}

const WARNING = 4;

export class Bootstrap {
  private readonly env: BootstrapEnv;
  private readonly entries: Map<string, Entry>;

  constructor(env: BootstrapEnv) {
    this.env = env;
    this.entries = new Map();
  }

  /** Some server was named, though its names may still be looked up. */
  get any(): boolean {
    return this.entries.size > 0;
  }

  /** Adds servers, up to the first that can't be read. `property`: they are those of `bootstrap.servers`. */
  add(list: string, property: boolean): void {
    const { brokers, bad } = parseBrokerList(list);
    if (bad !== null) this.env.log(WARNING, 'BROKER', badBroker(bad));
    for (const { host, port } of brokers) {
      const canonical = property ? this.env.canonical : null;
      const entry: Entry = { host, port, canonical, names: canonical === null ? [host] : [] };
      this.entries.set(hostPort(host, port), entry);
      this.lookUp(entry);
    }
  }

  addresses(): Address[] {
    return [...this.entries.values()].flatMap(({ names, port }) => names.map((host) => ({ host, port })));
  }

  /** Names may stand for other hosts by now. */
  lookUpAgain(): void {
    for (const entry of this.entries.values()) this.lookUp(entry);
  }

  private lookUp(entry: Entry): void {
    entry.canonical?.(entry.host, (error, names) => {
      if (error !== null) this.env.log(WARNING, 'BROKER', `Failed to resolve '${entry.host}': ${error}`);
      else entry.names = names;
      // Its own name at least is tried again at each connection.
      if (entry.names.length === 0) entry.names = [entry.host];
      this.env.resolved();
    });
  }
}

function badBroker(entry: string): string {
  const scheme = /^([^/:]*):\/\//.exec(entry)?.[1]?.toLowerCase();
  const why =
    scheme === undefined || scheme === 'plaintext'
      ? 'is no host[:port]'
      : 'names another protocol than security.protocol';
  return `broker list: ${JSON.stringify(entry)} ${why}: it and what follows it are left out`;
}
