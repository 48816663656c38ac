// Ports for servers that have to be told theirs. @thread any
import { createServer } from 'node:net';

const SHARE = 400;

/**
 * Two ports that nobody has, one behind the other, outside the range that the system hands out by itself. Test files that
 * run at the same time have a share of the range each.
 */
export async function twoPorts(): Promise<number> {
  const from = 20_000 + SHARE * (Number(process.env['VITEST_POOL_ID'] ?? 0) % 25);
  for (;;) {
    const port = from + Math.floor(Math.random() * (SHARE - 1));
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
