// Reads a broker list as `bootstrap.servers` and `brokers_add` take it.
// @thread any

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 9092;

/**
 * `[protocol://]host[:port][/path]`, comma separated: port 9092 by default, an empty host is localhost, a path is
 * ignored, IPv6 stands in brackets. Stops at the first entry that it can't read and names it in `bad`.
 */
export function parseBrokerList(list: string): {
  readonly brokers: readonly BrokerAddress[];
  readonly bad: string | null;
} {
  const brokers: BrokerAddress[] = [];
  for (const raw of list.split(',')) {
    const entry = raw.trim();
    if (entry === '') continue;
    const address = parseAddress(entry);
    if (address === null) return { brokers, bad: entry };
    brokers.push(address);
  }
  return { brokers, bad: null };
}

function parseAddress(entry: string): BrokerAddress | null {
  const scheme = entry.indexOf('://');
  if (scheme >= 0 && entry.slice(0, scheme).toLowerCase() !== 'plaintext') return null;
  const rest = (scheme >= 0 ? entry.slice(scheme + 3) : entry).split('/', 1)[0]!;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(rest);
  if (match === null) return null;
  const port = match[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (port < 1 || port > 65535) return null;
  return { host: match[1] ?? (match[2] === '' ? 'localhost' : match[2]!), port };
}
